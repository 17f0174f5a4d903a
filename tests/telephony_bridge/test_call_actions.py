"""What agents do with calls, in the desk's scope with its rights."""

from datetime import timedelta

import pytest
from django.utils import timezone

from telephony_bridge import actions, queries, times
from telephony_bridge.models import Call, Presence
from tenants import scope
from tenants.errors import Refusal


def state_of(call):
    with scope.telephony():
        return Call.objects.get(pk=call.pk)


def presence_of(person):
    with scope.telephony():
        return Presence.objects.get(person_id=person.pk)


def test_the_first_to_accept_has_the_call_and_the_other_learns_who(ring, at_desk, news):
    call = ring()
    with at_desk("agent") as jana:
        actions.set_presence(call.centre, "ready", acting_user=jana)
        assert actions.claim_call(call, acting_user=jana) == (True, "Jana Köster")
        assert actions.claim_call(call, acting_user=jana) == (True, "Jana Köster")
    with at_desk("agent2") as murat:
        assert actions.claim_call(call, acting_user=murat) == (False, "Jana Köster")
    assert state_of(call).state == "talking"
    assert presence_of(jana).state == "busy"
    assert news().count(("call", call.public_id, "changed")) == 1


def test_a_call_that_ended_meanwhile_is_nobodys(ring, at_desk):
    call = ring(state="ended", end_reason="abandoned")
    with at_desk("agent") as jana:
        assert actions.claim_call(call, acting_user=jana) == (False, "")


def test_released_it_rings_for_the_others(ring, at_desk):
    call = ring()
    with at_desk("agent") as jana:
        actions.set_presence(call.centre, "ready", acting_user=jana)
        actions.claim_call(call, acting_user=jana)
        actions.release_call(call, acting_user=jana)
        actions.release_call(call, acting_user=jana)
    assert presence_of(jana).state == "ready"
    with at_desk("agent2") as murat:
        assert [c.pk for c in queries.ringing_calls([call.centre_id])] == [call.pk]
        assert actions.claim_call(call, acting_user=murat).won


def test_wrap_up_keeps_every_draft_and_needs_an_outcome(ring, at_desk):
    call = ring()
    with at_desk("agent") as jana:
        actions.set_presence(call.centre, "ready", acting_user=jana)
        actions.claim_call(call, acting_user=jana)
        actions.begin_wrap_up(call, acting_user=jana)
        assert call.state == "wrap-up"
        assert call.wrap_up_until - call.wrap_up_at == times.WRAP_UP
        actions.save_wrap_up(call, concern="Personalausweis", note="ruft wieder an\0", acting_user=jana)
        with pytest.raises(Refusal, match="wie der Anruf ausging"):
            actions.close_call(call, acting_user=jana)
        actions.close_call(call, outcome="answered", acting_user=jana)
        assert (call.state, call.concern, call.note, call.end_reason) == (
            "ended",
            "Personalausweis",
            "ruft wieder an",
            "closed",
        )
        actions.close_call(call, note="noch etwas", acting_user=jana)
        assert (call.outcome, call.note) == ("answered", "noch etwas")
        assert presence_of_in_scope(jana) == "ready"


def presence_of_in_scope(person):
    return Presence.objects.get(person_id=person.pk).state


def test_a_colleague_cannot_touch_the_call(ring, at_desk):
    call = ring()
    with at_desk("agent") as jana:
        actions.claim_call(call, acting_user=jana)
    with at_desk("agent2") as murat:
        for act in (
            actions.release_call,
            actions.begin_wrap_up,
            actions.stop_wrap_up_timer,
            actions.save_wrap_up,
            actions.close_call,
        ):
            with pytest.raises(Refusal, match="Jana Köster"):
                act(call, acting_user=murat)


def test_nobody_closes_a_call_that_only_rings(ring, at_desk):
    call = ring()
    with at_desk("agent") as jana, pytest.raises(Refusal):
        actions.close_call(call, outcome="answered", acting_user=jana)


def test_the_clock_can_be_stopped(ring, at_desk):
    call = ring()
    with at_desk("agent") as jana:
        actions.claim_call(call, acting_user=jana)
        actions.begin_wrap_up(call, acting_user=jana)
        actions.stop_wrap_up_timer(call, acting_user=jana)
        assert call.wrap_up_until is None


@pytest.mark.parametrize(
    ("field", "value"),
    [("concern", "x" * 201), ("note", "x" * 2001), ("outcome", "lost"), ("transferred_to", "x" * 201)],
)
def test_what_does_not_fit_is_refused_in_words(ring, at_desk, field, value):
    call = ring()
    with at_desk("agent") as jana:
        actions.claim_call(call, acting_user=jana)
        with pytest.raises(Refusal):
            actions.save_wrap_up(call, acting_user=jana, **{field: value})


def test_an_unrecognised_call_gets_its_municipality_from_the_agent(ring, at_desk, places):
    call = ring(municipality=None)
    with at_desk("agent") as jana:
        for slug in ("lippstadt", "unna"):  # only joining; another centre's
            with pytest.raises(Refusal, match="nimmt das Servicecenter keine Anrufe"):
                actions.choose_municipality(call, places[slug], acting_user=jana)
        actions.choose_municipality(call, places["kreis"], acting_user=jana)
        actions.choose_municipality(call, places["soest"], acting_user=jana)
        assert (call.municipality.slug, call.chosen_by_agent) == ("soest", True)
    known = ring()
    with at_desk("agent") as jana, pytest.raises(Refusal, match="gewählte Nummer"):
        actions.choose_municipality(known, places["kreis"], acting_user=jana)


def test_reads_are_constant_in_number(ring, at_desk, kreis, django_assert_num_queries, soest):
    for _ in range(3):
        ring()
    mine = ring(municipality=kreis)
    with at_desk("agent") as jana:
        actions.set_presence(mine.centre, "ready", acting_user=jana)
        actions.claim_call(mine, acting_user=jana)
        with django_assert_num_queries(1):
            assert [w.municipality.slug for w in queries.waiting([mine.centre_id])] == ["soest"] * 3
        with django_assert_num_queries(1):
            assert [c.municipality.slug for c in queries.current_calls(jana.pk)] == ["kreis"]
        with django_assert_num_queries(2):
            assert [(c.name, c.state, c.municipality.slug) for c in queries.team([mine.centre_id])] == [
                ("Jana Köster", "busy", "kreis")
            ]
        with django_assert_num_queries(1):
            assert len(queries.earlier_calls(mine, 5)) == 3
        with django_assert_num_queries(1):
            assert queries.today(jana.pk).total == 1
        with django_assert_num_queries(1):
            assert queries.last_calls(jana.pk, 5) == []


def test_earlier_calls_end_after_thirty_days_and_know_no_withheld_number(ring, at_desk):
    old = ring(ringing_at=timezone.now() - timedelta(days=31))
    recent = ring(ringing_at=timezone.now() - timedelta(days=29))
    call, withheld, other = ring(), ring(from_number=""), ring(from_number="")
    with at_desk("agent"):
        assert [c.pk for c in queries.earlier_calls(call, 5)] == [recent.pk]
        assert queries.earlier_calls(withheld, 5) == []
    assert old.pk != other.pk
