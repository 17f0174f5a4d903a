"""Every action leaves a row in the log: read from the code, so that a new one cannot forget it."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.test_house import PACKAGES, sources

# What somebody does and yet writes no row, with the reason.
SILENT = {
    "knowledge.wait_for_turn": "takes a lock, writes nothing",
    "knowledge.mark_gap_seen": "the row's own `seen_at` says who and when",
    "telephony_bridge.end_commands": "the bridge says what became of a wish; whose it was is recorded when it is made",
    "telephony_bridge.heartbeat": "an open page every ten seconds; what it changes is told to the desks",
    "telephony_bridge.heartbeats": "the same for all open pages",
    "telephony_bridge.expire_presences": "a page that is gone is no deed; what it changes is told to the desks",
    "telephony_bridge.end_write_ups": "a time that is over is no deed; what it changes is told to the desks",
    "telephony_bridge.not_taken_over": "the bridge says what became of a wish; whose it was is recorded when it is made",
    "telephony_bridge.receive": "an exchange reports; each report is kept as it came (CtiEvent)",
    "telephony_bridge.save_wrap_up": "a draft every few seconds; close_call records",
}


def actions() -> Iterator[tuple[str, Path]]:
    """Modules of actions, with their package."""
    for package in PACKAGES:
        yield from (
            (package, path)
            for path in sources(package)
            if path.stem.endswith("actions") or path.parent.name == "actions"
        )


def functions(path: Path) -> dict[str, ast.FunctionDef]:
    """The functions at the top of a module."""
    return {
        node.name: node
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef)
    }


def called(function: ast.FunctionDef) -> set[str]:
    """The functions that a function calls, or gives to another that calls it (as `_name`), by their last name."""
    calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
    given = {one.id for node in calls for one in node.args if isinstance(one, ast.Name) and one.id.startswith("_")}
    return given | {ast.unparse(node.func).rsplit(".", 1)[-1] for node in calls}


@cache
def writers() -> set[str]:
    """The names of all functions that write a row, by themselves or by what they call: in actions, and where else the log is written."""
    elsewhere = (
        path for package in PACKAGES for path in sources(package) if "audit.record" in path.read_text(encoding="utf-8")
    )
    looked_at = {path for _package, path in actions()}.union(elsewhere)
    reached: defaultdict[str, set[str]] = defaultdict(set)  # two modules may call their helpers the same
    for path in looked_at:
        for name, node in functions(path).items():
            reached[name] |= called(node)
    writing = {"record"}
    while more := {name for name, calls in reached.items() if calls & writing} - writing:
        writing |= more
    return writing


def acting() -> Iterator[tuple[str, str]]:
    """(package, name) of every public action: a function that is told who acts."""
    for package, path in actions():
        for name, node in functions(path).items():
            if not name.startswith("_") and "acting_user" in {argument.arg for argument in node.args.kwonlyargs}:
                yield package, name


def test_it_is_told_apart_who_writes() -> None:
    assert {"publish", "set_state", "claim_call", "invite", "change_texts"} <= writers()
    assert not {"own_municipality_id", "wait_for_turn", "heartbeat"} & writers()


@pytest.mark.parametrize("action", [f"{package}.{name}" for package, name in acting()])
def test_every_action_leaves_a_row(action: str) -> None:
    assert (action.split(".")[1] in writers()) is (action not in SILENT)


def test_no_exception_is_left_over() -> None:
    assert SILENT.keys() <= {f"{package}.{name}" for package, name in acting()}
