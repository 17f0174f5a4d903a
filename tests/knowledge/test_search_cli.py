"""`rufverbund search`, alone and in batches."""

import json

import pytest
from click.testing import CliRunner
from django.db import transaction

from knowledge import actions
from knowledge.cli import search
from knowledge.models import Article
from tenants import scope
from tenants.errors import Refusal


@pytest.fixture(autouse=True)
def dog(soest, people):
    """One published article."""
    with scope.municipality(soest.schema_name), transaction.atomic():
        article = actions.save_article(Article(title="Hund anmelden"), acting_user=people["editor"])
        actions.publish(article, acting_user=people["editor"])


def run(*args, text=None):
    return CliRunner().invoke(search, args, input=text)


def test_one_query():
    data = json.loads(run("--json", "--called", "soest", "--limit", "3", "hund").stdout)
    assert (data["query"], data["called"], data["backend"]) == ("hund", "soest", "postgres")
    assert data["hits"][0]["id"] == "soest:hund-anmelden"
    assert "Hund anmelden – Stadt Soest" in run("hund").stdout
    assert run("quastenflosser").stdout == "Nichts gefunden.\n"


def test_a_batch_is_a_line_per_query(tmp_path):
    file = tmp_path / "queries.jsonl"
    file.write_text(
        '\ufeff{"qid": "q1", "query": "hund", "called": "soest", "grades": {}}\r\n\n{"qid": "q2", "query": "", "called": null}\n',
        "utf-8",
    )
    out = [json.loads(line) for line in run("--batch", str(file)).stdout.splitlines()]
    assert [(line["qid"], line["hits"]) for line in out] == [("q1", ["soest:hund-anmelden"]), ("q2", [])]
    assert all(set(line) == {"qid", "hits", "took_ms"} for line in out)
    assert json.loads(run("--batch", "-", text='{"query": "hund"}').stdout)["hits"] == ["soest:hund-anmelden"]


@pytest.mark.parametrize(
    "line", ["{", "[]", '{"query": 5}', '{"qid": "x"}', '{"query": "x", "called": 5}', "[" * 100_000]
)
def test_a_batch_line_that_is_no_query_is_named(line):
    result = run("--batch", "-", text=f'{{"query": "hund"}}\n{line}\n')
    assert isinstance(result.exception, Refusal)
    assert "Zeile 2" in str(result.exception)
    assert len(result.stdout.splitlines()) == 1


def test_a_batch_goes_on_without_a_municipality_that_is_not_live():
    line = '{"query": "hund", "called": "lippstadt"}\n'
    result = run("--batch", "-", text=line * 2)
    assert [json.loads(text)["hits"] for text in result.stdout.splitlines()] == [["soest:hund-anmelden"]] * 2
    assert result.stderr.splitlines() == ["Die Kommune „lippstadt“ ist nicht live; gesucht wird ohne sie."]


@pytest.mark.parametrize(("args", "reason"), [
    (("--called", "nowhere", "x"), "nicht live"), (("--called", "lippstadt", "x"), "nicht live"), (("--backend", "opensearch", "x"), "OpenSearch"),
])  # fmt: skip
def test_refusals_say_what_to_do(args, reason):
    result = run(*args)
    assert isinstance(result.exception, Refusal)
    assert reason in str(result.exception)


@pytest.mark.parametrize(
    "args", [(), ("--limit", "0", "x"), ("--batch", "missing.jsonl"), ("--backend", "x", "y"), ("x", "--batch", "-")]
)
def test_wrong_usage_is_exit_status_2(args):
    assert run(*args).exit_code == 2


def test_hits_are_explained_on_request():
    out = run("--explain", "--called", "soest", "hund").stdout
    assert "      „hund“ passt zu „Hund“ (Titel).\n" in out
    data = json.loads(run("--explain", "--json", "hund").stdout)
    assert data["hits"][0]["why"] == ["„hund“ passt zu „Hund“ (Titel)."]
    assert "passt zu" not in run("hund").stdout
