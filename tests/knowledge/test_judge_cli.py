"""`rufverbund search judge`: figures from a file."""

import json

import pytest
from click.testing import CliRunner
from django.db import transaction

from knowledge import actions
from knowledge.cli import search
from knowledge.models import Article
from tenants import scope
from tenants.errors import Refusal


@pytest.fixture
def file(tmp_path, soest, people):
    """Two judged queries, one of which nothing answers."""
    with scope.municipality(soest.schema_name), transaction.atomic():
        article = actions.save_article(Article(title="Hund anmelden"), acting_user=people["editor"])
        actions.publish(article, acting_user=people["editor"])
    hund = {"qid": "h", "query": "hund", "called": "soest", "category": "coll", "relevant": ["soest:hund-anmelden"]}
    none = {"qid": "x", "query": "quastenflosser", "called": "soest", "category": "none", "relevant": ["soest:nichts"]}
    made = tmp_path / "queries.jsonl"
    made.write_text("".join(json.dumps(line) + "\n" for line in (hund, none)), "utf-8")
    return made


def run(*arguments):
    return CliRunner().invoke(search, ["judge", *map(str, arguments)])


def test_figures_and_what_was_missed(file):
    found = json.loads(run(file, "--json").stdout)
    assert found["total"] == {"queries": 2, "success@1": 0.5, "success@3": 0.5, "ndcg@5": 0.5, "mrr@10": 0.5}
    assert found["categories"]["none"]["success@3"] == 0
    assert [miss["qid"] for miss in found["missed"]] == ["x"]
    shown = run(file).stdout
    assert "verfehlt: „quastenflosser“ – gesucht soest:nichts, gefunden –" in shown


def test_a_file_without_what_is_needed_is_refused(file, tmp_path):
    assert isinstance(run(tmp_path / "none").exception, Refusal)
    assert "Keine Suche" in str(run(file, "--called", "kreis").exception)
    file.write_text('{"query": "hund"}\n', "utf-8")
    assert "„hund“ fehlt „relevant“" in str(run(file).exception)
