"""Whoever leads a team: colleagues' presence, callers who wait, a centre that closes at once, a situation for all. And who may not."""

from datetime import timedelta
from functools import partial

import pytest
import time_machine
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.utils import timezone

from accounts.models import Membership
from telephony_bridge import actions
from telephony_bridge.models import Call, ExchangeCommand, Presence
from telephony_bridge.notice_models import CentreNotice
from telephony_bridge.notices import closing_of, earlier_notices, notices_of
from telephony_bridge.routing.pool import Pool
from telephony_bridge.routing.skills import Wants
from tenants import scope
from tenants.errors import Refusal
from tenants.models import AuditEntry


@pytest.fixture
def jana(soest, at_desk):
    """An agent who is ready, as the supervisor finds her."""
    with at_desk("agent") as person:
        return actions.set_presence(soest.centre, "ready", acting_user=person)


@pytest.fixture
def unna_leads(people, places):
    """The only agent of the other centre leads its team, too."""
    person = people["agent.unna"]
    with scope.front():
        Membership.objects.create(
            person=person, role="supervisor", person_name=person.name, centre=places["unna"].centre
        )
    return person


def state_of(presence):
    with scope.telephony():
        fresh = Presence.objects.get(pk=presence.pk)
    return fresh.state, fresh.after_call, fresh.reason


def logged(action):
    with scope.owner():
        return list(AuditEntry.objects.filter(action=action).order_by("pk"))


# Presence


def test_an_agent_is_put_on_a_break_and_reads_why_and_by_whom(jana, at_desk, news):
    with at_desk("supervisor") as beate:
        actions.lead_presence(jana, "break", "  Besprechung \n im Büro ", acting_user=beate)
    assert state_of(jana) == ("break", "break", "Besprechung im Büro (Beate Hüsing)")
    assert news() == [("presence", str(jana.person_id), "changed")] * 2
    (row,) = logged("lead_presence")
    assert (row.person_name, row.object_label, row.after["state"]) == ("Beate Hüsing", "Jana Köster: break", "break")


def test_what_was_said_twice_is_news_once(jana, at_desk, news):
    with at_desk("supervisor") as beate:
        for _again in range(2):
            actions.lead_presence(jana, "away", "Feierabend", acting_user=beate)
    assert len(news()) == 2
    assert len(logged("lead_presence")) == 1


def test_during_a_call_it_holds_after_it(ring, jana, at_desk):
    call = ring()
    with at_desk("agent") as person:
        actions.claim_call(call, acting_user=person)
    with at_desk("supervisor") as beate:
        actions.lead_presence(jana, "break", "Bitte ins Büro", acting_user=beate)
    assert state_of(jana)[:2] == ("busy", "break")
    with at_desk("agent") as person:
        actions.begin_wrap_up(call, acting_user=person)
        actions.close_call(call, outcome="answered", acting_user=person)
    assert state_of(jana) == ("break", "break", "Bitte ins Büro (Beate Hüsing)")


def test_who_was_signed_out_is_not_called_back_by_the_open_page(jana, at_desk):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        with at_desk("supervisor") as beate:
            actions.lead_presence(jana, "away", "Feierabend", acting_user=beate)
        clock.shift(timedelta(seconds=15))
        with at_desk("agent"):
            actions.heartbeat(jana.person_id, jana.centre_id)
    assert state_of(jana)[0] == "away"


@pytest.mark.parametrize(("state", "reason"), [("ready", "x"), ("busy", "x"), ("break", "  "), ("break", "x" * 81)])
def test_what_cannot_be_said_for_somebody_else(jana, at_desk, state, reason):
    with at_desk("supervisor") as beate, pytest.raises(Refusal):
        actions.lead_presence(jana, state, reason, acting_user=beate)
    assert state_of(jana)[0] == "ready"


def test_the_database_lets_a_supervisor_make_nobody_ready(jana, at_desk):
    with at_desk("supervisor") as beate:
        actions.lead_presence(jana, "break", "x", acting_user=beate)
    for values in ({"state": "ready"}, {"after_call": "ready"}, {"after_call": "wrap-up"}):
        with at_desk("supervisor"), pytest.raises(ProgrammingError), transaction.atomic():
            Presence.objects.filter(pk=jana.pk).update(**values)
    assert state_of(jana)[:2] == ("break", "break")


def test_a_colleague_may_not_and_neither_may_who_leads_another_team(jana, at_desk, unna_leads):
    with at_desk("agent2"):
        assert Presence.objects.filter(pk=jana.pk).update(state="break", after_call="break") == 0
    with at_desk("agent2") as murat, pytest.raises(Presence.DoesNotExist):
        actions.lead_presence(jana, "break", "Streich", acting_user=murat)
    with at_desk("agent.unna"):
        assert not Presence.objects.filter(pk=jana.pk).exists()
        assert Presence.objects.filter(pk=jana.pk).update(state="break", after_call="break") == 0
    assert state_of(jana)[0] == "ready"
    assert logged("lead_presence") == []


# Callers who wait


def wanted():
    with scope.telephony():
        return list(ExchangeCommand.objects.order_by("pk").values_list("verb", "call_id", "person_id"))


def test_who_waits_comes_first_or_to_ones_own_telephone(ring, at_desk, news):
    call = ring(is_controlled=True)
    with at_desk("supervisor") as beate:
        actions.lead_call(call, "first", acting_user=beate)
        actions.lead_call(call, "pull", acting_user=beate, telephone="leitung")
    assert wanted() == [("first", call.pk, beate.pk), ("pull", call.pk, beate.pk)]
    assert call.first_at is not None
    assert news() == [("call", call.public_id, "changed")] * 2
    assert [logged(action)[0].object_label for action in ("put_first", "pull_call")] == [call.public_id] * 2


@pytest.mark.parametrize(
    ("fields", "telephone"),
    [
        ({"is_controlled": False}, "leitung"),
        ({"state": "talking", "agent_id": 1}, "leitung"),
        ({"offered_to_id": 1}, "leitung"),
        ({"phase": "closed"}, "leitung"),
        ({}, ""),
    ],
)
def test_what_does_not_wait_or_has_no_telephone_to_go_to_stays(ring, at_desk, fields, telephone):
    call = ring(**{"is_controlled": True, **fields})
    with at_desk("supervisor") as beate, pytest.raises(Refusal):
        actions.lead_call(call, "pull", acting_user=beate, telephone=telephone)
    assert wanted() == []


def test_an_agent_may_not_by_the_database_either(ring, at_desk, unna_leads):
    call = ring(is_controlled=True)
    for verb in ("first", "pull"):
        with at_desk("agent") as jana, pytest.raises(ProgrammingError), transaction.atomic():
            actions.lead_call(call, verb, acting_user=jana, telephone="agent1")
        with at_desk("agent.unna") as olga, pytest.raises(Call.DoesNotExist):
            actions.lead_call(call, verb, acting_user=olga, telephone="x")
    assert wanted() == []
    with at_desk("agent"), pytest.raises(ProgrammingError), transaction.atomic():
        Call.objects.filter(pk=call.pk).update(first_at=timezone.now())
    for who in ("agent", "agent.unna"):
        with at_desk(who), connection.cursor() as cursor:
            cursor.execute("SELECT public.put_first(%s)", [call.pk])
            assert cursor.fetchone() == (False,)
    with scope.telephony():
        assert Call.objects.get(pk=call.pk).first_at is None


# Closing and situation


def test_a_centre_closes_at_once_and_opens_again_and_the_history_is_kept(soest, at_desk, news):
    centre = soest.centre
    with at_desk("supervisor") as beate:
        actions.set_notice(centre, "closing", " Brandalarm,  wir räumen das Haus. ", acting_user=beate)
    with scope.telephony():
        assert closing_of(centre.pk) == "Brandalarm, wir räumen das Haus."
    with at_desk("agent"):
        (notice,) = notices_of([centre.pk])
        assert (notice.kind, notice.set_by_name, notice.until) == ("closing", "Beate Hüsing", None)
    with at_desk("supervisor") as beate:
        assert actions.end_notice(centre, "closing", acting_user=beate)
        assert not actions.end_notice(centre, "closing", acting_user=beate)
        (old,) = earlier_notices(centre.pk)
        assert old.ended_by_name == "Beate Hüsing"
    with scope.telephony():
        assert closing_of(centre.pk) is None
    assert news() == [("notice", "closing", "changed")] * 2
    assert [len(logged(action)) for action in ("close_centre", "open_centre")] == [1, 1]


def test_a_closing_with_a_time_ends_by_itself_and_the_desks_are_told(soest, at_desk, news):
    now = timezone.now()
    with time_machine.travel(now, tick=False) as clock:
        with at_desk("supervisor") as beate:
            until = now + timedelta(minutes=30)
            actions.set_notice(soest.centre, "closing", "Störung", acting_user=beate, until=until)
        clock.shift(timedelta(minutes=29))
        with scope.worker():
            assert actions.expire_notices() == 0
        clock.shift(timedelta(minutes=1))
        with scope.telephony():
            assert closing_of(soest.centre_id) is None  # at once, whoever cleans up later
        with scope.worker():
            assert actions.expire_notices() == 1
            assert actions.expire_notices() == 0
    assert news() == [("notice", "closing", "changed")] * 2
    assert logged("open_centre")[0].person_name == "System"


def test_a_new_text_takes_the_place_of_the_old_one(soest, at_desk, news):
    with at_desk("supervisor") as beate:
        for text in ("Störfall in Soest", "Störfall in Soest", "Störfall beendet, Straße noch gesperrt"):
            actions.set_notice(soest.centre, "situation", text, acting_user=beate)
        assert [one.text for one in notices_of([soest.centre_id])] == ["Störfall beendet, Straße noch gesperrt"]
        assert [one.text for one in earlier_notices(soest.centre_id)] == ["Störfall in Soest"]
    assert len(news()) == 2


@pytest.mark.parametrize(("text", "minutes"), [("  ", None), ("x" * 301, None), ("Störung", 0)])
def test_what_is_no_notice(soest, at_desk, text, minutes):
    now = timezone.now()
    until = None if minutes is None else now + timedelta(minutes=minutes)
    with time_machine.travel(now, tick=False), at_desk("supervisor") as beate, pytest.raises(Refusal):
        actions.set_notice(soest.centre, "closing", text, acting_user=beate, until=until)


def test_only_who_leads_the_centre_closes_and_opens_it(soest, at_desk, unna_leads):
    centre = soest.centre
    for who in ("agent", "agent.unna"):
        with at_desk(who) as person, pytest.raises(ProgrammingError), transaction.atomic():
            actions.set_notice(centre, "closing", "Streich", acting_user=person)
    with at_desk("supervisor") as beate:
        actions.set_notice(centre, "closing", "Störung", acting_user=beate)
    for who in ("agent", "agent.unna"):
        with at_desk(who):
            assert CentreNotice.objects.update(ended_at=timezone.now()) == 0
        with at_desk(who), pytest.raises(ProgrammingError), transaction.atomic():
            CentreNotice.objects.update(text="Streich")  # not even one's own team's: a text that was said stays said
    with at_desk("agent.unna"):
        assert notices_of([centre.pk]) == []
    with scope.telephony():
        assert closing_of(centre.pk) == "Störung"


def test_nobody_sets_a_notice_in_somebody_elses_name(soest, at_desk, people):
    with at_desk("supervisor"), pytest.raises(ProgrammingError), transaction.atomic():
        CentreNotice.objects.create(centre=soest.centre, kind="closing", text="x", set_by_id=people["agent"].pk)


def test_two_of_a_kind_cannot_hold(soest, at_desk):
    with at_desk("supervisor") as beate:
        actions.set_notice(soest.centre, "closing", "Störung", acting_user=beate)
    with at_desk("supervisor") as beate, pytest.raises(IntegrityError), transaction.atomic():
        CentreNotice.objects.create(centre=soest.centre, kind="closing", text="x", set_by_id=beate.pk)


def test_of_those_who_close_at_once_nobody_replaces_a_text_unseen(in_threads, people):
    """Each of them has either found nothing before, or replaced what it has read, or was told."""
    from tenants.models import ServiceCentre

    beate = people["supervisor"]

    def close(text):
        try:
            with scope.desk(beate.pk), transaction.atomic():
                actions.set_notice(ServiceCentre.objects.get(slug="soest"), "closing", text, acting_user=beate)
        except Refusal:
            return 0
        return 1

    done = in_threads(*(partial(close, f"Text {number}") for number in range(4)))

    def stored():
        with scope.telephony():
            return list(CentreNotice.objects.values_list("ended_at", flat=True))

    (found,) = in_threads(stored)
    assert len(found) == sum(done) > 0
    assert found.count(None) == 1


# In the queue


def waits(*calls):
    pool = Pool()
    for since, call in enumerate(calls):
        pool.seek(call, since=float(since))
    return pool


def test_who_is_put_first_comes_before_every_priority_and_the_last_one_foremost():
    pool = waits("one", "two", "three")
    pool.seek("urgent", since=9.0, wants=Wants(priority=5))
    assert pool.put_first("two")
    assert pool.order() == ["two", "urgent", "one", "three"]
    assert pool.put_first("three")
    assert pool.put_first("three")  # a second press changes nothing
    assert pool.order() == ["three", "two", "urgent", "one"]
    assert pool.position("three") == 1


def test_who_was_put_first_keeps_that_while_a_telephone_rings_in_vain_and_loses_it_with_the_end():
    pool = waits("one", "two")
    pool.put_first("two")
    pool.come("anna")
    assert pool.pairs() == [("two", "anna")]
    assert not pool.put_first("two")  # rings already
    pool.leave("anna")
    pool.release("anna")
    pool.seek("two", "anna", wants=Wants("soest"))
    assert pool.order() == ["two", "one"]
    pool.over("two")
    pool.seek("two", since=2.0)
    assert pool.order() == ["one", "two"]


def test_a_call_is_given_to_somebody_who_takes_none():
    pool = waits("one", "two")
    assert pool.give("two", "lead")
    assert pool.order() == ["one"]
    assert not pool.give("one", "lead")  # has one
    assert not pool.give("two", "other")  # does not wait
    pool.over("two")
    pool.release("lead")
    assert pool.pairs() == []  # and takes none of the others afterwards
    pool.in_use("lead", "channel")
    assert not pool.give("one", "lead")  # on the telephone
    pool.hung_up("channel")
    assert pool.give("one", "lead")


def test_a_call_that_was_promised_to_somebody_can_be_given_to_another():
    pool = waits("one")
    pool.promise("one", "anna")
    assert pool.give("one", "lead")
    assert pool.promised == {}
