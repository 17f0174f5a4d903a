"""The process that always runs: it works by itself, outlives the database, and ends when told."""

import os
import signal
import threading
import time
from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import OperationalError
from django.utils import timezone
from procrastinate.contrib.django import app

from telephony_bridge import bridge, tasks
from telephony_bridge.models import Call, Presence
from tenants import scope


@pytest.fixture
def handlers():
    """The signal handlers of before are back afterwards."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def without_database(monkeypatch):
    """No connections of the test are closed."""
    monkeypatch.setattr(bridge, "connections", type("Connections", (), {"close_all": lambda self: None})())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_with_the_round_that_it_is_in(handlers, without_database, monkeypatch, number):
    rounds = []

    def chore():
        rounds.append(1)
        if len(rounds) == 3:
            os.kill(os.getpid(), number)
        return 0

    monkeypatch.setattr(bridge, "CHORES", (("chore", chore, 0.01),))
    bridge.run()
    assert len(rounds) == 3


def test_it_outlives_a_database_that_is_away(without_database, monkeypatch):
    stop, seen = threading.Event(), []

    def chore():
        seen.append(time.monotonic())
        if len(seen) < 4:
            raise OperationalError("the database system is shutting down")
        stop.set()
        return 0

    monkeypatch.setattr(bridge, "CHORES", (("chore", chore, 0.01),))
    monkeypatch.setattr(bridge, "FIRST_PAUSE", 0.05)
    bridge.run(stop)
    gaps = [later - sooner for sooner, later in pairwise(seen)]
    assert len(seen) == 4
    assert gaps == sorted(gaps)  # it backs off
    assert gaps[-1] >= 0.19


def test_it_reaps_on_real_connections(in_threads, monkeypatch):
    """With the login `telephony`, on a database of its own."""
    from telephony_bridge.models import Source
    from tenants.models import ServiceCentre

    stop, rounds = threading.Event(), []

    def count():
        rounds.append(1)
        if len(rounds) > 1:
            stop.set()
        return 0

    monkeypatch.setattr(bridge, "CHORES", (*bridge.CHORES, ("count", count, 0.1)))

    def prepare():
        long_ago = timezone.now() - timedelta(hours=5)
        with scope.operator():
            centre = ServiceCentre.objects.get(slug="soest")
            source = Source.objects.create(centre=centre, name="x", token_hash="bridge")
        with scope.telephony():
            Presence.objects.create(person_id=1, person_name="x", centre=centre, state="ready", seen_at=long_ago)
            return Call.objects.create(centre=centre, source=source, external_id="old", ringing_at=long_ago).pk

    def look():
        with scope.telephony():
            return Call.objects.get(external_id="old").end_reason, Presence.objects.get(person_id=1).state

    in_threads(prepare)
    in_threads(lambda: bridge.run(stop))
    assert in_threads(look) == [("reaped", "away")]


def test_the_jobs_do_the_same(db, ring):
    call = ring(ringing_at=timezone.now() - timedelta(hours=1))
    assert tasks.reap_calls(timestamp=0) == 1
    assert tasks.expire_presences(timestamp=0) == 0
    with scope.telephony():
        assert Call.objects.get(pk=call.pk).end_reason == "reaped"


def test_the_jobs_are_known_to_the_worker():
    known = {task.task.name: task.cron for task in app.periodic_registry.periodic_tasks.values()}
    assert known["telephony_bridge.tasks.reap_calls"] == "* * * * *"
    assert known["telephony_bridge.tasks.expire_presences"] == "* * * * * */15"
