"""A supervisor reaches for callers who wait, at the real Asterisk: who was put first is the next one, who was fetched talks with the supervisor."""

import pytest
from django.db import transaction

from telephony_bridge import actions
from telephony_bridge.models import Call, ExchangeCommand, Presence
from tenants import scope
from tests.asterisk.sip import Caller, Phone, play
from tests.asterisk.town import town

TOWN_HALL, DISTRICT = "+4929211030", "+492921300"


@pytest.fixture
def soest(asterisk, tmp_path, django_db_blocker):
    """The supervisor sits at the telephone agent2 and takes no calls."""
    with django_db_blocker.unblock(), town(asterisk, tmp_path) as made:
        play(made.ask(lambda: seat(made)))
        yield made
    assert made.failed == []


def seat(made):
    from accounts.models import Person

    with scope.front(), transaction.atomic():
        made.people["supervisor"] = Person.objects.get(email="supervisor@example.org")
    with scope.owner(), transaction.atomic():
        Person.objects.filter(pk=made.people["agent2"].pk).update(phone_user="")
        Person.objects.filter(pk=made.people["supervisor"].pk).update(phone_user="agent2")


def leads(made, verb, slug):
    """What the supervisor wants of the open call for a municipality."""

    def work():
        person = made.people["supervisor"]
        with scope.desk(person.pk), transaction.atomic():
            call = Call.objects.exclude(state="ended").get(municipality__slug=slug)
            actions.lead_call(call, verb, acting_user=person, telephone="agent2")

    return work


def results():
    with scope.telephony():
        return list(ExchangeCommand.objects.order_by("pk").values_list("verb", "result"))


def test_who_was_put_first_is_the_next_one(asterisk, soest):
    async def played():
        with soest.linked() as link:
            await soest.active(link)
            async with Phone(asterisk.ports.phones), Caller(TOWN_HALL, asterisk.ports.sip) as one:
                await one.until(lambda: one.music > 0.2)
                async with Caller(DISTRICT, asterisk.ports.sip) as two:
                    await two.until(lambda: two.music > 0.2)
                    await soest.call_is(state="ringing", is_controlled=True)
                    await soest.ask(leads(soest, "first", "kreis"))
                    await one.until(lambda: link.exchange.pool.order()[1:])
                    await one.until(lambda: link.exchange.pool.places[link.exchange.pool.order()[0]].front)
                    await soest.ask(lambda: soest.is_now("agent", "ready"))
                    await two.until(lambda: two.talked > 0.3)
                    assert one.talked == 0
                assert await soest.ask(results) == [("first", "done")]

    play(played())


def test_who_was_fetched_talks_with_the_supervisor_who_takes_no_calls(asterisk, soest):
    async def played():
        supervisor = soest.people["supervisor"].pk
        with soest.linked() as link:
            await soest.active(link)
            async with Phone(asterisk.ports.phones, rings=0.3), Caller(TOWN_HALL, asterisk.ports.sip) as one:
                await one.until(lambda: one.music > 0.2)
                async with Caller(DISTRICT, asterisk.ports.sip) as two:
                    await two.until(lambda: two.music > 0.2)
                    await soest.call_is(state="ringing", is_controlled=True)
                    await soest.ask(leads(soest, "pull", "kreis"))
                    await soest.call_is(state="talking", agent_id=supervisor, agent_name="Beate Hüsing")
                    await two.until(lambda: two.talked > 0.3)
                    assert one.talked == 0
                    await soest.agent_is("supervisor", "busy")
                    await soest.ask(leads(soest, "pull", "soest"))  # the telephone is in use
                    await refused(soest)
                await soest.call_is(state="wrap-up", agent_id=supervisor)
                assert one.talked == 0  # who waits is not sent to a telephone that takes none
                await soest.ask(lambda: soest.is_now("agent", "ready"))
                await one.until(lambda: one.talked > 0.3)

    async def refused(made):
        while (now := await made.ask(results))[-1] != ("pull", "refused"):
            assert now[-1] == ("pull", "") or now[-1] == ("pull", "done"), now
        assert now == [("pull", "done"), ("pull", "refused")]

    play(played())


def test_a_supervisor_who_does_not_answer_leaves_the_caller_the_place(asterisk, soest):
    async def played():
        with soest.linked() as link:
            await soest.active(link)
            async with (
                Phone(asterisk.ports.phones, refuses={"agent2"}) as phone,
                Caller(TOWN_HALL, asterisk.ports.sip) as one,
            ):
                await one.until(lambda: one.music > 0.2)
                await soest.call_is(state="ringing", is_controlled=True)
                await soest.ask(leads(soest, "pull", "soest"))
                await one.until(lambda: phone.refused)
                await soest.call_is(state="ringing", offered_to_id=None)
                await soest.ask(lambda: soest.is_now("agent", "ready"))
                await soest.call_is(state="talking", agent_id=soest.people["agent"].pk)

    play(played())


def test_who_was_put_first_stays_so_when_another_bridge_takes_over(asterisk, soest):
    async def played():
        first = soest.link("first")
        first.start()
        await soest.active(first)
        with soest.linked("second") as second:
            async with Phone(asterisk.ports.phones), Caller(TOWN_HALL, asterisk.ports.sip) as one:
                await one.until(lambda: one.music > 0.2)
                async with Caller(DISTRICT, asterisk.ports.sip) as two:
                    await two.until(lambda: two.music > 0.2)
                    await soest.call_is(state="ringing", is_controlled=True)
                    await soest.ask(leads(soest, "first", "kreis"))
                    await one.until(lambda: any(place.front for place in first.exchange.pool.places.values()))
                    first.loop.call_soon_threadsafe(first.task.cancel)  # as if it were killed
                    await soest.active(second)
                    await one.until(lambda: second.in_order is second.exchange)
                    await soest.ask(lambda: soest.is_now("agent", "ready"))
                    await two.until(lambda: two.talked > 0.2)
                    assert one.talked == 0
        first.stop()

    play(played())


def test_who_was_put_on_a_break_gets_no_more_calls(asterisk, soest):
    def sent_away():
        person = soest.people["supervisor"]
        with scope.desk(person.pk), transaction.atomic():
            presence = Presence.objects.get(person_id=soest.people["agent"].pk, centre=soest.centre)
            actions.lead_presence(presence, "break", "Besprechung", acting_user=person)

    async def played():
        await soest.ask(lambda: soest.is_now("agent", "ready"))
        with soest.linked() as link:
            await soest.active(link)
            await soest.comes_true(lambda: holds(link, ["agent1"]))
            await soest.ask(sent_away)
            await soest.comes_true(lambda: holds(link, []))
            async with Phone(asterisk.ports.phones) as phone, Caller(TOWN_HALL, asterisk.ports.sip) as caller:
                await soest.call_is(state="ringing", offered_to_id=None)
                await caller.until(lambda: caller.music > 0.5)
                assert (caller.talked, phone.calls) == (0, [])

    async def holds(link, free):
        return link.exchange.pool.free == free

    play(played())
