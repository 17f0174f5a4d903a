"""What goes wrong in a night, on the real server with a real worker, while agents search: not one search may fail, nothing may be lost."""

import threading

import pytest
from django.db import transaction

from knowledge import demo
from knowledge.pool import feeding, keeping, rebuilding, upkeep
from knowledge.pool.index_models import IndexPosition
from knowledge.search import index, opensearch
from tenants import scope
from tenants.audit import SYSTEM
from tests.opensearch.conftest import configured, settle, started
from tests.opensearch.town import Agents, eventually, place, publish, titles, withdraw, worker

FISH = "Quastenflosser melden"
AWAKE = 120.0  # seconds for a node that has just come, cold and on a busy machine, until it answers in the time that an agent has
pytestmark = pytest.mark.slow


@pytest.fixture
def person(installation):
    from accounts.models import Person

    with scope.front():
        return Person.objects.get(email="agent@example.org").pk


def found(title):
    """Whether OpenSearch alone finds it."""
    try:
        return title in titles(title)
    except Exception:  # noqa: BLE001  away, gone, behind
        return False


def caught_up():
    """Whether the index has all that was published; whoever asks PostgreSQL meanwhile misses nothing."""
    with scope.worker():
        return feeding.behind(rebuilding.serving()) == []


@pytest.fixture
def town(installation):
    """One entry, a worker, and an index that has it."""
    publish("soest", FISH)
    with worker(installation) as process:
        eventually(lambda: found(FISH), 60)
        yield process


def test_what_is_published_is_found_soon(town, person):  # how soon, `rufverbund bench search` says
    with Agents(person, FISH) as agents:
        for letter in "abcdefghij":
            publish("soest", f"Lungenfisch{letter} melden")
            eventually(lambda: found(f"Lungenfisch{letter} melden"))  # noqa: B023
    assert "opensearch" in agents.engines


def test_an_index_that_is_deleted_is_built_again(town, person):
    with Agents(person, FISH) as agents:
        before = rebuilding.serving()
        index.client().indices.delete(index=before)
        publish("soest", "Lungenfisch melden")
        eventually(lambda: found("Lungenfisch melden") and found(FISH))
    assert rebuilding.serving() != before
    assert agents.engines == {"opensearch", "postgres"}


def test_an_index_that_is_emptied_is_not_believed(town, person):
    with Agents(person, FISH) as agents:
        client, before = index.client(), rebuilding.serving()
        client.delete_by_query(
            index=before, body={"query": {"match_all": {}}}, params={"refresh": "true", "conflicts": "proceed"}
        )
        eventually(lambda: found(FISH), 60)
    assert rebuilding.serving() != before
    assert agents.engines == {"opensearch", "postgres"}


def test_a_full_disk_delays_and_loses_nothing(town, person):
    name = rebuilding.serving()
    with Agents(person, FISH):
        index.client().indices.put_settings(index=name, body={"index.blocks.read_only_allow_delete": True})
        publish("soest", "Lungenfisch melden")
        gone = publish("soest", "Seepferdchen melden")
        withdraw("soest", gone)
        with scope.worker():
            assert titles("lungenfisch", backend=None)[0] == "Lungenfisch melden"  # at once, by PostgreSQL
        index.client().indices.put_settings(index=name, body={"index.blocks.read_only_allow_delete": None})
        eventually(caught_up)
        eventually(lambda: found("Lungenfisch melden"))
    assert not found("Seepferdchen melden")


def test_a_frozen_node_is_waited_for_by_nobody(town, person, cluster, monkeypatch):
    sent, send = [], opensearch._send
    monkeypatch.setattr(
        opensearch, "_send", lambda *asked: sent.append(threading.current_thread().name) or send(*asked)
    )
    with Agents(person, FISH) as agents:
        agents.engines.clear()
        cluster.freeze()
        try:
            eventually(lambda: "postgres" in agents.engines)
            asked = len(agents.took)
            publish("soest", "Lungenfisch melden")
            assert titles("lungenfisch", backend=None) == ["Lungenfisch melden"]
            sent.clear()
            eventually(lambda: len(agents.took) > asked + 100)
            waited = [thread for thread in sent if thread != "opensearch-trial"]
        finally:
            cluster.thaw()
        eventually(caught_up)
        agents.engines.clear()
        eventually(lambda: "opensearch" in agents.engines, AWAKE)  # by itself
        eventually(lambda: found("Lungenfisch melden"), AWAKE)
    assert waited == []  # it is left alone: it is tried beside, by nobody who searches


def test_a_node_that_is_killed_comes_back(town, person, cluster):
    with Agents(person, FISH) as agents:
        cluster.kill()
        try:
            publish("soest", "Lungenfisch melden")
            agents.engines.clear()
            eventually(lambda: "postgres" in agents.engines)
        finally:
            cluster.start()
        eventually(caught_up)
        assert titles("lungenfisch", backend=None) == ["Lungenfisch melden"]
        agents.engines.clear()
        eventually(lambda: "opensearch" in agents.engines, AWAKE)
        eventually(lambda: found("Lungenfisch melden") and found(FISH), AWAKE)


def test_what_was_published_meanwhile_is_there_within_five_seconds():
    assert keeping.LONGEST_PAUSE + keeping.AT_LEAST_EVERY < 5


def test_a_worker_that_is_killed_between_reading_and_writing_loses_nothing(town, person, cluster, installation):
    with Agents(person, FISH):
        cluster.freeze()
        try:
            publish("soest", "Lungenfisch melden")
            eventually(lambda: not is_free(place("soest").pk))  # it has read, and waits for the answer to its bulk
            town.kill()
            town.wait()
            eventually(lambda: is_free(place("soest").pk))
        finally:
            cluster.thaw()
        with worker(installation):
            eventually(lambda: found("Lungenfisch melden"))  # perhaps by what the dead one had sent
            eventually(caught_up)
    assert rebuilding.reconcile(rebuilding.serving()).repaired == 0


def is_free(municipality):
    """Whether no worker has its hands on the municipality's stream."""
    with scope.worker(), transaction.atomic():
        own = IndexPosition.objects.filter(municipality=municipality)
        return own.select_for_update(skip_locked=True, of=("self",)).first() is not None


def test_a_worker_whose_clock_is_25_years_late_works_like_any_other(installation, person):
    publish("soest", FISH)
    with worker(installation, skewed=True):
        eventually(lambda: found(FISH), 60)
        assert "-200" in str(rebuilding.serving())
        with Agents(person, FISH):
            gone = publish("soest", "Lungenfisch melden")
            eventually(lambda: found("Lungenfisch melden"))
            withdraw("soest", gone)
            eventually(caught_up)
    with worker(installation):  # and one whose clock is right goes on
        publish("soest", "Seepferdchen melden")
        eventually(lambda: found("Seepferdchen melden"))
        assert not found("Lungenfisch melden")


@pytest.fixture
def three(installation, settings):
    """Three nodes, each with a copy."""
    running = started(3, heap="256m")
    settings.OPENSEARCH = configured(running, replicas=1)
    settle()
    yield running
    running.stop()


def test_a_node_that_dies_while_an_index_is_built_loses_no_answer_and_no_entry(three, person, monkeypatch):
    from onboarding.imports import Options, import_entries

    monkeypatch.setattr(feeding, "PIECE", 25)
    report = import_entries(place("soest"), demo.lines_of("soest"), acting_user=SYSTEM, options=Options(publish=True))
    publish("soest", FISH)
    upkeep.run()  # as the worker does: now a slip in its words is understood
    before = rebuilding.rebuild()
    eventually(lambda: index.client().cluster.health(index=before)["status"] == "green", 60)
    killed = threading.Event()

    def kill(done, _total):
        if done >= 60 and not killed.is_set():
            killed.set()
            three.kill(node_of(name_of_the_new(before)))

    with Agents(person, FISH) as agents:
        eventually(lambda: built(kill), 120)
        assert killed.is_set()
        agents.engines.clear()
        eventually(lambda: "opensearch" in agents.engines)  # two nodes are enough
    assert rebuilding.serving() != before
    assert rebuilding.counts(rebuilding.serving()) == (report.published + 1,) * 2
    assert rebuilding.reconcile(rebuilding.serving()).repaired == 0


def built(progress):
    """Build, as the worker does: again, when it was interrupted."""
    try:
        rebuilding.rebuild(progress)
    except Exception as error:  # noqa: BLE001  the node is gone: another try goes on
        print("interrupted:", repr(error)[:200])
        return False
    return True


def name_of_the_new(before):
    return next(name for name in index.client().indices.get(index="rv-*") if name != before)


def node_of(name):
    """The number of the node that has the primary."""
    shards = index.client().cat.shards(index=name, params={"format": "json"})
    return int(next(shard["node"] for shard in shards if shard["prirep"] == "p")[1:])
