"""One bridge serves, another stands by: killed, frozen and woken, in the same folder. Real processes, Asterisk and PostgreSQL."""

import signal
from contextlib import asynccontextmanager

import pytest

from config.commands.services import REPLACED
from tests.asterisk.processes import Bridge, nobody_is_left, rows_are_true
from tests.asterisk.sip import Caller, Phone, play
from tests.asterisk.slowness import slow
from tests.asterisk.test_life import is_served
from tests.asterisk.town import town

TOWN_HALL, DISTRICT = "+4929211030", "+492921300"
TAKES_OVER = 5.0  # seconds, at most


@pytest.fixture
def soest(asterisk, tmp_path, django_db_blocker):
    with django_db_blocker.unblock(), town(asterisk, tmp_path) as made:
        yield made
    assert made.failed == []


@asynccontextmanager
async def pair(soest, asterisk):
    """A bridge that serves, and one that waits for its turn."""
    first, second = Bridge(soest, asterisk, "first"), Bridge(soest, asterisk, "second")
    async with Phone(asterisk.ports.phones), first:
        await first.serves()
        async with second:
            await second.says("standby.waits")
            yield first, second


@slow
def test_frozen_it_is_replaced_and_ends_when_it_wakes(asterisk, soest):
    """Who talks, who waits and who calls meanwhile are served by the second; what the first does when it wakes changes nothing of that."""

    async def played():
        await soest.ask(lambda: soest.is_now("agent", "ready"))
        async with pair(soest, asterisk) as (first, second), Caller(TOWN_HALL, asterisk.ports.sip) as talks:
            await talks.until(lambda: talks.talked > 0.3)
            async with Caller(DISTRICT, asterisk.ports.sip) as waits:
                await waits.until(lambda: waits.music > 0.3)
                await soest.call_is(state="ringing")
                first.signal(signal.SIGSTOP)
                async with Caller(DISTRICT, asterisk.ports.sip) as calls:
                    await second.serves()
                    await soest.ask(lambda: soest.is_now("agent2", "ready"))
                    await waits.until(lambda: waits.talked > 0.3)
                    assert calls.talked == 0
                    first.signal(signal.SIGCONT)
                    assert await first.ends() == REPLACED
                    assert "bridge.replaced" in first.log()
                    before = talks.talked, waits.talked
                    await talks.until(lambda: talks.talked > before[0] + 1)
                    await waits.until(lambda: waits.talked > before[1] + 1)
                    assert max(talks.gap, waits.gap) < 1
            await talks.hang_up()
            await nobody_is_left(soest)
            rows = await rows_are_true(soest, 3)
            assert [call.agent_id for call in rows] == [soest.people["agent"].pk, soest.people["agent2"].pk, None]

    play(played())


@slow
def test_killed_it_is_replaced_within_five_seconds(asterisk, soest):
    async def played():
        async with pair(soest, asterisk) as (first, second), Caller(TOWN_HALL, asterisk.ports.sip) as one:
            await one.until(lambda: one.music > 0.3)
            async with Caller(DISTRICT, asterisk.ports.sip) as two:
                await two.until(lambda: two.music > 0.3)
                first.kill()
                heard = one.music
                await second.serves()
                assert one.music - heard < TAKES_OVER
                await soest.ask(lambda: soest.is_now("agent", "ready"))
                await one.until(lambda: one.talked > 0.3)
                assert two.talked == 0
            await one.hang_up()
            await nobody_is_left(soest)
            await rows_are_true(soest, 2)

    play(played())


@slow
def test_frozen_alone_it_gives_back_whom_it_has_lost(asterisk, soest):
    """Nobody stands by: the lease has brought who waited into the safety net before it wakes; its late renewal ends no call."""

    async def played():
        await soest.ask(lambda: soest.is_now("agent", "break"))
        async with Bridge(soest, asterisk) as bridge, Phone(asterisk.ports.phones):
            await bridge.serves()
            await bridge.says("safety_net.changed")
            async with Caller(TOWN_HALL, asterisk.ports.sip) as caller:
                await caller.until(lambda: caller.music > 0.3)
                await soest.call_is(state="ringing")
                bridge.signal(signal.SIGSTOP)
                asterisk.console("queue unpause member PJSIP/agent1 queue fallback")
                await caller.until(lambda: caller.talked > 0.3)
                bridge.signal(signal.SIGCONT)
                before = caller.talked
                await caller.until(lambda: caller.talked > before + 8)  # longer than a lease
            await nobody_is_left(soest)
            await rows_are_true(soest, 1)

    play(played())


def test_two_in_one_folder_are_refused(asterisk, soest):
    async def played():
        async with Bridge(soest, asterisk) as first:
            second = Bridge(soest, asterisk)
            await first.serves()
            second.said = soest.folder / "second.log"
            second.start()
            assert await second.ends() == 1
            assert "schreibt schon eine andere Brücke" in second.log()
            assert first.process.poll() is None

    play(played())


@slow
def test_a_call_that_began_in_the_safety_net_is_known_to_the_next_bridge_too(asterisk, soest):
    """The agent's telephone, which no bridge has rung, is no caller who waits for an agent."""

    async def served():
        return await soest.ask(lambda: is_served(soest))

    async def played():
        jana = soest.people["agent"].pk
        await soest.ask(lambda: soest.is_now("agent", "ready"))
        async with Phone(asterisk.ports.phones) as phone, Bridge(soest, asterisk, "first") as first:
            await first.serves()
            await first.says("safety_net.changed")
            first.kill()
            async with Caller(TOWN_HALL, asterisk.ports.sip) as caller:
                await caller.until(lambda: caller.talked > 0.3)
                async with Bridge(soest, asterisk, "second") as second:
                    await second.serves()
                    await soest.call_is(state="talking", phase="", agent_id=jana)
                    second.kill()
                    async with Bridge(soest, asterisk, "third") as third:
                        await third.serves()
                        await soest.comes_true(served)
                        await soest.ask(lambda: soest.wants("agent", "hold"))
                        await soest.call_is(phase="held")
                        await soest.ask(lambda: soest.wants("agent", "resume"))
                        await soest.call_is(phase="")
                        before = caller.talked
                        await caller.until(lambda: caller.talked > before + 0.3)
                        assert (len(phone.calls), len(phone.talking)) == (1, 1)
                        await caller.hang_up()
                        await nobody_is_left(soest)
                        await rows_are_true(soest, 1)

    play(played())
