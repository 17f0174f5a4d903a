"""Every action that the code records has German words, and every value of the log can be read."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from knowledge import snapshots
from onboarding import audit_words
from tenants.models import AuditEntry
from tests.test_house import PACKAGES, folder


def modules() -> Iterator[Path]:
    """Every Python file that writes to the log."""
    for package in PACKAGES:
        for path in sorted(folder(package).rglob("*.py")):
            if "audit" in path.read_text(encoding="utf-8") and path.name != "audit.py":
                yield path


def named(tree: ast.Module) -> dict[str, int]:
    """The functions of a module that take the name of an action, with its position."""
    found = {"audit.record": 0}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("_"):
            names = [argument.arg for argument in node.args.args]
            if word := next((word for word in ("name", "action") if word in names), None):
                found[node.name] = names.index(word)
    return found


def constants(node: ast.expr) -> Iterator[str]:
    """The texts that an argument may be."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
        yield node.value
    if isinstance(node, ast.IfExp):
        yield from constants(node.body)
        yield from constants(node.orelse)


def recorded() -> set[str]:
    """The actions in the code."""
    found = {
        f"save_{model._meta.model_name}" for model in snapshots.MODELS.values()
    }  # knowledge.actions makes the name
    for path in modules():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        takers = named(tree)
        for node in ast.walk(tree):
            place = takers.get(ast.unparse(node.func)) if isinstance(node, ast.Call) else None
            if place is not None and len(node.args) > place:
                found |= set(constants(node.args[place]))
    return found


def test_the_search_finds_what_is_passed_on():
    assert {
        "set_state",
        "publish",
        "save_contact",
        "claim_call",
        "add_source",
        "rotate_token",
        "take_gap",
    } <= recorded()
    assert {"change_texts", "discard_changes", "close_call", "invite", "import_entries"} <= recorded()


def test_every_action_has_words_and_no_word_is_left_over():
    assert recorded() == audit_words.ACTIONS.keys()


@pytest.mark.parametrize(
    ("kind", "name", "label"),
    [
        ("article", "short_answer", "Kurz gesagt"),
        ("person", "title", "Name"),
        ("department", "parent", "Gehört zu"),
        ("municipality", "greeting", "Begrüßung"),
        ("municipality", "status", "Stand"),
        ("municipality", "state", "Land"),
        ("call", "state", "Stand"),
        ("specialday", "day", "Tag"),
        ("invitation", "expires_at", "Gilt bis"),
        ("gap", "answer_note", "Antwort an das Servicecenter"),
        ("import", "left_out", "Ausgelassen"),
        ("nothing", "unheard_of", "unheard_of"),
    ],
)
def test_fields_have_the_names_of_the_pages(kind, name, label):
    assert audit_words.field_label(kind, name) == label


@pytest.mark.parametrize(
    ("kind", "name", "value", "text"),
    [
        ("municipality", "status", "joining", "Beitritt"),
        ("municipality", "inhabitants", 48543, "48.543"),
        ("municipality", "hours", {"0": [["08:00", "12:00"], ["13:00", "17:00"]]}, "Montag: 08:00–12:00, 13:00–17:00"),
        ("municipality", "numbers", ["+492921103"], "02921 103"),
        ("municipality", "situation_since", "2026-11-25T08:05:00+00:00", "25.11.2026, 09:05"),
        ("numberprefix", "prefix", "+492921103", "02921 103"),
        ("membership", "role", "tenant_admin", "Mandanten-Admin"),
        ("call", "agent_id", 12345, "12345"),
        ("article", "changed", ["costs", "body"], "Kosten, Einzelheiten"),
        ("article", "links", [{"label": "Amt", "url": "https://example.org"}], "Amt: https://example.org"),
        ("article", "review_at", "2027-11-25", "25.11.2027"),
        ("article", "title", "2026-99-99", "2026-99-99"),
        ("article", "synonyms", [], ""),
        ("person", "is_active", False, "nein"),
        ("article", "body", "x" * 500, "x" * 159 + "…"),
        ("article", "costs", None, ""),
    ],
)
def test_values_are_written_as_people_do(kind, name, value, text):
    assert audit_words.value_text(kind, name, value) == text


def test_an_entry_in_words():
    entry = AuditEntry(
        action="change_texts",
        object_kind="municipality",
        object_id="1",
        object_label="Stadt Soest",
        before={"greeting": "Guten Tag.", "emergency": ""},
        after={"greeting": "Hallo.", "emergency": ""},
    )
    shown = audit_words.told(entry)
    assert (shown.action, shown.subject) == ("Begrüßung oder Texte geändert", "Stadt Soest")
    assert shown.changes == [audit_words.Change("Begrüßung", "Guten Tag.", "Hallo.")]
    number = AuditEntry(action="confirm_number", object_kind="numberprefix", object_id="7", object_label="+492921103")
    assert audit_words.told(number) == audit_words.Told("Rufnummer bestätigt", "02921 103", [])
