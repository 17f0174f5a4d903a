"""Where the desk and the exchange say different things of a call, the exchange is right, and somebody settles it."""

from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Person
from telephony_bridge import actions, record
from telephony_bridge.models import Call
from telephony_bridge.record.differences import Side, differences
from telephony_bridge.record_models import CallInterval, CallRecord, CelEvent
from tenants import scope
from tenants.models import AuditEntry
from tests.record.cel import BEGIN, Script
from tests.record.conftest import talk

LATER = BEGIN + timedelta(minutes=10)


@pytest.fixture
def seat(people):
    """Jana's own telephone is agent1."""
    with scope.front():
        Person.objects.filter(pk=people["agent"].pk).update(phone_user="agent1")
    return people["agent"]


@pytest.fixture
def on_desk(source, soest, seat):
    """on_desk(script, **fields) -> the call as the desk has it: right, but for the fields that are given."""

    def stored(script, **fields):
        right = {
            "ringing_at": script.began,
            "answered_at": script.began + timedelta(seconds=4),
            "hung_up_at": script.at,
            "agent_id": seat.pk,
            "agent_name": seat.name,
            "state": "ended",
            "external_id": script.linked,
            "centre": soest.centre,
            "municipality": soest,
        }
        with scope.telephony(), transaction.atomic():
            return Call.objects.create(source=source, **right | fields)

    return stored


@pytest.fixture
def compared(source, write, follow):
    """compared(script, …) -> the records, after the log and a comparison some time later."""

    def compared(*scripts, now=LATER):
        write(*scripts)
        follow()
        with scope.telephony():
            record.compare(source, now=now)
            return list(CallRecord.objects.order_by("began_at", "pk"))

    return compared


def test_nothing_differs_where_both_say_the_same(on_desk, compared):
    call = talk()
    made = on_desk(call, hung_up_at=call.at + timedelta(seconds=2), ringing_at=call.began + timedelta(milliseconds=20))
    (found,) = compared(call)
    assert (found.differences, found.call_id, found.compared_at) == ([], made.pk, LATER)


@pytest.mark.parametrize(
    ("fields", "kinds"),
    [
        ({"hung_up_at": BEGIN + timedelta(seconds=131.5)}, [("duration", 131.5, 129.0)]),
        ({"hung_up_at": None, "state": "talking"}, [("duration", None, 129.0)]),
        ({"agent_id": 4711, "agent_name": "Murat Aydın"}, [("agent", "Murat Aydın", "Jana Köster")]),
        ({"answered_at": None, "agent_id": None, "agent_name": ""}, [("answered", False, True)]),
    ],
)
def test_what_differs(on_desk, compared, fields, kinds):
    call = talk()
    on_desk(call, **fields)
    (found,) = compared(call)
    assert [(one["kind"], one["desk"], one["record"]) for one in found.differences] == kinds


def test_a_call_that_the_desk_does_not_have(compared):
    (found,) = compared(talk())
    assert (found.differences, found.call_id) == ([{"kind": "missing"}], None)


def test_a_call_that_the_exchange_does_not_have(on_desk, compared):
    first, unseen, last = talk(), talk(at=BEGIN + timedelta(seconds=60)), talk(at=BEGIN + timedelta(minutes=20))
    on_desk(first)
    made = on_desk(unseen, to_number="+492921103")
    on_desk(talk(at=BEGIN - timedelta(hours=1)))  # before there was a log
    on_desk(talk(at=BEGIN + timedelta(minutes=18)))  # it may come
    _first, found, _last = compared(first, last, now=BEGIN + timedelta(hours=1))
    assert (found.call_id, found.end, found.differences) == (made.pk, "unseen", [{"kind": "unseen"}])
    (_first, again, *_rest) = compared(unseen, now=BEGIN + timedelta(hours=2))  # read later, by hand
    assert (again.pk, again.end, again.differences) == (found.pk, "hangup", [])


def test_what_the_desk_learns_later_differs_no_longer(on_desk, compared):
    call = talk()
    assert compared(call)[0].differences == [{"kind": "missing"}]
    on_desk(call)
    assert compared(now=LATER + timedelta(minutes=1))[0].differences == [{"kind": "missing"}]
    assert compared(now=LATER + timedelta(minutes=6))[0].differences == []


def test_a_call_that_has_just_ended_is_compared_later(on_desk, compared):
    call = talk()
    assert compared(call, now=call.at + timedelta(seconds=30))[0].compared_at is None
    assert compared(now=call.at + timedelta(seconds=61))[0].compared_at is not None


def test_a_running_call_is_not_compared(source, write, follow):
    write(talk(), only=slice(8))
    follow()
    with scope.telephony():
        assert record.compare(source, now=LATER) == 0
        assert CallRecord.objects.get().compared_at is None


def test_settled_the_call_has_the_times_of_the_record(on_desk, compared, people, seat):
    call = talk()
    made = on_desk(call, hung_up_at=call.at + timedelta(minutes=3), answered_at=None, agent_id=None, agent_name="")
    (found,) = compared(call)
    boss = people["supervisor"]
    for _twice in range(2):
        with scope.desk(boss.pk), transaction.atomic():
            actions.settle_record(CallRecord.objects.get(pk=found.pk), acting_user=boss)
    with scope.telephony():
        made.refresh_from_db()
        found.refresh_from_db()
    assert (made.ringing_at, made.answered_at, made.hung_up_at) == (call.began, found.answered_at, call.at)
    assert found.settled_by_name == boss.name
    with scope.owner():
        (entry,) = AuditEntry.objects.filter(action="settle_record")
    assert (entry.object_kind, entry.object_id, entry.person_id) == ("call", str(made.pk), boss.pk)
    assert entry.before == {"settled_at": None, "answered_at": None, "hung_up_at": entry.before["hung_up_at"]}
    assert entry.after.keys() == entry.before.keys()
    assert compared(now=LATER + timedelta(hours=1))[0].settled_at == found.settled_at


def test_the_database_lets_nobody_settle_who_does_not_lead_the_team(compared, people):
    (found,) = compared(talk())
    for who in ("agent", "agent.unna"):
        with scope.desk(people[who].pk), pytest.raises(CallRecord.DoesNotExist), transaction.atomic():
            actions.settle_record(found, acting_user=people[who])
    with scope.telephony():
        assert CallRecord.objects.get().settled_at is None


def test_settled_without_a_call(compared, people):
    (found,) = compared(talk())
    with scope.desk(people["supervisor"].pk), transaction.atomic():
        actions.settle_record(CallRecord.objects.get(pk=found.pk), acting_user=people["supervisor"])
    with scope.telephony():
        assert Call.objects.count() == 0
        assert CallRecord.objects.get().settled_at is not None


def test_without_a_difference_there_is_nothing_to_settle(on_desk, compared, people):
    call = talk()
    on_desk(call)
    (found,) = compared(call)
    with scope.desk(people["supervisor"].pk), transaction.atomic():
        actions.settle_record(CallRecord.objects.get(pk=found.pk), acting_user=people["supervisor"])
    with scope.owner():
        assert not AuditEntry.objects.filter(action="settle_record").exists()


def test_events_are_forgotten_and_records_stay(compared):
    compared(talk(), talk(at=BEGIN + timedelta(days=3)))
    with scope.telephony():
        before = CelEvent.objects.count()
        assert actions.forget_events(now=BEGIN + timedelta(days=8)) == before / 2
        assert actions.forget_events(now=BEGIN + timedelta(days=8)) == 0
        assert (CelEvent.objects.count(), CallRecord.objects.count(), CallInterval.objects.count()) == (
            before / 2,
            2,
            12,
        )


def test_an_abandoned_call_has_nobody_to_differ_in(on_desk, compared):
    call = Script("rv-1774746000.77")
    call.waits(9)
    call.hangs_up()
    on_desk(call, answered_at=None, agent_id=None, agent_name="")
    assert compared(call)[0].differences == []


sides = st.builds(
    lambda began, length, answered, agent: Side(
        BEGIN + timedelta(seconds=began),
        None if length is None else BEGIN + timedelta(seconds=began + length),
        answered,
        agent if answered else None,
    ),
    st.floats(0, 100),
    st.none() | st.floats(0, 1000),
    st.booleans(),
    st.none() | st.integers(1, 3),
)


@given(sides, sides)
def test_no_difference_means_that_reports_would_count_the_same(desk, exchange):
    found = differences(desk, exchange)
    same = (
        desk.is_answered == exchange.is_answered
        and desk.agent_id == exchange.agent_id
        and desk.ended is not None
        and exchange.ended is not None
        and abs((desk.ended - desk.began) - (exchange.ended - exchange.began)) <= timedelta(seconds=2)
    )
    assert (found == []) == same
