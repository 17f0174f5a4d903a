"""From the telephone to the desk and back: the real Asterisk, the real PostgreSQL, and a bridge between them."""

import pytest
from django.db import OperationalError

from telephony_bridge import actions
from telephony_bridge import link as module
from telephony_bridge.asterisk.ami import Ami
from telephony_bridge.asterisk.safety_net import members
from telephony_bridge.models import Call
from telephony_bridge.record_models import CallRecord
from telephony_bridge.routing import calls as c
from tenants import scope
from tests.asterisk.sip import TRUNK_FAR, Caller, Phone, play
from tests.asterisk.town import town

TOWN_HALL, DISTRICT = "+4929211030", "+492921300"


@pytest.fixture
def soest(asterisk, tmp_path, django_db_blocker):
    with django_db_blocker.unblock(), town(asterisk, tmp_path) as made:
        yield made
    assert made.failed == []


def test_a_call_is_on_the_desk_while_it_rings_and_until_it_is_over(asterisk, soest):
    async def played():
        await soest.ask(lambda: soest.is_now("agent", "ready"))
        with soest.linked() as link:
            await soest.active(link)
            async with Phone(asterisk.ports.phones, rings=1.0) as phone:
                async with Caller(TOWN_HALL, asterisk.ports.sip, sender="02921555123") as caller:
                    me = soest.people["agent"].pk
                    call = await soest.call_is(state="ringing", offered_to_id=me)
                    assert (call.municipality.slug, call.from_number, call.is_controlled) == (
                        "soest",
                        "+492921555123",
                        True,
                    )
                    call = await soest.call_is(state="talking", agent_id=me, offered_to_id=None)
                    await soest.agent_is("agent", "busy")
                    await caller.until(lambda: caller.talked > 0.3)
                await soest.call_is(state="wrap-up", agent_id=me)
                await soest.agent_is("agent", "wrap-up")
                assert not phone.talking

    play(played())


def test_accepted_on_the_desk_the_telephone_picks_up_by_itself(asterisk, soest):
    async def played():
        await soest.ask(lambda: soest.is_now("agent", "ready"))
        with soest.linked() as link:
            await soest.active(link)
            async with Phone(asterisk.ports.phones, rings=600) as phone, Caller(DISTRICT, asterisk.ports.sip) as caller:
                await soest.call_is(state="ringing", offered_to_id=soest.people["agent"].pk)
                await soest.ask(lambda: soest.wants("agent", "accept"))
                call = await soest.call_is(state="talking")
                assert call.municipality.slug == "kreis"
                await caller.until(lambda: caller.talked > 0.3)
                assert len(phone.calls) == 2

    play(played())


def test_held_asked_swapped_and_connected_from_the_desk(asterisk, soest):
    async def played():
        await soest.ask(lambda: soest.is_now("agent", "ready"))
        with soest.linked() as link:
            await soest.active(link)
            async with (
                Phone(asterisk.ports.phones) as agent,
                Phone(asterisk.ports.trunk, ip=TRUNK_FAR) as target,
                Caller(TOWN_HALL, asterisk.ports.sip) as caller,
            ):
                await soest.call_is(state="talking", phase="")
                await soest.ask(lambda: soest.wants("agent", "hold"))
                await soest.call_is(phase="held")
                await caller.until(lambda: caller.music > 0.3)
                await soest.ask(
                    lambda: soest.wants("agent", "consult", "+492921301234", "Sabine Müller, 1234, Kreis Soest")
                )
                await soest.call_is(phase="consulting", target="+492921301234")
                await soest.ask(lambda: soest.wants("agent", "swap"))
                await soest.call_is(phase="swapped")
                await soest.ask(lambda: soest.wants("agent", "complete"))
                call = await soest.call_is(state="wrap-up", outcome="transferred", phase="")
                assert call.transferred_to == "Sabine Müller, 1234, Kreis Soest"
                assert target.calls[0].startswith('"Stadt Soest"')
                before = caller.talked
                await caller.until(lambda: caller.talked > before + 0.3)
                assert (bool(target.talking), bool(agent.talking)) == (True, False)

    play(played())


def test_who_is_busy_sends_the_caller_back_to_the_same_agent_who_reads_why(asterisk, soest):
    async def played():
        for who in ("agent", "agent2"):
            await soest.ask(lambda who=who: soest.is_now(who, "ready"))
        with soest.linked() as link:
            await soest.active(link)
            refusing = Phone(asterisk.ports.trunk, ip=TRUNK_FAR, refuses={"+492921301234"})
            async with Phone(asterisk.ports.phones, rings=0.4), refusing, Caller(TOWN_HALL, asterisk.ports.sip):
                first = (await soest.call_is(state="talking")).agent_id
                who = next(name for name, person in soest.people.items() if person.pk == first)
                await soest.ask(lambda: soest.wants(who, "transfer", "+492921301234", "Ordnungsamt"))
                call = await soest.call_is(state="ringing", offered_to_id=first)
                assert (call.returned_from, call.transferred_to, call.outcome) == ("Ordnungsamt", "", "")
                await soest.call_is(state="talking", agent_id=first)

    play(played())


def test_whoever_gets_the_caller_reads_for_whom_and_what_about(asterisk, soest):
    def note():
        with scope.telephony():
            Call.objects.update(concern="Hund anmelden")

    async def played():
        await soest.ask(lambda: soest.is_now("agent", "ready"))
        with soest.linked() as link:
            await soest.active(link)
            target = Phone(asterisk.ports.trunk, ip=TRUNK_FAR)
            async with Phone(asterisk.ports.phones), target, Caller(TOWN_HALL, asterisk.ports.sip):
                await soest.call_is(state="talking")
                await soest.ask(note)
                await soest.ask(lambda: soest.wants("agent", "transfer", "+492921301234", "Ordnungsamt"))
                await soest.call_is(state="wrap-up", outcome="transferred")
                assert target.calls[0].startswith('"Stadt Soest: Hund anmelden"')

    play(played())


def test_the_safety_net_follows_the_desk(asterisk, soest):
    async def played():
        await soest.ask(lambda: soest.is_now("agent", "ready"))
        await soest.ask(lambda: soest.is_now("agent2", "break"))
        with soest.linked() as link:
            await soest.active(link)
            async with Ami.connected(soest.manager, listen=False) as ami:

                async def are(wanted):
                    return await members(ami) == wanted

                await soest.comes_true(lambda: are({"agent1": False, "agent2": True}))
                await soest.ask(lambda: soest.is_now("agent", "away"))
                await soest.ask(lambda: soest.is_now("agent2", "ready"))
                await soest.comes_true(lambda: are({"agent2": False}))

    play(played())


def test_the_record_of_a_call_is_read_by_the_bridge_and_agrees_with_the_desk(asterisk, soest):
    def read(link):
        with scope.telephony():
            link.follow_record()
            return list(CallRecord.objects.filter(end="hangup").values_list("linked", "telephone"))

    async def played():
        await soest.ask(lambda: soest.is_now("agent", "ready"))
        with soest.linked() as link:
            await soest.active(link)
            async with Phone(asterisk.ports.phones):
                async with Caller(TOWN_HALL, asterisk.ports.sip) as caller:
                    call = await soest.call_is(state="talking")
                    await caller.until(lambda: caller.talked > 0.3)

                async def is_read():
                    return (call.external_id, "agent1") in await soest.ask(lambda: read(link))

                await soest.comes_true(is_read)

    play(played())


def test_who_does_not_answer_is_on_a_break_and_reads_why(asterisk, soest):
    async def played():
        await soest.ask(lambda: soest.is_now("agent", "ready"))
        with soest.linked() as link:
            await soest.active(link)
            async with Phone(asterisk.ports.phones, refuses={"agent1"}), Caller(TOWN_HALL, asterisk.ports.sip):
                await soest.agent_is("agent", "break", "Anruf nicht angenommen")
                await soest.call_is(state="ringing", offered_to_id=None)
                await soest.ask(lambda: soest.is_now("agent2", "ready"))
                await soest.call_is(state="talking", agent_id=soest.people["agent2"].pk)

    play(played())


def test_what_happens_while_the_database_cannot_be_reached_is_there_afterwards(asterisk, soest, monkeypatch):
    away, store = [True], actions.store_records

    def stored(*arguments, **options):
        if away[0]:
            raise OperationalError("away")
        return store(*arguments, **options)

    async def played():
        await soest.ask(lambda: soest.is_now("agent", "ready"))
        with soest.linked() as link:
            await soest.active(link)
            async with Phone(asterisk.ports.phones):
                async with Caller(TOWN_HALL, asterisk.ports.sip) as caller:
                    link.loop.call_soon_threadsafe(link.exchange.come, "agent1")
                    await caller.until(lambda: caller.talked > 0.3)
                assert await soest.ask(soest.calls) == []
            away[0] = False
            call = await soest.call_is(state="wrap-up", agent_id=soest.people["agent"].pk)
            assert call.answered_at < call.hung_up_at
            assert len(await soest.ask(soest.calls)) == 1

    monkeypatch.setattr(module.actions, "store_records", stored)
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.05)
    play(played())


def test_a_second_bridge_stands_by_and_takes_over_who_waits_in_their_order(asterisk, soest):
    async def played():
        first = soest.link("first")
        first.start()
        await soest.active(first)
        with soest.linked("second") as second:
            async with Phone(asterisk.ports.phones), Caller(TOWN_HALL, asterisk.ports.sip) as one:
                await one.until(lambda: one.music > 0.2)
                async with Caller(DISTRICT, asterisk.ports.sip) as two:
                    await two.until(lambda: two.music > 0.2)
                    assert second.exchange is None
                    first.loop.call_soon_threadsafe(first.task.cancel)  # as if it were killed: nothing is said any more
                    await soest.active(second)
                    await soest.ask(lambda: soest.is_now("agent", "ready"))
                    await one.until(lambda: one.talked > 0.2)
                    assert two.talked == 0
        first.stop()

    play(played())


def test_who_waits_or_talks_in_the_safety_net_is_with_us_again_when_the_bridge_is(asterisk, soest):
    async def played():
        await soest.ask(lambda: soest.is_now("agent", "ready"))
        await soest.ask(lambda: soest.is_now("agent2", "away"))
        asterisk.console("queue add member PJSIP/agent1 to fallback")
        async with Phone(asterisk.ports.phones), Caller(TOWN_HALL, asterisk.ports.sip) as one:
            await one.until(lambda: one.talked > 0.3)
            async with Caller(DISTRICT, asterisk.ports.sip) as two:
                await two.until(lambda: two.music > 0.3)
                before = one.talked
                with soest.linked() as link:
                    await soest.active(link)
                    await one.until(lambda: one.talked > before + 0.5)
                    await soest.call_is(state="ringing", phase="")  # the newest: who waits does it with us now
                    await soest.comes_true(lambda: talks(soest))
                    link.exchange.wish(next(iter(link.exchange.lines)), c.HangUp())
                    await one.until(one.over.is_set)
                    await soest.ask(lambda: soest.is_now("agent2", "ready"))
                    await two.until(lambda: two.talked > 0.3)
                assert one.gap < 3

    async def talks(soest):
        first = (await soest.ask(soest.calls))[0]
        return (first.state, first.phase, first.agent_id) == ("talking", "", soest.people["agent"].pk)

    play(played())
