"""Import and export of entries: every bad line is named, nothing of a bad file is kept, twice is once."""

import json
import re

import pytest
from click.testing import CliRunner
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge import demo
from knowledge.models import Article, Contact, Department, Publication, Version
from knowledge.pool.models import SearchEntry
from onboarding import entry_lines
from onboarding.cli import export, import_
from onboarding.imports import Options, export_entries, import_entries
from tenants import scope
from tenants.audit import SYSTEM
from tenants.errors import Refusal
from tenants.models import AuditEntry, OutboxEntry


def lines(*objects):
    return [json.dumps(each, ensure_ascii=False).encode() + b"\n" for each in objects]


def entry(key="a", **more):
    return {"id": key, "kind": "article", "title": "Titel", **more}


def inside(municipality):
    return scope.municipality(municipality.schema_name)


def load(municipality, source, **options):
    return import_entries(municipality, source, acting_user=SYSTEM, options=Options(**options))


def test_entries_of_three_kinds_find_each_other_in_any_order(soest):
    source = lines(
        entry(
            "hund",
            contacts=["soest:anna"],
            short_answer="Binnen zwei Wochen.",
            valid_to="2030-01-31",
            synonyms=["Hund", " Hund ", ""],
        ),
        {
            "id": "soest:anna",
            "kind": "person",
            "title": "Anna Berg",
            "dept": "steueramt",
            "function": "Steuern",
            "ext": "1243",
        },
        {"id": "ben", "kind": "person", "title": "Ben Kurz", "dept": "Gibt es nicht"},
        {"id": "d_low", "kind": "department", "title": "Steueramt", "parent": "d_top"},
        {"id": "d_top", "kind": "department", "title": "Finanzen"},
    )
    report = load(soest, source, publish=True)
    assert (report.created, report.published, report.bad, report.written) == (5, 5, [], True)
    with inside(soest), transaction.atomic():
        anna, ben = Contact.objects.order_by("key")
        assert (anna.department.title, anna.dept, anna.department.parent.title) == ("Steueramt", "", "Finanzen")
        assert (ben.department, ben.dept) == (None, "Gibt es nicht")
        hund = Article.objects.get()
        assert (list(hund.contacts.all()), hund.synonyms, str(hund.valid_to)) == ([anna], ["Hund"], "2030-01-31")
        assert [v.number for v in Version.objects.all()] == [1] * 5
        assert AuditEntry.objects.get(action="import_entries").after["created"] == 5
    again = load(soest, source, publish=True)
    assert (again.created, again.changed, again.unchanged, again.published) == (0, 0, 5, 0)


def test_the_same_file_twice_changes_nothing(soest):
    source = demo.lines_of("soest")[::3]  # of all kinds
    first = load(soest, source, publish=True)
    assert (first.lines, first.created, first.published) == (108, 108, 108)
    assert first.ignored == {"tenant": 108}

    def everything():
        with inside(soest), transaction.atomic():
            kept = [
                list(model.objects.order_by("pk").values())
                for model in (Article, Contact, Department, Version, Publication)
            ]
            return kept, OutboxEntry.objects.filter(stream__startswith="m:").count()

    before = everything()
    again = load(soest, source, publish=True)
    assert (again.created, again.changed, again.unchanged, again.published) == (0, 0, 108, 0)
    assert everything() == before


def test_what_a_line_does_not_mention_stays_and_what_it_mentions_changes(soest, people):
    load(soest, lines(entry(costs="12 Euro", body="alt", synonyms=["x"])), publish=True)
    report = load(soest, lines(entry(body="neu", group=None)))
    assert (report.changed, report.published) == (1, 0)
    with inside(soest), transaction.atomic():
        article = Article.objects.get()
        assert (article.costs, article.body, article.synonyms, article.has_changes) == ("12 Euro", "neu", ["x"], True)
        assert SearchEntry.objects.get().payload["body"] == "alt"


GOOD = json.dumps(entry("good")).encode()
BAD = {
    b"{": "JSON",
    b"[]": "Objekt",
    b"null": "Objekt",
    b"\xff\xfe\xff": "UTF-8",
    '{"id": "ü", "kind": "article", "title": "T"}'.encode("latin-1"): "UTF-8",
    b'{"kind": "article", "title": "T"}': "id",
    b'{"id": 5, "kind": "article", "title": "T"}': "id",
    b'{"id": "", "kind": "article", "title": "T"}': "id",
    b'{"id": "a b", "kind": "article", "title": "T"}': "Kennung",
    b'{"id": "soest:", "kind": "article", "title": "T"}': "Kennung|id",
    b'{"id": "kreis:x", "kind": "article", "title": "T"}': "kreis",
    b'{"id": "x", "title": "T"}': "kind",
    b'{"id": "x", "kind": "page", "title": "T"}': "kind",
    b'{"id": "x", "kind": ["article"], "title": "T"}': "kind",
    b'{"id": "x", "kind": "article"}': "title",
    b'{"id": "x", "kind": "article", "title": "  "}': "title",
    b'{"id": "x", "kind": "article", "title": 1}': "title",
    b'{"id": "x", "kind": "article", "title": "T", "body": {}}': "body",
    b'{"id": "x", "kind": "article", "title": "T", "synonyms": "y"}': "synonyms",
    b'{"id": "x", "kind": "article", "title": "T", "synonyms": [1]}': "synonyms",
    b'{"id": "x", "kind": "article", "title": "T", "contacts": ["nobody"]}': "nobody",
    b'{"id": "x", "kind": "article", "title": "T", "valid_to": "31.12.2026"}': "valid_to",
    b'{"id": "x", "kind": "article", "title": "T", "links": [{"label": "a", "url": "javascript:x"}]}': "https",
    b'{"id": "x", "kind": "person", "title": "T", "email": "keine"}': "E-Mail",
    b'{"id": "x", "kind": "person", "title": "T", "ext": 4711}': "ext",
    b'{"id": "x", "kind": "person", "title": "T", "ext": "1234567890123"}': "Durchwahl",
    b'{"id": "x", "kind": "department", "title": "T", "parent": "x"}': "unter sich selbst",
    b'{"id": "x", "kind": "department", "title": "T", "parent": "nowhere"}': "nowhere",
    b'{"id": "x", "kind": "article", "title": "%s"}' % (b"x" * 201): "Titel",
    b'{"id": "x", "kind": "article", "title": "a\\u0000b"}': "Steuerzeichen",
    b'{"id": "x", "kind": "article", "title": "a\\ud800b"}': "Steuerzeichen",
    b'{"id": "good", "kind": "article", "title": "T"}': "Zeile 1",
    b'{"id": "soest:good", "kind": "person", "title": "T"}': "Zeile 1",
    b"1" * 5000: "JSON",
    b"[" * 100_000: "JSON",
    b'{"id": "x", "kind": "article", "title": "T", "body": "%s"}' % (b"x" * 1_000_001): "kB",
}


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad[:60].decode("latin-1"))
def test_every_bad_line_is_named_and_nothing_is_kept(soest, bad):
    report = load(soest, [GOOD, b"\r\n", bad], publish=True)
    assert [(line.number, report.written) for line in report.bad] == [(3, False)]
    assert re.search(BAD[bad], report.bad[0].reason), report.bad[0].reason
    with inside(soest), transaction.atomic():
        assert not Article.objects.exists()
        assert not SearchEntry.objects.exists()
    rest = load(soest, [GOOD, b"\r\n", bad], publish=True, skip_bad=True)
    assert [line.number for line in rest.bad] == [3]
    with inside(soest), transaction.atomic():
        assert Article.objects.get().key == "good"
        assert SearchEntry.objects.filter(kind="article").count() == 1


@pytest.mark.parametrize("dry_run", [False, True])
def test_of_a_refused_file_nothing_counts(soest, tmp_path, dry_run):
    report = load(soest, [GOOD, b"\n", b"{"], publish=True, dry_run=dry_run)
    assert (report.lines, report.created, report.changed, report.unchanged, report.published) == (2, 0, 0, 0, 0)
    file = tmp_path / "entries.jsonl"
    file.write_bytes(GOOD + b"\n{")
    said = run(import_, "entries", "soest", str(file), *(["--dry-run"] if dry_run else []))
    assert "0 neu, 0 geändert, 0 unverändert, 0 veröffentlicht" in said.stdout


def test_a_department_whose_parent_is_missing_is_left_out_as_a_whole(soest):
    """And so is what lies below it; who works there keeps the department's name as a word."""
    source = lines(
        {"id": "d_low", "kind": "department", "title": "Hundesteuer", "parent": "d_mid"},
        {"id": "d_mid", "kind": "department", "title": "Steueramt", "parent": "d_gone"},
        {"id": "d_top", "kind": "department", "title": "Finanzen"},
        {"id": "anna", "kind": "person", "title": "Anna Berg", "dept": "Steueramt"},
    )
    steps = []
    options = Options(publish=True, skip_bad=True)
    report = import_entries(
        soest, source, acting_user=SYSTEM, options=options, progress=lambda *step: steps.append(step)
    )
    assert [line.number for line in report.bad] == [1, 2]
    assert (report.created, report.published, report.written) == (2, 2, True)
    assert steps[-1] == (2, 2)
    with inside(soest), transaction.atomic():
        assert Department.objects.get().key == "d_top"
        assert Contact.objects.get().dept == "Steueramt"
        assert set(SearchEntry.objects.values_list("key", flat=True)) == {"d_top", "anna"}
        assert AuditEntry.objects.get(action="import_entries").after["left_out"] == 2


def test_a_dry_run_reports_and_keeps_nothing(soest):
    report = load(soest, demo.lines_of("soest")[:30], publish=True, dry_run=True)
    assert (report.created, report.published, report.written) == (30, 30, False)
    with inside(soest), transaction.atomic():
        assert not Article.objects.exists()
        assert not Publication.objects.exists()
        assert not OutboxEntry.objects.filter(stream__startswith="m:").exists()


def test_an_entry_of_another_kind_keeps_its_key(soest):
    load(soest, lines(entry("x")))
    report = load(soest, lines({"id": "x", "kind": "person", "title": "X"}))
    assert "gibt es schon" in report.bad[0].reason


def test_files_with_marks_and_line_ends_of_windows(soest, tmp_path):
    file = tmp_path / "entries.jsonl"
    file.write_bytes(
        b"\xef\xbb\xbf" + b"\r\n".join(lines(entry("a"), entry("b"))).replace(b"\n\r\n", b"\r\n") + b"\r\n"
    )
    assert load(soest, file).created == 2
    file.write_bytes("\ufeff{}".encode("utf-16-le"))
    with pytest.raises(Refusal, match="UTF-16"):
        load(soest, file)
    with pytest.raises(Refusal, match="lesen"):
        load(soest, tmp_path / "missing.jsonl")


def test_a_line_without_end_does_not_fill_the_memory(soest, tmp_path):
    file = tmp_path / "entries.jsonl"
    file.write_bytes(b"x" * 3_000_000 + b"\n" + GOOD)
    report = load(soest, file, skip_bad=True)
    assert ([(bad.number, "kB" in bad.reason) for bad in report.bad], report.created) == ([(1, True)], 1)


def test_a_file_that_is_too_large_is_refused(soest, tmp_path, monkeypatch):
    monkeypatch.setattr(entry_lines, "LARGEST_FILE", 10)
    file = tmp_path / "entries.jsonl"
    file.write_bytes(GOOD)
    with pytest.raises(Refusal, match="größer"):
        load(soest, file)


def test_export_and_import_again_changes_nothing(soest, kreis):
    load(soest, [*demo.lines_of("soest")[:60], *lines(
        {"id": "d1", "kind": "department", "title": "Oben"}, {"id": "d2", "kind": "department", "title": "Unten", "parent": "d1"},
        {"id": "p1", "kind": "person", "title": "Anna", "dept": "Unten", "hours": "Mo"},
        entry("zz", contacts=["p1"], links=[{"label": "x", "url": "https://example.org"}], valid_from="2026-01-01", leika="99115005104000"),
    )])  # fmt: skip
    out = [line.encode() for line in export_entries(soest)]
    assert json.loads(out[-1])["id"] == "soest:zz"
    again = load(soest, out)
    assert (again.created, again.changed, again.unchanged, again.bad) == (0, 0, 64, [])
    moved = [line.replace(b"soest:", b"kreis:") for line in out]
    assert load(kreis, moved).created == 64
    assert [line.replace("kreis:", "soest:").encode() for line in export_entries(kreis)] == out


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=5,
)
names = st.sampled_from(
    ["id", "kind", "title", "body", "synonyms", "group", "ext", "email", "links", "contacts", "parent", "valid_to", "x"]
)
objects = st.dictionaries(names, values, max_size=8).map(lambda d: {"id": "x", "kind": "article", "title": "T"} | d)
some_lines = st.lists(st.binary(max_size=60) | objects.map(lambda d: json.dumps(d).encode()), max_size=6)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(source=some_lines)
def test_no_line_breaks_the_import(soest, source):
    report = load(soest, source, publish=True, skip_bad=True)
    assert report.written
    assert report.created + report.changed + report.unchanged + len(report.bad) == report.lines
    with inside(soest), transaction.atomic():
        assert Publication.objects.count() <= SearchEntry.objects.count()


def run(command, *args):
    return CliRunner().invoke(command, args)


def test_command_line_reports_as_json_and_by_its_exit_status(soest, tmp_path):
    file = tmp_path / "entries.jsonl"
    file.write_bytes(GOOD + b"\n{")
    failed = run(import_, "entries", "soest", str(file), "--json")
    assert failed.exit_code == 1
    assert json.loads(failed.stdout)["bad"][0]["number"] == 2
    assert "Nichts eingelesen" in failed.stderr
    done = run(import_, "entries", "soest", str(file), "--json", "--publish", "--skip-bad")
    assert done.exit_code == 0
    assert json.loads(done.stdout)["published"] == 1
    assert "fehlerhaft" not in done.stderr
    written = run(export, "entries", "soest")
    assert [json.loads(line)["id"] for line in written.stdout.splitlines()] == ["soest:good"]
    tried = run(import_, "entries", "soest", str(file), "--dry-run")
    assert "Zeile 2" in tried.stdout
    unknown = run(import_, "entries", "nowhere", str(file))
    assert isinstance(unknown.exception, Refusal)
    assert run(import_, "entries", "soest", "missing.jsonl").exit_code == 2


@pytest.mark.parametrize(
    "line",
    [
        entry("a\0"),
        entry("a\ud800"),
        entry(contacts=["soest:anna", "\0"]),
        entry(contacts=["\udfff"]),
        {"id": "d", "kind": "department", "title": "Amt", "parent": "d\0"},
    ],
)
def test_names_that_the_database_refuses_are_bad_lines(soest, line):
    report = load(soest, [json.dumps(line).encode(), *lines(entry("fine"))])
    assert [(bad.number, "Steuerzeichen" in bad.reason) for bad in report.bad] == [(1, True)]
