"""The bridge's clock is set back during a call, and a bridge that was away tells late: the rows are right all the same."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from telephony_bridge import actions
from telephony_bridge.models import Call
from telephony_bridge.routing.spool import Spool
from tenants import scope

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
INBOUND = {"from": "+4917012345", "dialled": "029211030"}


def seen(state, **more):
    told = {"event": "", "state": state, "dialled": "029211030", "agent": None, "last_agent": None, "target": None}
    return ("seen", "one", told | {"waiting": state in ("queued", "offered")} | more)


def at(spool, moment, *told):
    with time_machine.travel(moment, tick=False):
        for what, call, details in told:
            spool.append(what, call, details)


def row():
    return Call.objects.get(external_id="one")


@pytest.fixture
def stored(soest):
    """Stores what a spool has."""
    with scope.telephony():
        source, positions = actions.asterisk_source(soest.centre_id), {}

        def store(spool):
            records = spool.read(positions.get(spool.id, 0))
            positions[spool.id] = actions.store_records(source, spool.id, records)

        yield store


@pytest.mark.parametrize("back", [timedelta(seconds=1), timedelta(hours=30)])
def test_the_clock_goes_back_while_somebody_talks(tmp_path, stored, back):
    spool = Spool(tmp_path)
    at(spool, NOON, ("inbound", "one", INBOUND), seen("queued"))
    at(spool, NOON + timedelta(seconds=5), seen("talking", agent="x"))
    stored(spool)
    at(spool, NOON - back, seen("ended"))
    stored(spool)
    call = row()
    assert (call.state, bool(call.hung_up_at)) == ("ended", True)
    assert call.ringing_at <= call.answered_at <= call.hung_up_at <= call.ended_at


def test_it_goes_back_before_the_bridge_begins_anew_and_finds_nobody(tmp_path, stored):
    spool = Spool(tmp_path)
    at(spool, NOON, ("inbound", "one", INBOUND), seen("queued"))
    stored(spool)
    at(again := Spool(tmp_path), NOON - timedelta(hours=1), ("resynchronised", "", {"living": []}))
    stored(again)
    assert row().state == "ended"


def test_whom_asterisk_still_has_is_not_ended(tmp_path, stored):
    spool = Spool(tmp_path)
    at(spool, NOON, ("inbound", "one", INBOUND), seen("queued"), ("resynchronised", "", {"living": ["one"]}))
    stored(spool)
    assert row().state == "ringing"


def test_what_a_bridge_tells_late_is_not_news(tmp_path, stored):
    """Another has taken over in the meantime."""
    first, second = Spool(tmp_path / "first"), Spool(tmp_path / "second")
    at(first, NOON, ("inbound", "one", INBOUND), seen("queued"))
    stored(first)
    at(first, NOON + timedelta(seconds=1), seen("offered", agent="x"), ("resynchronised", "", {"living": []}))
    at(second, NOON + timedelta(seconds=5), seen("talking", agent="x"))
    stored(second)
    stored(first)
    assert row().state == "talking"
