"""Building beside the index that serves, comparing, repairing; and the command."""

import json

import pytest
import time_machine
from click.testing import CliRunner
from opensearchpy.exceptions import OpenSearchException

from knowledge import tasks
from knowledge.index_cli import search_index
from knowledge.pool import feeding, keeping, rebuilding
from knowledge.pool.index_models import IndexBuild, IndexPosition
from knowledge.search import index
from knowledge.search import opensearch as engine
from tenants import scope
from tenants.errors import Refusal
from tests.opensearch.town import eventually, place, publish, titles, withdraw

TOWN = [f"Quastenflosser {number} melden" for number in range(7)]


@pytest.fixture(autouse=True)
def built(installation, monkeypatch):
    """An index of seven entries, that are read two at a time."""
    monkeypatch.setattr(engine, "LIMIT", 5.0)
    monkeypatch.setattr(feeding, "PIECE", 2)
    for title in TOWN:
        publish("soest", title)
    return rebuilding.rebuild()


def run(*arguments):
    return CliRunner().invoke(search_index, arguments)


def told(*arguments):
    """What it prints as JSON; the log stands before it here."""
    return json.loads(run(*arguments, "--json").stdout.splitlines()[-1])


def builds():
    with scope.worker():
        return list(IndexBuild.objects.values_list("index", flat=True))


def ours():
    return sorted(index.client().indices.get(index="rv-*"))


def test_it_is_built_beside_the_one_that_serves_while_that_is_asked_and_fed(built):
    said = []

    def meanwhile(done, total):
        said.append((done, total))
        assert rebuilding.serving() == built
        publish("soest", f"Lungenfisch {done}")
        assert len(titles("quastenflosser")) == 7

    new = rebuilding.rebuild(meanwhile)
    assert [done for done, _total in said] == sorted(done for done, _total in said)
    assert said[-1][0] >= 7
    assert len(said) >= 4
    assert rebuilding.serving() == new != built
    assert ours() == builds() == [new]
    assert len(titles("quastenflosser")) == 7
    assert len(titles("lungenfisch")) == len(said)  # what was published meanwhile is there


def test_one_that_was_stopped_goes_on_where_it_was(built):
    def stop(done, _total):
        if done >= 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rebuilding.rebuild(stop)
    begun = told("status")
    assert (begun["index"], begun["building"][0]["done"], begun["building"][0]["of"]) == (built, 4, 7)
    said = []
    new = rebuilding.rebuild(lambda done, _total: said.append(done))
    assert (new, said[0]) == (begun["building"][0]["index"], 6)
    assert ours() == [new]


def test_a_clock_that_was_set_back_changes_nothing(built):
    with time_machine.travel("2001-01-01", tick=True):
        new = rebuilding.rebuild()
        publish("soest", "Lungenfisch")
        feeding.feed()
    assert new < built  # by its name, it is older
    assert rebuilding.serving() == new
    index.client().indices.refresh(index=new)
    assert titles("lungenfisch") == ["Lungenfisch"]


def test_reconciling_puts_right_what_differs_and_tells_what_did(built):
    client, soest = index.client(), place("soest").pk
    door = index.door(built)
    client.indices.put_settings(index=built, body={"index": {"gc_deletes": "0ms"}})
    ids = sorted(hit["_id"] for hit in client.search(index=built, body={"size": 20})["hits"]["hits"])
    client.delete(index=door, id=ids[0])
    client.update(index=door, id=ids[1], body={"doc": {"title": "forged", "digest": "forged"}})
    source = {
        "municipality": soest,
        "kind": "article",
        "key": "never",
        "title": "quastenfloss",
        "withdrawn": False,
        "brevity": 1,
    }
    client.index(index=door, id=f"{soest}/article/never", body=source)
    client.index(index=door, id="4711/article/never", body={**source, "municipality": 4711}, refresh=True)
    assert told("status")["documents"] == 8
    found = told("reconcile")
    refused = found.pop("refused")  # what was deleted a moment ago is remembered, perhaps
    assert found == {
        "index": built, "checked": 7, "missing": 1, "stale": 0, "extra": 2, "ahead": 1, "repaired": 3 - refused,
    }  # fmt: skip
    assert refused <= 1


def test_reconciling_twice_finds_nothing_the_second_time(built):
    index.client().delete_by_query(
        index=index.door(built), body={"query": {"match_all": {}}}, params={"refresh": "true"}
    )
    assert told("reconcile")["refused"] == 7  # it remembers what was deleted, for a minute if it is not told otherwise
    index.client().indices.put_settings(index=built, body={"index": {"gc_deletes": "0ms"}})
    eventually(lambda: told("reconcile")["repaired"] == 7)
    assert "Gefehlt: 0, veraltet: 0, überzählig: 0." in run("reconcile").stdout
    assert len(titles("quastenflosser")) == 7


def test_withdrawn_entries_stay_withdrawn_when_it_is_reconciled_late(built):
    article = publish("soest", "Lungenfisch")
    feeding.feed()
    withdraw("soest", article)
    assert rebuilding.reconcile(built).extra == 1
    feeding.feed()  # the line of the outbox comes after it
    assert rebuilding.reconcile(built).repaired == 0
    assert titles("lungenfisch") == []


def test_the_worker_builds_one_where_there_is_none_or_one_of_another_version(built, monkeypatch):
    keeping.look()
    assert rebuilding.serving() == built  # nothing to do
    index.client().indices.delete(index=built)
    keeping.look()
    assert ours() == builds() == [rebuilding.serving()] != [built]
    monkeypatch.setattr(index, "REVISION", index.REVISION + 1)
    before = rebuilding.serving()
    keeping.look()
    assert ours() == builds() == [rebuilding.serving()] != [before]
    assert len(titles("quastenflosser")) == 7


def test_the_worker_repairs_a_little_and_replaces_what_was_emptied(built):
    client = index.client()
    some = client.search(index=built, body={"size": 20})["hits"]["hits"]
    soest = place("soest").pk
    source = {
        "municipality": soest,
        "kind": "article",
        "key": "never",
        "title": "quastenfloss",
        "withdrawn": False,
        "brevity": 1,
    }
    client.index(index=index.door(built), id=f"{soest}/article/never", body=source)
    keeping.look()
    assert rebuilding.serving() == built
    assert rebuilding.counts(built) == (7, 7)
    for hit in some[:3]:
        client.delete(index=index.door(built), id=hit["_id"])
    keeping.look()
    assert rebuilding.serving() != built
    assert len(titles("quastenflosser")) == 7


def test_every_night_it_is_compared(built, settings):
    assert tasks.reconcile_search_index(0)["checked"] == 7
    settings.OPENSEARCH = None
    assert tasks.reconcile_search_index(0) == {}


def test_status_in_words_and_numbers(built):
    publish("soest", "Lungenfisch")
    found = told("status")
    assert found == {
        "index": built, "documents": 7, "entries": 8, "behind": 1, "waiting": 1, "building": [], "nodes": 1, "health": "green",
    }  # fmt: skip
    assert built in run("status").stdout


def test_commands_say_what_is_wrong(built, settings):
    built_anew = told("rebuild")
    assert built_anew == {"index": rebuilding.serving(), "documents": 7}
    index.client().indices.delete(index=built_anew["index"])
    assert "Es gibt keinen Index" in str(run("reconcile").exception)
    settings.OPENSEARCH = {**settings.OPENSEARCH, "hosts": ["http://127.0.0.1:9"]}
    for command in ("status", "rebuild", "reconcile"):
        assert isinstance(run(command).exception, Refusal), command
    with pytest.raises(OpenSearchException):
        rebuilding.rebuild()
    settings.OPENSEARCH = None
    assert "OPENSEARCH_URL" in str(run("status").exception)
    with scope.worker():
        assert IndexPosition.objects.exclude(number=0).exists()
