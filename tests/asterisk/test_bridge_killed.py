"""The bridge is killed (-9) while somebody talks, rings, waits, hangs up; and started again. The real process, Asterisk and PostgreSQL."""

import pytest

from tests.asterisk.processes import Bridge, nobody_is_left, rows_are_true
from tests.asterisk.sip import TRUNK_FAR, Caller, Phone, play
from tests.asterisk.town import town

TOWN_HALL, DISTRICT = "+4929211030", "+492921300"


@pytest.fixture
def soest(asterisk, tmp_path, django_db_blocker):
    with django_db_blocker.unblock(), town(asterisk, tmp_path) as made:
        yield made
    assert made.failed == []


async def ready(soest, *who):
    for one in soest.people:
        await soest.ask(lambda one=one: soest.is_now(one, "ready" if one in who else "away"))


def test_two_talk_on_and_the_bridge_has_them_again(asterisk, soest):
    async def played():
        await ready(soest, "agent")
        async with Bridge(soest, asterisk) as bridge, Phone(asterisk.ports.phones) as phone:
            await bridge.serves()
            async with Caller(TOWN_HALL, asterisk.ports.sip) as caller:
                await caller.until(lambda: caller.talked > 0.3)
                await soest.call_is(state="talking", agent_id=soest.people["agent"].pk)
                bridge.kill()
                before = caller.talked
                await caller.until(lambda: caller.talked > before + 1)
                bridge.start()
                await bridge.serves()
                before = caller.talked
                await caller.until(lambda: caller.talked > before + 0.3)
                assert caller.gap < 1
                await soest.ask(lambda: soest.wants("agent", "hold"))  # it is ours again
                await soest.call_is(phase="held")
                await caller.until(lambda: caller.music > 0.3)
                await soest.ask(lambda: soest.wants("agent", "resume"))
                await soest.call_is(state="talking", phase="")
            await nobody_is_left(soest)
            (call,) = await rows_are_true(soest, 1)
            assert (call.agent_id, call.state) == (soest.people["agent"].pk, "wrap-up")
            assert not phone.talking

    play(played())


def test_who_hangs_up_meanwhile_has_hung_up(asterisk, soest):
    async def played():
        await ready(soest, "agent")
        async with Bridge(soest, asterisk) as bridge, Phone(asterisk.ports.phones) as phone:
            await bridge.serves()
            async with Caller(TOWN_HALL, asterisk.ports.sip) as talks:
                await talks.until(lambda: talks.talked > 0.3)
                async with Caller(DISTRICT, asterisk.ports.sip) as waits:
                    await waits.until(lambda: waits.music > 0.3)
                    await soest.call_is(state="ringing")
                    bridge.kill()
            assert phone.talking  # alone in our bridge
            bridge.start()
            await bridge.serves()
            await nobody_is_left(soest)
            answered, waited = await rows_are_true(soest, 2)
            assert (answered.agent_id, waited.agent_id) == (soest.people["agent"].pk, None)
            await soest.agent_is("agent", "wrap-up")

    play(played())


def test_who_answers_meanwhile_has_the_caller_and_the_desk_learns_of_it(asterisk, soest):
    async def played():
        await ready(soest, "agent")
        async with Bridge(soest, asterisk) as bridge, Phone(asterisk.ports.phones, rings=1.5) as phone:
            await bridge.serves()
            async with Caller(TOWN_HALL, asterisk.ports.sip) as caller:
                await soest.call_is(state="ringing", offered_to_id=soest.people["agent"].pk)
                assert phone.calls
                bridge.kill()
                await caller.until(lambda: caller.talked > 0.3)
                bridge.start()
                await bridge.serves()
                await soest.call_is(state="talking", agent_id=soest.people["agent"].pk, phase="fallback")
                await soest.agent_is("agent", "busy")
                before = caller.talked
                await caller.until(lambda: caller.talked > before + 0.3)
            await nobody_is_left(soest)
            await rows_are_true(soest, 1)

    play(played())


def test_who_waits_is_taken_over_in_time(asterisk, soest):
    async def played():
        await ready(soest)
        async with Bridge(soest, asterisk) as bridge, Phone(asterisk.ports.phones):
            await bridge.serves()
            async with Caller(TOWN_HALL, asterisk.ports.sip) as one:
                await one.until(lambda: one.music > 0.3)
                async with Caller(DISTRICT, asterisk.ports.sip) as two:
                    await two.until(lambda: two.music > 0.3)
                    bridge.kill()
                    bridge.start()
                    await bridge.serves()
                    await ready(soest, "agent")
                    await one.until(lambda: one.talked > 0.3)
                    assert two.talked == 0
                    await ready(soest, "agent", "agent2")
                    await two.until(lambda: two.talked > 0.3)
            await nobody_is_left(soest)
            calls = await rows_are_true(soest, 2)
            assert [call.agent_id for call in calls] == [soest.people[who].pk for who in ("agent", "agent2")]

    play(played())


def test_who_calls_and_waits_without_it_reaches_a_telephone_and_the_desk_learns_of_it(asterisk, soest):
    """The call began in the safety net; it is given to the bridge when that is back, and nobody hears more than a moment of it."""

    async def played():
        await ready(soest, "agent")
        await soest.ask(lambda: soest.is_now("agent2", "break"))
        async with Bridge(soest, asterisk) as bridge, Phone(asterisk.ports.phones, refuses={"agent2"}) as phone:
            await bridge.serves()
            await bridge.says("safety_net.changed")
            bridge.kill()
            async with Caller(TOWN_HALL, asterisk.ports.sip) as caller:
                await caller.until(lambda: caller.talked > 0.3)
                bridge.start()
                await bridge.serves()
                call = await soest.call_is(state="talking", phase="", agent_id=soest.people["agent"].pk)
                assert call.municipality.slug == "soest"
                before = caller.talked
                await caller.until(lambda: caller.talked > before + 0.3)
            await nobody_is_left(soest)
            await rows_are_true(soest, 1)
            assert not phone.talking

    play(played())


def test_sent_to_a_target_while_it_is_killed(asterisk, soest):
    async def played():
        await ready(soest, "agent")
        target = Phone(asterisk.ports.trunk, ip=TRUNK_FAR)
        async with Bridge(soest, asterisk) as bridge, Phone(asterisk.ports.phones), target:
            await bridge.serves()
            async with Caller(TOWN_HALL, asterisk.ports.sip) as caller:
                await soest.call_is(state="talking")
                await soest.ask(lambda: soest.wants("agent", "transfer", "+492921301234", "Ordnungsamt"))
                await soest.call_is(outcome="transferred")
                bridge.kill()
                before = caller.talked
                await caller.until(lambda: caller.talked > before + 0.3)
                bridge.start()
                await bridge.serves()
                assert target.talking
            await nobody_is_left(soest)
            (call,) = await rows_are_true(soest, 1)
            assert (call.outcome, call.transferred_to) == ("transferred", "Ordnungsamt")

    play(played())
