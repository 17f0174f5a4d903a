"""`rufverbund search judge`: figures from a file."""

import json

import pytest
from click.testing import CliRunner

from knowledge import demo
from knowledge.cli import search
from tenants.errors import Refusal

pytestmark = pytest.mark.usefixtures("filled", "db")


@pytest.fixture
def file(tmp_path):
    """Some judged queries, one of which nothing answers."""
    lines = [line for line in demo.judged_queries() if line["called"] == "soest"][:5]
    lines.append(
        {"qid": "x", "query": "quastenflosser", "called": "soest", "relevant": ["soest:nichts"], "category": "none"}
    )
    made = tmp_path / "queries.jsonl"
    made.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    return made


def run(*arguments):
    return CliRunner().invoke(search, ["judge", *map(str, arguments)])


def test_figures_and_what_was_missed(file):
    found = json.loads(run(file, "--json").stdout)
    assert found["total"]["queries"] == 6
    assert found["categories"]["none"]["success@3"] == 0
    assert [miss["qid"] for miss in found["missed"]] == ["x"]
    shown = run(file).stdout
    assert "verfehlt: „quastenflosser“ – gesucht soest:nichts, gefunden –" in shown


def test_a_file_without_what_is_needed_is_refused(file, tmp_path):
    assert isinstance(run(tmp_path / "none").exception, Refusal)
    assert "Keine Suche" in str(run(file, "--called", "kreis").exception)
    file.write_text('{"query": "hund"}\n', "utf-8")
    assert "„hund“ fehlt „relevant“" in str(run(file).exception)
