"""What the desk's login can do to calls and presences by SQL of its own, when a page has been broken into. Each attack has its control: what one may do."""

from datetime import timedelta

import pytest
from django.db import ProgrammingError, transaction
from django.utils import timezone

from telephony_bridge import actions
from telephony_bridge.models import Call, Presence
from tenants import scope

NOW = timezone.now()


@pytest.fixture
def theirs(ring, people):
    """A talk of a colleague's."""
    return ring(state="talking", agent_id=people["agent2"].pk, agent_name="Murat Aydın", answered_at=NOW)


@pytest.fixture
def mine(ring, people):
    return ring(state="talking", agent_id=people["agent"].pk, agent_name="Jana Köster", answered_at=NOW)


def attempt(at_desk, who, call, **values):
    """Whether the database does it; refused attempts change nothing."""
    try:
        with at_desk(who), transaction.atomic():
            return Call.objects.filter(pk=call.pk).update(**values) == 1
    except ProgrammingError:
        return False


@pytest.mark.parametrize(
    "values",
    [
        {"agent_id": None},
        {"agent_name": "Niemand"},
        {"state": "ended"},
        {"note": "x"},
        {"concern": "x"},
        {"answered_at": NOW + timedelta(seconds=1)},
        {"wrap_up_until": NOW},
        {"municipality_id": None},
        {"ringing_at": NOW},
        {"hung_up_at": NOW},
        {"outcome": "answered", "callback_done_at": NOW},
    ],
    ids="+".join,
)
def test_a_colleagues_call_is_not_written_in(at_desk, theirs, mine, values):
    assert not attempt(at_desk, "agent", theirs, **values)
    with scope.telephony():
        before = {name: getattr(theirs, name) for name in values}
        after = Call.objects.get(pk=theirs.pk)
        assert {name: getattr(after, name) for name in values} == before
    if not {"ringing_at", "hung_up_at"} & values.keys():
        assert attempt(at_desk, "agent", mine, **values)


def test_a_call_is_neither_taken_from_somebody_nor_given_to_anybody(at_desk, theirs, mine, ring, people):
    jana, murat = people["agent"].pk, people["agent2"].pk
    assert not attempt(at_desk, "agent", theirs, agent_id=jana, agent_name="Jana Köster")
    assert not attempt(at_desk, "agent", mine, agent_id=murat, agent_name="Murat Aydın")
    assert not attempt(at_desk, "agent", ring(), agent_id=murat, agent_name="Murat Aydın")
    assert not attempt(at_desk, "supervisor", theirs, agent_id=people["supervisor"].pk)
    assert attempt(at_desk, "agent", ring(), agent_id=jana, agent_name="Jana Köster", state="talking")
    assert attempt(at_desk, "agent", mine, agent_id=None, agent_name="", state="ringing")


def test_a_call_that_rings_is_not_ended_by_who_does_not_take_it(at_desk, ring, soest):
    for values in ({"state": "ended"}, {"note": "x"}, {"wrap_up_at": NOW}):
        assert not attempt(at_desk, "agent", ring(), **values)
    assert attempt(at_desk, "agent", ring(municipality=None), municipality_id=soest.pk, chosen_by_agent=True)
    assert attempt(at_desk, "agent", ring(), callback_done_at=NOW, callback_by_id=1)


def test_the_exchanges_times_are_set_by_who_leads_the_team_alone(at_desk, mine, theirs):
    for call in (mine, theirs):
        for values in ({"ringing_at": NOW}, {"hung_up_at": NOW}):
            assert not attempt(at_desk, "agent", call, **values)
            assert not attempt(at_desk, "agent.unna", call, **values)
            assert attempt(at_desk, "supervisor", call, **values)
    assert not attempt(at_desk, "supervisor", theirs, hung_up_at=NOW, note="x")


def test_somebody_was_called_back_by_whom_it_may_concern(at_desk, theirs, mine):
    assert attempt(at_desk, "agent", theirs, callback_done_at=NOW)
    assert not attempt(at_desk, "agent.unna", theirs, callback_done_at=NOW)


@pytest.mark.parametrize(
    "column", ["first_at", "phase", "offered_to_id", "from_number", "is_controlled", "callback_wanted_at"]
)
def test_what_only_the_exchange_says_nobody_writes(at_desk, mine, column):
    for who in ("agent", "supervisor"):
        assert not attempt(at_desk, who, mine, **{column: None})


@pytest.mark.parametrize(
    ("values", "can_be"),
    [
        ({"telephone": "leitung"}, False),
        ({"person_name": "Niemand"}, False),
        ({"seen_at": NOW}, False),
        ({"telephone": ""}, True),
        ({"state": "break", "after_call": "break", "reason": "x", "since": NOW}, True),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, dict) else str(value),
)
def test_of_a_colleague_whoever_leads_the_team_sets_the_presence_alone(at_desk, soest, values, can_be):
    with at_desk("agent") as jana:
        presence = actions.set_presence(soest.centre, "break", acting_user=jana)
        Presence.objects.filter(pk=presence.pk).update(telephone="platz1")

    def done(who):
        try:
            with at_desk(who), transaction.atomic():
                return Presence.objects.filter(pk=presence.pk).update(**values) == 1
        except ProgrammingError:
            return False

    assert not done("agent2")
    assert done("supervisor") is can_be
    assert done("agent")
