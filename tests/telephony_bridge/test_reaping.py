"""What nobody ends is ended by the platform, and says so."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts.models import Membership
from telephony_bridge import actions, times
from telephony_bridge.models import Call, Presence
from tenants import scope


@pytest.mark.parametrize(
    ("state", "field", "limit"),
    [
        ("ringing", "ringing_at", timedelta(minutes=30)),
        ("talking", "answered_at", timedelta(hours=4)),
        ("wrap-up", "wrap_up_at", timedelta(minutes=30)),
    ],
)
@pytest.mark.parametrize("login", ["telephony", "worker"])
def test_calls_without_an_end_are_closed(ring, state, field, limit, login, news):
    now = timezone.now()
    over = ring(state=state, **{field: now - limit - timedelta(seconds=1)})
    under = ring(state=state, **{field: now - limit + timedelta(seconds=30)})
    with getattr(scope, login)():
        assert actions.reap_calls() == 1
        over.refresh_from_db()
        under.refresh_from_db()
    assert (over.state, over.end_reason, under.state) == ("ended", "reaped", state)
    assert str(over.get_end_reason_display()) == "ohne Ende gemeldet, automatisch geschlossen"
    assert ("call", over.public_id, "ended") in news()


def test_the_agent_of_a_reaped_call_is_free_again(ring, at_desk):
    call = ring()
    with time_machine.travel(timezone.now(), tick=False) as clock:
        with at_desk("agent") as jana:
            actions.set_presence(call.centre, "ready", acting_user=jana)
            actions.claim_call(call, acting_user=jana)
        clock.shift(timedelta(hours=4, seconds=1))
        with scope.worker():
            assert actions.reap_calls() == 1
            assert Presence.objects.get(person_id=jana.pk).state == "ready"


def test_a_wrap_up_whose_time_is_over_keeps_what_was_saved(ring, at_desk):
    call = ring()
    with time_machine.travel(timezone.now(), tick=False) as clock:
        with at_desk("agent") as jana:
            actions.set_presence(call.centre, "ready", acting_user=jana)
            actions.claim_call(call, acting_user=jana)
            actions.begin_wrap_up(call, acting_user=jana)
            actions.save_wrap_up(call, concern="Sperrmüll", outcome="callback", acting_user=jana)
        clock.shift(times.WRAP_UP + timedelta(seconds=1))
        with scope.telephony():
            assert actions.expire_wrap_ups() == 0  # the last draft may be on its way
        clock.shift(times.WRAP_UP_GRACE)
        with scope.telephony():
            assert actions.expire_wrap_ups() == 1
            call.refresh_from_db()
            assert Presence.objects.get(person_id=jana.pk).state == "ready"
        assert (call.state, call.outcome, call.concern, call.end_reason) == ("ended", "callback", "Sperrmüll", "closed")
        with at_desk("agent") as jana:
            actions.save_wrap_up(call, note="kam zu spät", acting_user=jana)
            assert call.note == "kam zu spät"


def test_a_stopped_clock_does_not_expire(ring, at_desk):
    call = ring(state="wrap-up", wrap_up_at=timezone.now(), wrap_up_until=None)
    with scope.telephony():
        assert actions.expire_wrap_ups() == 0
        assert Call.objects.get(pk=call.pk).state == "wrap-up"


@pytest.mark.parametrize("who", ["agent", "agent.unna"])  # of the other centre: was never here, or is no longer
@pytest.mark.parametrize("login", ["telephony", "worker"])
def test_the_wrap_up_of_an_agent_who_is_gone_is_closed(ring, people, who, login):
    """Nobody can close it any more, and the clock may stand still."""
    call = ring(state="wrap-up", wrap_up_at=timezone.now(), wrap_up_until=None, agent_id=people[who].pk, concern="Müll")
    if who == "agent":
        with scope.telephony():
            assert actions.expire_wrap_ups() == 0
        with scope.front():
            Membership.objects.filter(person=people[who]).delete()
    with getattr(scope, login)():
        assert actions.expire_wrap_ups() == 1
        call.refresh_from_db()
    assert (call.state, call.end_reason, call.concern) == ("ended", "closed", "Müll")


def test_a_conversation_of_an_agent_who_is_gone_is_not_cut_off(ring, people):
    call = ring(state="talking", answered_at=timezone.now(), agent_id=people["agent"].pk)
    with scope.front():
        Membership.objects.filter(person=people["agent"]).delete()
    with scope.telephony():
        assert (actions.expire_wrap_ups(), actions.reap_calls()) == (0, 0)
        call.refresh_from_db()
    assert call.state == "talking"
