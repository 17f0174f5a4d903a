"""Presence: said by the agent, overruled by calls, ended by silence."""

from datetime import timedelta

import pytest
import time_machine
from django.db import ProgrammingError, transaction
from django.utils import timezone

from accounts.models import Membership
from telephony_bridge import actions, queries
from telephony_bridge.models import Presence
from tenants import scope
from tenants.errors import Refusal


def state_of(person):
    return Presence.objects.get(person_id=person.pk).state


def test_during_a_call_it_means_the_time_after_it(ring, at_desk):
    call = ring()
    with at_desk("agent") as jana:
        actions.set_presence(call.centre, "ready", acting_user=jana)
        actions.claim_call(call, acting_user=jana)
        presence = actions.set_presence(call.centre, "break", acting_user=jana)
        assert (presence.state, presence.after_call) == ("busy", "break")
        actions.begin_wrap_up(call, acting_user=jana)
        assert state_of(jana) == "wrap-up"
        actions.close_call(call, outcome="answered", acting_user=jana)
        assert state_of(jana) == "break"


def test_unknown_states_are_refused(soest, at_desk):
    with at_desk("agent") as jana, pytest.raises(Refusal):
        actions.set_presence(soest.centre, "busy", acting_user=jana)


def test_saying_the_same_twice_tells_nobody(soest, at_desk, news):
    with at_desk("agent") as jana:
        actions.set_presence(soest.centre, "ready", acting_user=jana)
        actions.set_presence(soest.centre, "ready", acting_user=jana)
    assert news() == [("presence", str(jana.pk), "changed")]


def test_nobody_signs_a_colleague_out(soest, at_desk, people):
    with at_desk("agent") as jana:
        actions.set_presence(soest.centre, "ready", acting_user=jana)
    with at_desk("agent2"):
        assert Presence.objects.filter(person_id=jana.pk).exists()  # seen
        assert Presence.objects.filter(person_id=jana.pk).update(state="away") == 0
        with pytest.raises(ProgrammingError), transaction.atomic():
            Presence.objects.create(person_id=jana.pk, person_name="x", centre_id=soest.centre_id)


def test_without_a_heartbeat_away_and_back_with_the_next(soest, at_desk, people, news):
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        with at_desk("agent") as jana:
            actions.set_presence(soest.centre, "ready", acting_user=jana)
        clock.shift(timedelta(seconds=46))
        with scope.telephony():
            assert actions.expire_presences() == 1
            assert actions.expire_presences() == 0
            assert state_of(jana) == "away"
        with at_desk("agent"):
            assert actions.heartbeat(jana.pk, soest.centre_id)
            assert state_of(jana) == "ready"
            actions.set_presence(soest.centre, "away", acting_user=jana)
            clock.shift(timedelta(seconds=30))
            actions.heartbeat(jana.pk, soest.centre_id)
            assert state_of(jana) == "away"  # said so themselves


def test_heartbeats_in_close_succession_write_once(soest, at_desk, django_assert_num_queries):
    with time_machine.travel(timezone.now(), tick=False) as clock, at_desk("agent") as jana:
        actions.set_presence(soest.centre, "ready", acting_user=jana)
        with django_assert_num_queries(1):
            assert not actions.heartbeat(jana.pk, soest.centre_id)
        clock.shift(timedelta(seconds=11))
        assert actions.heartbeat(jana.pk, soest.centre_id)


def test_the_heartbeats_of_all_open_pages_cost_as_many_statements_as_one(
    soest, people, news, django_assert_num_queries
):
    posts = [(person, soest.centre_id) for person in range(9000, 9200)]
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock, scope.telephony():
        Presence.objects.bulk_create(
            Presence(person_id=person, person_name="x", centre_id=centre, state="ready") for person, centre in posts
        )
        clock.shift(timedelta(seconds=11))
        with transaction.atomic(), django_assert_num_queries(5):  # with a savepoint and its release
            assert actions.heartbeats(posts) == 200
        assert actions.heartbeats(posts) == 0
        assert set(Presence.objects.filter(person_id__gte=9000).values_list("seen_at", flat=True)) == {timezone.now()}
    assert news() == []


def test_of_all_open_pages_each_becomes_what_its_person_chose(soest, news):
    start, centre = timezone.now(), soest.centre_id
    chosen = {9001: ("ready", "ready"), 9002: ("away", "ready"), 9003: ("away", "away"), 9004: ("busy", "break")}
    with time_machine.travel(start, tick=False) as clock, scope.telephony():
        for person, (state, after) in chosen.items():
            Presence.objects.create(
                person_id=person, person_name="x", centre_id=centre, state=state, after_call=after, seen_at=start
            )
        clock.shift(timedelta(seconds=60))
        posts = [(person, centre) for person in (*chosen, 9005)]  # the last has none in this centre
        assert actions.heartbeats([*posts, (9001, centre + 1000)]) == 4
        rows = Presence.objects.filter(person_id__gte=9000).order_by("person_id").values_list("state", "seen_at")
        assert list(rows) == [(state, timezone.now()) for state in ("ready", "ready", "away", "busy")]
    assert news() == [("presence", "9002", "changed")]


def test_a_page_that_lives_is_not_expired_in_the_middle_of_a_call(ring, at_desk):
    call = ring()
    with time_machine.travel(timezone.now(), tick=False) as clock:
        with at_desk("agent") as jana:
            actions.set_presence(call.centre, "ready", acting_user=jana)
            actions.claim_call(call, acting_user=jana)
        clock.shift(timedelta(seconds=60))
        with scope.telephony():
            actions.expire_presences()
        with at_desk("agent") as jana:
            actions.heartbeat(jana.pk, call.centre_id)
            assert state_of(jana) == "busy"


def test_the_team_are_those_who_work_there(at_desk, places, people):
    """A presence outlives the membership; who is gone is not shown, whatever it says."""
    centre = places["soest"].centre
    for who in ("agent", "agent2"):
        with at_desk(who) as person:
            actions.set_presence(centre, "ready", acting_user=person)
    with scope.front():
        Membership.objects.filter(person=people["agent2"]).delete()
    with at_desk("agent"):
        assert [one.name for one in queries.team([centre.pk])] == ["Jana Köster"]


def test_one_telephone_has_one_person_who_is_there(at_desk, soest, people):
    from telephony_bridge.models import Telephone
    from telephony_bridge.staff import agents_at_telephones

    with scope.operator(), transaction.atomic():
        Telephone.objects.create(centre=soest.centre, user="platz3", label="Platz 3", extension="903")
    with scope.front(), transaction.atomic():
        type(people["agent"]).objects.filter(pk=people["agent"].pk).update(phone_user="own")
    with at_desk("agent") as person:
        actions.set_presence(soest.centre, "ready", acting_user=person)
        actions.sign_in_at(soest.centre, "platz3", acting_user=person)
    with at_desk("agent2") as person:
        with pytest.raises(Refusal, match="Am Telefon „Platz 3“ sitzt "):
            actions.sign_in_at(soest.centre, "platz3", acting_user=person)
        with pytest.raises(Refusal, match="gibt es nicht mehr"):
            actions.sign_in_at(soest.centre, "platz4", acting_user=person)
    with scope.telephony():
        found = agents_at_telephones(soest.centre_id)
        assert (found["platz3"].person_id, "own" in found) == (people["agent"].pk, False)
    with at_desk("agent") as person:
        actions.sign_in_at(soest.centre, "", acting_user=person)
    with scope.telephony():
        assert agents_at_telephones(soest.centre_id)["own"].state == "ready"


@pytest.mark.parametrize(
    "typed", ["+4990012345@trunk", "trunk", "trunk/sip:1@198.51.100.7", "a&PJSIP/b", "a b", "a\r\nAction: Command"]
)
def test_what_somebody_types_is_a_telephone_or_nothing(at_desk, soest, people, typed):
    """Else calls would be offered to wherever an agent wants, at the centre's cost."""
    from telephony_bridge.staff import agents_at_telephones

    with scope.front(), transaction.atomic():
        type(people["agent"]).objects.filter(pk=people["agent"].pk).update(phone_user=typed)
    with at_desk("agent2") as person:  # as if the login were misused: the page offers telephones of the centre only
        actions.set_presence(soest.centre, "ready", acting_user=person)
        Presence.objects.filter(person_id=person.pk).update(telephone=typed[:40])
    with scope.telephony():
        assert agents_at_telephones(soest.centre_id) == {}


@pytest.mark.parametrize("has_own", [False, True])
def test_who_has_gone_keeps_a_telephone_from_nobody(at_desk, soest, people, has_own):
    from telephony_bridge.models import Telephone
    from telephony_bridge.staff import agents_at_telephones

    with scope.operator(), transaction.atomic():
        Telephone.objects.create(centre=soest.centre, user="platz3", label="Platz 3")
    first, second = sorted(("agent", "agent2"), key=lambda who: people[who].pk)
    with at_desk(first) as person:
        actions.sign_in_at(soest.centre, "platz3", acting_user=person)
        actions.set_presence(soest.centre, "away", acting_user=person)
    with scope.front(), transaction.atomic():
        type(people[second]).objects.filter(pk=people[second].pk).update(phone_user="Platz3" if has_own else "")
    with at_desk(second) as person:
        if not has_own:
            actions.sign_in_at(soest.centre, "platz3", acting_user=person)
        actions.set_presence(soest.centre, "ready", acting_user=person)
    with scope.telephony():
        (agent,) = agents_at_telephones(soest.centre_id).values()
        assert (agent.person_id, agent.state) == (people[second].pk, "ready")
