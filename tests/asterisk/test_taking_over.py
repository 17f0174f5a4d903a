"""A supervisor takes a colleague's talk over, at the real Asterisk: who is heard by whom, what the desks show, and what Asterisk's own log says of it."""

import asyncio

import pytest
from django.db import transaction

from telephony_bridge import actions
from telephony_bridge.models import Call
from tenants import scope
from tests.asterisk.sip import Caller, Phone, play
from tests.asterisk.test_lead import results, seat
from tests.asterisk.test_record_agrees import course, record_of
from tests.asterisk.town import town

TOWN_HALL = "+4929211030"


@pytest.fixture
def soest(asterisk, tmp_path, django_db_blocker):
    """Jana takes calls at agent1; the supervisor sits at agent2, and takes none."""
    with django_db_blocker.unblock(), town(asterisk, tmp_path) as made:
        play(made.ask(lambda: seat(made)))
        play(made.ask(lambda: made.is_now("agent", "ready")))
        yield made
    assert made.failed == []


def takes_over(made):
    person = made.people["supervisor"]
    with scope.desk(person.pk), transaction.atomic():
        call = Call.objects.exclude(state="ended").get()
        actions.lead_call(call, "take_over", acting_user=person, telephone="agent2")


async def company(link):
    """Who is in which bridge, at Asterisk itself."""
    asked = asyncio.run_coroutine_threadsafe(link.exchange.ari("GET", "bridges"), link.loop)
    return [sorted(one["channels"]) for one in await asyncio.wrap_future(asked)]


async def is_told(soest, result):
    return await soest.ask(results) == [("take_over", result)]


async def talks(soest, caller):
    """With Jana; the call."""
    call = await soest.call_is(state="talking", agent_id=soest.people["agent"].pk)
    await caller.until(lambda: caller.talked > 0.3)
    return call


async def talks_on(caller):
    before = caller.talked
    await caller.until(lambda: caller.talked > before + 0.3)


@pytest.mark.parametrize("held", [False, True])
def test_the_caller_is_with_the_supervisor_and_the_colleague_writes_it_up(asterisk, soest, held):
    jana, beate = soest.people["agent"].pk, soest.people["supervisor"].pk

    async def played():
        with soest.linked() as link:
            await soest.active(link)
            async with Phone(asterisk.ports.phones, rings=0.4) as phone:
                async with Caller(TOWN_HALL, asterisk.ports.sip) as caller:
                    call = await talks(soest, caller)
                    if held:
                        await soest.ask(lambda: soest.wants("agent", "hold"))
                        await soest.call_is(phase="held")
                    await soest.ask(lambda: takes_over(soest))
                    await soest.call_is(state="talking", phase="", agent_id=beate, agent_name="Beate Hüsing")
                    await talks_on(caller)
                    assert await company(link) == [[call.external_id, f"{call.external_id}-s3"]]
                    await caller.until(lambda: len(phone.talking) == 1)  # the colleague's has been hung up
                    await soest.agent_is("agent", "wrap-up", "Beate Hüsing hat das Gespräch übernommen")
                    await soest.agent_is("supervisor", "busy")
                    assert await soest.ask(results) == [*([("hold", "done")] if held else []), ("take_over", "done")]
                await soest.call_is(state="wrap-up", agent_id=beate)
                await soest.agent_is("agent", "wrap-up")
            return await record_of(asterisk, soest, call)

    found = play(played())
    assert found.differences == []
    between = [("held", jana)] if held else []
    assert course(found) == [("waiting", None), ("talking", jana), *between, ("talking", beate)]
    assert found.agent_id == beate


def test_a_supervisor_whose_telephone_is_busy_disturbs_nobody(asterisk, soest):
    jana = soest.people["agent"].pk

    async def played():
        with soest.linked() as link:
            await soest.active(link)
            phone = Phone(asterisk.ports.phones, refuses={"agent2"})
            async with phone, Caller(TOWN_HALL, asterisk.ports.sip) as caller:
                call = await talks(soest, caller)
                heard = caller.music
                await soest.ask(lambda: takes_over(soest))
                await soest.comes_true(lambda: is_told(soest, "not_taken"))
                assert phone.refused == ["agent2"]
                await talks_on(caller)
                assert round(caller.music, 2) == round(heard, 2)
                assert await company(link) == [[call.external_id, f"{call.external_id}-a1"]]
                await soest.call_is(state="talking", agent_id=jana)
                await soest.agent_is("agent", "busy")

    play(played())


def test_a_supervisor_who_vanishes_in_the_moment_of_the_swap_changes_nothing(asterisk, soest):
    """The leg is gone when the caller is to be brought to it."""

    async def played():
        jana = soest.people["agent"].pk
        with soest.linked() as link:
            await soest.active(link)
            async with Phone(asterisk.ports.phones) as phone, Caller(TOWN_HALL, asterisk.ports.sip) as caller:
                call = await talks(soest, caller)
                ask, vanished = link.exchange.ask, []

                async def late(wanted):
                    leg = f"{call.external_id}-s3"
                    if "addChannel" in wanted.path and leg in wanted.query["channel"]:
                        vanished.append(leg)
                        await link.exchange.ari("DELETE", f"channels/{leg}")
                        while leg in [one["id"] for one in await link.exchange.ari("GET", "channels")]:
                            pass
                    return await ask(wanted)

                link.exchange.ask = late
                await soest.ask(lambda: takes_over(soest))
                await caller.until(lambda: vanished)
                await soest.comes_true(lambda: is_told(soest, "not_taken"))
                await soest.call_is(state="talking", phase="", agent_id=jana, agent_name="Jana Köster")
                await soest.agent_is("agent", "busy")
                await talks_on(caller)
                assert await company(link) == [[call.external_id, f"{call.external_id}-a1"]]
                assert len(phone.talking) == 1

    play(played())


def test_a_bridge_that_dies_while_it_rings_leaves_both_together(asterisk, soest):
    async def played():
        first = soest.link("first")
        first.start()
        await soest.active(first)
        async with Phone(asterisk.ports.phones, rings=1.0) as phone, Caller(TOWN_HALL, asterisk.ports.sip) as caller:
            call = await talks(soest, caller)
            await soest.ask(lambda: takes_over(soest))
            await caller.until(lambda: len(phone.calls) == 2)
            first.loop.call_soon_threadsafe(first.task.cancel)  # as if it were killed
            await caller.until(lambda: not phone.ringing and len(phone.talking) == 1)  # has answered, and was hung up
            await talks_on(caller)
            with soest.linked("second") as second:
                await soest.active(second)
                await talks_on(caller)
                assert await company(second) == [[call.external_id, f"{call.external_id}-a1"]]
                await soest.call_is(state="talking", agent_id=soest.people["agent"].pk)
        first.stop()

    play(played())
