"""The desk and Asterisk's own log of the same calls: they agree, but for what the desk could not see; then the log is right."""

from contextlib import AsyncExitStack
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import Person
from telephony_bridge import actions, record
from telephony_bridge.actions.exchanging import asterisk_source
from telephony_bridge.models import Call
from telephony_bridge.record_models import CallRecord
from tenants import scope
from tests.asterisk.sip import TRUNK_FAR, Caller, Phone, play
from tests.asterisk.town import town

TOWN_HALL, TARGET = "+4929211030", "+492921301234"


@pytest.fixture
def soest(asterisk, tmp_path, django_db_blocker):
    with django_db_blocker.unblock(), town(asterisk, tmp_path) as made:
        yield made
    assert made.failed == []


def compared(asterisk, soest, call):
    """The call's record, once its end is in the log, after a comparison some minutes later; None: not yet."""
    with scope.telephony():
        source = asterisk_source(soest.centre.pk)
        record.follow(source, asterisk.cel)
        found = CallRecord.objects.filter(linked=call.external_id).exclude(end="open")
        if found.exists():
            record.compare(source, now=timezone.now() + timedelta(minutes=3))
        return found.prefetch_related("intervals").first()


async def record_of(asterisk, soest, call):
    async def is_there():
        return await soest.ask(lambda: compared(asterisk, soest, call)) is not None

    await soest.comes_true(is_there)
    return await soest.ask(lambda: compared(asterisk, soest, call))


def course(found):
    return [(interval.kind, interval.agent_id) for interval in found.intervals.all()]


def test_held_asked_and_connected(asterisk, soest):
    async def played():
        await soest.ask(lambda: soest.is_now("agent", "ready"))
        with soest.linked() as link:
            await soest.active(link)
            async with Phone(asterisk.ports.phones), Phone(asterisk.ports.trunk, ip=TRUNK_FAR):
                async with Caller(TOWN_HALL, asterisk.ports.sip) as caller:
                    await soest.call_is(state="talking", phase="")
                    await caller.until(lambda: caller.talked > 0.3)
                    await soest.ask(lambda: soest.wants("agent", "hold"))
                    await caller.until(lambda: caller.music > 0.5)
                    await soest.ask(lambda: soest.wants("agent", "consult", TARGET))
                    await soest.call_is(phase="consulting")
                    before = caller.music
                    await caller.until(lambda: caller.music > before + 0.5)
                    await soest.ask(lambda: soest.wants("agent", "complete"))
                    await soest.call_is(state="wrap-up", outcome="transferred")
                    before = caller.talked
                    await caller.until(lambda: caller.talked > before + 0.3)
                call = await soest.call_is(state="wrap-up", hangup_cause="")
            return await record_of(asterisk, soest, call)

    found, jana = play(played()), soest.people["agent"]
    assert found.differences == []
    assert (found.agent_id, found.agent_name, found.telephone) == (jana.pk, jana.name, "agent1")
    assert course(found) == [
        ("waiting", None), ("talking", jana.pk), ("held", jana.pk), ("consulting", jana.pk), ("transferred", jana.pk),
    ]  # fmt: skip


def test_back_from_somebody_busy(asterisk, soest):
    async def played():
        await soest.ask(lambda: soest.is_now("agent", "ready"))
        with soest.linked() as link:
            await soest.active(link)
            refusing = Phone(asterisk.ports.trunk, ip=TRUNK_FAR, refuses={TARGET})
            async with Phone(asterisk.ports.phones, rings=0.4), refusing:
                async with Caller(TOWN_HALL, asterisk.ports.sip) as caller:
                    await soest.call_is(state="talking")
                    await caller.until(lambda: caller.talked > 0.3)
                    await soest.ask(lambda: soest.wants("agent", "transfer", TARGET, "Ordnungsamt"))
                    await soest.call_is(state="ringing", returned_from="Ordnungsamt")
                    await soest.call_is(state="talking")
                    before = caller.talked
                    await caller.until(lambda: caller.talked > before + 0.3)
                call = await soest.call_is(state="wrap-up")
            return await record_of(asterisk, soest, call)

    found, jana = play(played()), soest.people["agent"].pk
    assert found.differences == []
    assert course(found) == [("waiting", None), ("talking", jana), ("waiting", None), ("talking", jana)]


def test_who_hangs_up_while_it_rings(asterisk, soest):
    async def played():
        await soest.ask(lambda: soest.is_now("agent", "ready"))
        with soest.linked() as link:
            await soest.active(link)
            async with Phone(asterisk.ports.phones, rings=600):
                async with Caller(TOWN_HALL, asterisk.ports.sip) as caller:
                    await soest.call_is(state="ringing", offered_to_id=soest.people["agent"].pk)
                    await caller.until(lambda: caller.music > 0.5)
                call = await soest.call_is(state="ended", end_reason="abandoned")
                return await record_of(asterisk, soest, call)

    found = play(played())
    assert (found.differences, course(found), found.agent_id) == ([], [("waiting", None)], None)


def test_what_the_desk_could_not_see_is_told_and_settled(asterisk, soest):
    """The caller hangs up while no bridge runs, which is seen only when one is back."""

    async def played():
        await soest.ask(lambda: soest.is_now("agent", "ready"))
        async with Phone(asterisk.ports.phones), AsyncExitStack() as calling:
            with soest.linked() as link:
                await soest.active(link)
                caller = await calling.enter_async_context(Caller(TOWN_HALL, asterisk.ports.sip))
                await soest.call_is(state="talking")
            await caller.until(lambda: caller.talked > 0.5)
            await caller.hang_up()
            async with Caller(TOWN_HALL, asterisk.ports.sip) as other:  # three seconds that nobody of us hears
                await other.until(lambda: other.music + other.talked > 3)
            with soest.linked() as link:
                await soest.active(link)
                call = (await soest.ask(soest.calls))[0]
                await soest.comes_true(lambda: is_over(call))
                return await record_of(asterisk, soest, call)

    async def is_over(call):
        return next(one for one in await soest.ask(soest.calls) if one.pk == call.pk).hung_up_at is not None

    def settled(found):
        with scope.front():
            boss = Person.objects.get(email="supervisor@example.org")
        with scope.desk(boss.pk), transaction.atomic():
            actions.settle_record(CallRecord.objects.get(pk=found.pk), acting_user=boss)
        with scope.telephony():
            return Call.objects.get(pk=found.call_id)

    found = play(played())
    (difference,) = found.differences
    assert difference["kind"] == "duration"
    assert difference["desk"] > difference["record"] + 2
    corrected = play(soest.ask(lambda: settled(found)))
    assert (corrected.ringing_at, corrected.hung_up_at) == (found.began_at, found.ended_at)
