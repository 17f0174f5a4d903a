"""The connection between the bridge and Asterisk is cut, or falls silent, while somebody talks, somebody's telephone rings, and somebody waits."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from django.db import transaction

from telephony_bridge import actions
from telephony_bridge.models import Call
from tenants import scope
from tests.asterisk.cable import Cable
from tests.asterisk.processes import nobody_is_left, rows_are_true
from tests.asterisk.sip import Caller, Phone, play
from tests.asterisk.slowness import slow, very_slow
from tests.asterisk.town import town

TOWN_HALL, DISTRICT = "+4929211030", "+492921300"
KINDS = {"cut": Cable.cut, "silent": Cable.fall_silent}


@pytest.fixture
def soest(asterisk, tmp_path, django_db_blocker):
    with django_db_blocker.unblock(), town(asterisk, tmp_path) as made:
        yield made
    assert made.failed == []


def free(soest, who):
    """The agent has written the wrap-up and takes the next call."""
    person = soest.people[who]
    with scope.desk(person.pk), transaction.atomic():
        for call in Call.objects.filter(agent_id=person.pk, state="wrap-up"):
            actions.close_call(call, outcome="answered", acting_user=person)
        actions.set_presence(soest.centre, "ready", acting_user=person)


@asynccontextmanager
async def three(asterisk, soest, rings):
    """Link, cable and three callers: one talks with agent1, for one agent2's telephone rings, one waits."""
    async with Cable(asterisk.ports.http) as cable, Phone(asterisk.ports.phones, rings=rings) as phone:
        soest.access = replace(direct := soest.access, port=cable.port)
        with soest.linked() as link:
            soest.access = direct
            await soest.active(link)
            await soest.ask(lambda: soest.is_now("agent", "ready"))
            async with Caller(TOWN_HALL, asterisk.ports.sip) as talks:
                await talks.until(lambda: talks.talked > 0.3)
                await soest.ask(lambda: soest.is_now("agent2", "ready"))
                async with Caller(DISTRICT, asterisk.ports.sip) as rings_for:
                    await rings_for.until(lambda: len(phone.calls) == 2)
                    async with Caller(TOWN_HALL, asterisk.ports.sip) as waits:
                        await waits.until(lambda: waits.music > 0.1)
                        yield link, cable, talks, rings_for, waits


async def cut_and_mended(asterisk, soest, kind, seconds, rings):
    async with three(asterisk, soest, rings) as (link, cable, talks, rings_for, waits):
        before = talks.talked
        KINDS[kind](cable)
        await asyncio.sleep(seconds)  # the length of the case
        cable.mend()
        await soest.active(link)
        assert talks.talked > before + seconds * 0.5
        assert talks.gap < 1
        await rings_for.until(lambda: rings_for.talked > 0.3)
        await talks.hang_up()
        await soest.agent_is("agent", "wrap-up")
        await soest.ask(lambda: free(soest, "agent"))
        await waits.until(lambda: waits.talked > 0.3)
        for caller in (rings_for, waits):
            await caller.hang_up()
        await nobody_is_left(soest)
        return await rows_are_true(soest, 3)


@pytest.mark.parametrize("kind", KINDS)
def test_for_a_second(asterisk, soest, kind):
    """Whose telephone rang answers meanwhile; nobody who waits leaves the place."""

    async def played():
        calls = await cut_and_mended(asterisk, soest, kind, 1.0, rings=0.8)
        assert [call.agent_id for call in calls] == [soest.people[who].pk for who in ("agent", "agent2", "agent")]

    play(played())


@slow
@pytest.mark.parametrize("kind", KINDS)
def test_for_longer_than_a_lease(asterisk, soest, kind):
    """Who waits is in the safety net then, and has come to a telephone by it."""

    async def played():
        calls = await cut_and_mended(asterisk, soest, kind, 10.0, rings=2.0)
        # In silence Asterisk waits for us: who was offered goes to the safety net, too, and is given back unless over before that.
        first, second = (soest.people[who].pk for who in ("agent", "agent2"))
        assert calls[0].agent_id == first
        assert calls[1].agent_id in ({second} if kind == "cut" else {second, None})

    play(played())


@very_slow
@pytest.mark.parametrize("kind", KINDS)
def test_for_a_minute(asterisk, soest, kind):
    async def played():
        await cut_and_mended(asterisk, soest, kind, 60.0, rings=2.0)

    play(played())


def test_who_answers_just_when_it_is_cut_is_with_the_caller_afterwards(asterisk, soest):
    """The answer is heard, and nothing that follows from it can be done: only Asterisk knows how they are."""

    async def played():
        async with Cable(asterisk.ports.http) as cable, Phone(asterisk.ports.phones, rings=0.3):
            soest.access = replace(direct := soest.access, port=cable.port)
            with soest.linked() as link:
                soest.access = direct
                await soest.active(link)
                await soest.ask(lambda: soest.is_now("agent", "ready"))
                ask, cuts = link.exchange.ask, []

                async def torn(wanted):
                    if "addChannel" in wanted.path and not cuts:
                        cuts.append(wanted)
                        cable.cut()
                        asyncio.get_running_loop().call_later(0.2, cable.mend)
                    return await ask(wanted)

                link.exchange.ask = torn
                async with Caller(TOWN_HALL, asterisk.ports.sip) as caller:
                    await caller.until(lambda: caller.talked > 0.5)
                    await soest.call_is(state="talking", phase="", agent_id=soest.people["agent"].pk)
                    assert cuts
                await nobody_is_left(soest)
                await rows_are_true(soest, 1)

    play(played())
