"""Asterisk itself ends, is killed, loses a telephone, or does not do what is wanted; and comes back. With the desk's rows and presences."""

import asyncio
import os
import signal
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest

from config.processes import end_with_parent
from telephony_bridge.routing.ari import Ari, AriError
from telephony_bridge.routing.requests import RINGS, lease
from tests.asterisk.processes import at_asterisk, in_the_safety_net, nobody_is_left, rows_are_true
from tests.asterisk.sip import TRUNK_FAR, Caller, Phone, play
from tests.asterisk.slowness import slow
from tests.asterisk.town import town

TOWN_HALL = "+4929211030"


@pytest.fixture
def soest(asterisk, tmp_path, django_db_blocker):
    with django_db_blocker.unblock(), town(asterisk, tmp_path) as made:
        yield made
    assert made.failed == []


@slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_it_ends_under_calls_and_serves_the_next(asterisk, soest, number):
    """Who talked, whose telephone rang and who waited have lost their calls, and the rows say so."""

    async def played():
        await soest.ask(lambda: soest.is_now("agent", "ready"))
        with soest.linked() as link:
            await soest.active(link)
            before = link.exchange.started
            async with Phone(asterisk.ports.phones) as phone:
                async with (
                    Caller(TOWN_HALL, asterisk.ports.sip) as talks,
                    Caller(TOWN_HALL, asterisk.ports.sip) as waits,
                ):
                    await soest.comes_true(lambda: soest.ask(lambda: len(soest.calls()) == 2))
                    await talks.until(lambda: talks.talked > 0.2 or waits.talked > 0.2)
                    await asyncio.to_thread(asterisk.stop, number)
                    talks.over.set()
                    waits.over.set()
                phone.talking.clear()
                phone.quiet.set()
                asterisk.start(before=end_with_parent(os.getpid()))  # in this thread: its end would be the parent's
                await soest.active(link)
                assert link.exchange.started > before  # so its log says of no call any more that it goes on
                await rows_are_true(soest, 2)
                await soest.agent_is("agent", "wrap-up")
                await soest.ask(lambda: soest.is_now("agent2", "ready"))
                async with Caller(TOWN_HALL, asterisk.ports.sip) as caller:
                    await caller.until(lambda: caller.talked > 0.2)
            await nobody_is_left(soest)
            calls = await rows_are_true(soest, 3)
            assert calls[-1].agent_id == soest.people["agent2"].pk

    play(played())


@slow
def test_a_telephone_that_is_gone_gets_no_more_calls_until_its_agent_says_so(asterisk, soest):
    async def played():
        await soest.ask(lambda: soest.is_now("agent", "ready"))
        with soest.linked() as link:
            await soest.active(link)
            async with Caller(TOWN_HALL, asterisk.ports.sip) as caller:  # nobody is at the telephone's address
                await caller.until(lambda: caller.music > RINGS / 2)
                await soest.agent_is("agent", "break", "Anruf nicht angenommen")
                await soest.call_is(state="ringing", offered_to_id=None)
                async with Phone(asterisk.ports.phones):
                    await soest.ask(lambda: soest.is_now("agent", "ready"))
                    await caller.until(lambda: caller.talked > 0.3)
                    await caller.hang_up()
                    await nobody_is_left(soest)
                    (call,) = await rows_are_true(soest, 1)
                    assert call.agent_id == soest.people["agent"].pk

    play(played())


def refuse(link, part):
    """Asterisk does not do what has `part` in its path, the first time: a channel has just vanished."""
    ask, refused = link.exchange.ask, []

    async def asked(wanted):
        if part in wanted.path and not refused:
            refused.append(wanted)
            raise AriError(404, "Channel not found")
        return await ask(wanted)

    link.exchange.ask = asked
    return refused


def test_who_could_not_be_brought_together_is_asked_for_and_tried_again(asterisk, soest):
    async def played():
        await soest.ask(lambda: soest.is_now("agent", "ready"))
        with soest.linked() as link:
            await soest.active(link)
            refused = refuse(link, "addChannel")
            async with Phone(asterisk.ports.phones), Caller(TOWN_HALL, asterisk.ports.sip) as caller:
                await caller.until(lambda: caller.talked > 0.3)
                assert refused
                await soest.call_is(state="talking", agent_id=soest.people["agent"].pk)
                await caller.hang_up()
                await nobody_is_left(soest)
                await rows_are_true(soest, 1)

    play(played())


def test_who_could_not_be_sent_away_is_still_with_the_agent(asterisk, soest):
    async def played():
        await soest.ask(lambda: soest.is_now("agent", "ready"))
        with soest.linked() as link:
            await soest.active(link)
            refused = refuse(link, "continue")
            target = Phone(asterisk.ports.trunk, ip=TRUNK_FAR)
            async with Phone(asterisk.ports.phones), target, Caller(TOWN_HALL, asterisk.ports.sip) as caller:
                await soest.call_is(state="talking")
                await soest.ask(lambda: soest.wants("agent", "transfer", "+492921301234", "Ordnungsamt"))
                await caller.until(lambda: refused)
                await soest.call_is(state="talking", phase="", outcome="", agent_id=soest.people["agent"].pk)
                before = caller.talked
                await caller.until(lambda: caller.talked > before + 0.3)
                await soest.ask(lambda: soest.wants("agent", "transfer", "+492921301234", "Ordnungsamt"))
                await soest.call_is(outcome="transferred")
                await caller.until(lambda: target.talking)
                await caller.hang_up()
                await nobody_is_left(soest)
                await rows_are_true(soest, 1)

    play(played())


def test_an_agent_who_vanishes_before_they_are_together_costs_the_caller_nothing(asterisk, soest):
    """The leg is gone in the moment in which both were to be joined."""

    async def played():
        await soest.ask(lambda: soest.is_now("agent", "ready"))
        with soest.linked() as link:
            await soest.active(link)
            ask, vanished = link.exchange.ask, []

            async def late(wanted):
                if "addChannel" in wanted.path and not vanished:
                    vanished.append(wanted.query["channel"].split(",")[-1])
                    await link.exchange.ari("DELETE", f"channels/{vanished[0]}")
                return await ask(wanted)

            link.exchange.ask = late
            async with Phone(asterisk.ports.phones), Caller(TOWN_HALL, asterisk.ports.sip) as caller:
                await caller.until(lambda: vanished)
                await soest.ask(lambda: soest.is_now("agent2", "ready"))
                await caller.until(lambda: caller.talked > 0.3)
                assert not caller.over.is_set()
                await caller.hang_up()
                await nobody_is_left(soest)
                await rows_are_true(soest, 1)

    play(played())


def test_whom_the_dialplan_cannot_fetch_goes_to_the_safety_net(asterisk, soest):
    """[take], where who has answered into a bridge that is no more is gone already."""

    async def played():
        async with Phone(asterisk.ports.phones), AsyncExitStack() as calling:
            with soest.linked() as link:
                await soest.active(link)
                caller = await calling.enter_async_context(Caller(TOWN_HALL, asterisk.ports.sip))
                await soest.call_is(state="ringing")
                await caller.until(lambda: caller.music > 0.2)
            with in_the_safety_net(asterisk, "agent2"):
                (channel,) = await at_asterisk(soest.access, "channels")
                asterisk.console(f"channel redirect {channel['name']} take,s,1")
                await caller.until(lambda: caller.talked > 0.3)
            await caller.hang_up()
            with soest.linked() as link:
                await soest.active(link)
                await nobody_is_left(soest)
                await rows_are_true(soest, 1)

    play(played())


def test_a_lease_that_is_renewed_too_late_ends_no_call(asterisk, soest):
    """Who is with the dialplan is not put under a lease again: it would end a talk there."""

    async def played():
        with in_the_safety_net(asterisk, "agent1"):
            async with Phone(asterisk.ports.phones), Caller(TOWN_HALL, asterisk.ports.sip) as caller:
                await caller.until(lambda: caller.talked > 0.2)
                channels = await at_asterisk(soest.access, "channels")
                (own,) = [channel["id"] for channel in channels if "trunk" in channel["name"]]
                access = replace(soest.access, app="looking")
                async with Ari.connected(access) as ari:
                    with pytest.raises(AriError, match="409"):
                        wanted = lease(own)
                        await ari(wanted.method, wanted.path, **wanted.query)

    play(played())
