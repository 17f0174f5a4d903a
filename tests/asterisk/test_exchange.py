"""The exchange at a real Asterisk: who calls is connected, held, transferred, comes back; and nobody is lost while we are away."""

import asyncio
import os
import signal
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from config.processes import end_with_parent
from telephony_bridge.routing import calls as c
from telephony_bridge.routing.ari import Access, Ari
from telephony_bridge.routing.calls import State
from telephony_bridge.routing.exchange import Exchange, ReplacedError
from tests.asterisk.sip import PATIENCE, TRUNK_FAR, Caller, Phone, play
from tests.thoroughness import PATIENT

TOWN_HALL = "+4929211030"


@pytest.fixture
def access(asterisk):
    return Access("127.0.0.1", asterisk.ports.http, "bridge", asterisk.secret())


@asynccontextmanager
async def running(access, *agents):
    """An exchange that is connected; whatever it fails with fails the test, and so does every command that Asterisk refused."""
    failed = []
    exchange = Exchange(
        access, agents, lambda what, call, details: failed.append((call, details)) if what == "failed" else None
    )
    work = asyncio.create_task(exchange.run())
    await asyncio.wait_for(exchange.connected.wait(), PATIENCE)
    try:
        yield exchange
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
    assert [one for one in failed if PATIENT or not is_silence(one[1])] == []


def is_silence(details):
    """Whether Asterisk did not answer, which is no refusal. Asterisk 22.10 says nothing for some ten seconds, about once in a hundred calls that end
    while their bridge is taken down; we connect anew then, and the scene has to come out all the same. The cause
    is not found; SLOW=1 shows where it does."""
    return details["reason"] in ("503 TimeoutError", "503 ConnectionClosedError", "503 not connected")


async def until(holds, what=""):
    end = asyncio.get_running_loop().time() + PATIENCE
    while not holds():
        assert asyncio.get_running_loop().time() < end, what
        await asyncio.sleep(0.02)


def only(exchange):
    """The one call that there is."""
    (line,) = exchange.lines.values()
    return line.call


async def channels(access):
    async with Ari.connected(Access(access.host, access.port, access.user, access.password, app="looking")) as ari:
        return [channel["name"] for channel in await ari("GET", "channels")]


def test_a_call_is_connected_and_ends(asterisk, access):
    async def played():
        async with running(access, "agent1") as exchange, Phone(asterisk.ports.phones) as phone:
            async with Caller(TOWN_HALL, asterisk.ports.sip) as caller:
                await caller.until(lambda: caller.talked > 0.5)
                assert only(exchange).state is State.TALKING
                assert caller.gap < 3
            await until(lambda: not exchange.lines)
            await until(lambda: exchange.pool.free == ["agent1"])
            await until(lambda: not phone.talking)
        assert await channels(access) == []

    play(played())


def test_who_waits_hears_music_until_somebody_comes(asterisk, access):
    async def played():
        async with (
            running(access) as exchange,
            Phone(asterisk.ports.phones),
            Caller(TOWN_HALL, asterisk.ports.sip) as caller,
        ):
            await caller.until(lambda: caller.music > 0.5)
            assert caller.talked == 0
            exchange.come("agent1")
            await caller.until(lambda: caller.talked > 0.5)

    play(played())


def test_who_does_not_answer_gets_no_more_calls_and_the_caller_goes_to_the_next(asterisk, access):
    async def played():
        async with (
            running(access, "agent1", "agent2") as exchange,
            Phone(asterisk.ports.phones, refuses={"agent1"}) as phone,
            Caller(TOWN_HALL, asterisk.ports.sip) as caller,
        ):
            await caller.until(lambda: caller.talked > 0.2)
            assert only(exchange).agent == "agent2"
            assert exchange.pool.free == []
            assert phone.refused == ["agent1"]

    play(played())


def test_held_the_caller_hears_music_and_then_the_agent_again(asterisk, access):
    async def played():
        async with (
            running(access, "agent1") as exchange,
            Phone(asterisk.ports.phones),
            Caller(TOWN_HALL, asterisk.ports.sip) as caller,
        ):
            await caller.until(lambda: caller.talked > 0.2)
            exchange.wish(only(exchange).id, c.Hold())
            await caller.until(lambda: caller.music > 0.5)
            exchange.wish(only(exchange).id, c.Resume())
            before = caller.talked
            await caller.until(lambda: caller.talked > before + 0.3)

    play(played())


def test_blind_to_somebody_who_is_there(asterisk, access):
    async def played():
        async with running(access, "agent1") as exchange, Phone(asterisk.ports.phones) as agent:
            async with (
                Phone(asterisk.ports.trunk, ip=TRUNK_FAR) as target,
                Caller(TOWN_HALL, asterisk.ports.sip) as caller,
            ):
                await caller.until(lambda: caller.talked > 0.2)
                exchange.wish(only(exchange).id, c.Transfer("+492921301234"))
                await until(lambda: target.talking)
                before = caller.talked
                await caller.until(lambda: caller.talked > before + 0.3)
                await until(lambda: not agent.talking)
                await until(lambda: only(exchange).state is State.TRANSFERRED)
                await until(lambda: exchange.pool.free == ["agent1"])
            await until(lambda: not exchange.lines)

    play(played())


def test_blind_to_somebody_who_is_busy_comes_back_to_the_same_agent(asterisk, access):
    async def played():
        async with running(access, "agent1", "agent2") as exchange, Phone(asterisk.ports.phones) as phone:
            refusing = Phone(asterisk.ports.trunk, ip=TRUNK_FAR, refuses={"+492921301234"})
            async with refusing as target, Caller(TOWN_HALL, asterisk.ports.sip) as caller:
                await caller.until(lambda: caller.talked > 0.2)
                first = only(exchange).agent
                exchange.wish(only(exchange).id, c.Transfer("+492921301234"))
                await until(lambda: target.refused)
                await until(lambda: len(phone.calls) == 2)
                before = caller.talked
                await caller.until(lambda: caller.talked > before + 0.3)
                assert (only(exchange).agent, only(exchange).state) == (first, State.TALKING)

    play(played())


def test_asked_and_connected(asterisk, access):
    async def played():
        async with running(access, "agent1") as exchange, Phone(asterisk.ports.phones) as agent:
            async with (
                Phone(asterisk.ports.trunk, ip=TRUNK_FAR) as target,
                Caller(TOWN_HALL, asterisk.ports.sip) as caller,
            ):
                await caller.until(lambda: caller.talked > 0.2)
                call = only(exchange).id
                exchange.wish(call, c.Consult("+492921301234"))
                await until(lambda: only(exchange).state is State.CONSULTING)
                await caller.until(lambda: caller.music > 0.3)
                exchange.wish(call, c.Complete())
                before = caller.talked
                await caller.until(lambda: caller.talked > before + 0.3)
                await until(lambda: not agent.talking)
                assert target.talking
                assert only(exchange).state is State.TRANSFERRED
            await until(lambda: not exchange.lines)

    play(played())


@asynccontextmanager
async def left_alone(access, asterisk, *agents, when, rings=0.3):
    """A caller whose exchange goes away, as if its process were gone, when something holds of (exchange, caller, phone)."""
    async with Phone(asterisk.ports.phones, rings=rings) as phone, AsyncExitStack() as calling:
        async with running(access, *agents) as exchange:
            caller = await calling.enter_async_context(Caller(TOWN_HALL, asterisk.ports.sip))
            await caller.until(lambda: when(exchange, caller, phone))
        yield caller, phone


def test_two_talk_on_while_we_are_away_and_we_take_over_again(asterisk, access):
    async def played():
        talk = left_alone(access, asterisk, "agent1", when=lambda _exchange, caller, _phone: caller.talked > 0.3)
        async with talk as (caller, phone):
            before = caller.talked
            await caller.until(lambda: caller.talked > before + 1)
            async with running(access, "agent1") as exchange:
                assert (only(exchange).state, only(exchange).agent) == (State.TALKING, "agent1")
                assert exchange.pool.free == []
                exchange.wish(only(exchange).id, c.HangUp())
                await caller.until(caller.over.is_set)
                await until(lambda: not phone.talking)
                await until(lambda: exchange.pool.free == ["agent1"])
            assert caller.gap < 3  # on a busy machine; a talk that was torn would stay silent

    play(played())


def test_who_waits_while_we_are_away_reaches_a_telephone_by_the_lease(asterisk, access):
    async def played():
        asterisk.console("queue add member PJSIP/agent2 to fallback")
        async with left_alone(access, asterisk, when=lambda _exchange, caller, _phone: caller.music > 0.3) as (
            caller,
            _phone,
        ):
            assert caller.talked == 0
            await caller.until(lambda: caller.talked > 0.3)

    play(played())


def test_who_waits_is_taken_over_when_we_are_back_in_time(asterisk, access):
    async def played():
        async with (
            left_alone(access, asterisk, when=lambda _exchange, caller, _phone: caller.music > 0.3) as (
                caller,
                _phone,
            ),
            running(access) as exchange,
        ):
            assert only(exchange).state is State.QUEUED
            exchange.come("agent1")
            await caller.until(lambda: caller.talked > 0.3)
            await caller.hang_up()
            await until(lambda: not exchange.lines)

    play(played())


def test_who_answers_while_we_are_away_gets_the_caller(asterisk, access):
    async def played():
        ringing = left_alone(access, asterisk, "agent1", when=lambda _exchange, _caller, phone: phone.calls, rings=3.0)
        async with ringing as (caller, phone):
            assert not phone.talking
            await caller.until(lambda: caller.talked > 0.3)

    play(played())


def test_who_hangs_up_while_we_are_away_leaves_nobody_in_silence(asterisk, access):
    async def played():
        talk = left_alone(access, asterisk, "agent1", when=lambda _exchange, caller, _phone: caller.talked > 0.3)
        async with talk as (caller, phone):
            await caller.hang_up()
            assert phone.talking  # alone in our bridge
            async with running(access, "agent1"):
                await until(lambda: not phone.talking)
            assert await channels(access) == []

    play(played())


def test_a_second_one_makes_the_first_end_loudly(access):
    async def played():
        first = Exchange(access, note=lambda *_: None)
        work = asyncio.create_task(first.run())
        await asyncio.wait_for(first.connected.wait(), PATIENCE)
        async with running(access):
            with pytest.raises(ReplacedError):
                await asyncio.wait_for(work, PATIENCE)

    play(played())


def test_asterisk_that_is_killed_is_found_again(asterisk, access):
    async def played():
        exchange = Exchange(access, ("agent1",), note=lambda *_: None)
        work = asyncio.create_task(exchange.run())
        await asyncio.wait_for(exchange.connected.wait(), PATIENCE)  # who calls before that waits in the fallback queue
        async with Phone(asterisk.ports.phones):
            async with Caller(TOWN_HALL, asterisk.ports.sip) as caller:
                await caller.until(lambda: caller.talked > 0.2)
                await asyncio.to_thread(asterisk.stop, signal.SIGKILL)
                await until(lambda: not exchange.connected.is_set())
                caller.over.set()
            asterisk.start(before=end_with_parent(os.getpid()))  # in this thread: its end would be the parent's
            await until(exchange.connected.is_set)
            await until(lambda: not exchange.lines)  # closed as lost
            await until(lambda: exchange.pool.free == ["agent1"])
            async with Caller(TOWN_HALL, asterisk.ports.sip) as caller:
                await caller.until(lambda: caller.talked > 0.2)
        work.cancel()

    play(played())
