"""What who waits hears and can press, with the real Asterisk: out of hours, shut at once, called back."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from django.db import transaction

from telephony_bridge import actions, receptions
from telephony_bridge.models import Call
from tenants import scope
from tenants.models import Municipality, ServiceCentre
from tests.asterisk.sip import Caller, Phone, play
from tests.asterisk.town import town
from tests.telephony_bridge.sounds import sine

TOWN_HALL = "+4929211030"


@pytest.fixture
def soest(asterisk, tmp_path, django_db_blocker, monkeypatch):
    """A centre whose announcements are tones of half a second: a voice may not be there."""

    monkeypatch.setattr(receptions.speech, "spoken", lambda _text: sine(0.5))
    monkeypatch.setattr("telephony_bridge.link.RECEPTION_EVERY", 0.1)
    with django_db_blocker.unblock(), town(asterisk, tmp_path) as made:
        made.sounds = tmp_path / "sounds"
        yield made
    assert made.failed == []


def change(**fields):
    """Of the centre."""
    with scope.operator(), transaction.atomic():
        assert ServiceCentre.objects.filter(slug="soest").update(**fields)


def with_an_emergency():
    """A text that is heard first, and open doors."""
    with scope.operator(), transaction.atomic():
        assert Municipality.objects.filter(slug="soest").update(emergency="Bei Lebensgefahr 112.")
    change(hours={})


async def knows(link, holds):
    """Wait until the exchange has a reception of which something holds."""
    for _ in range(400):
        if link.exchange and holds(link.exchange.reception):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(link.exchange.reception)


def test_out_of_hours_the_text_is_heard_and_the_call_ends(asterisk, soest):
    async def played():
        await soest.ask(lambda: change(hours={"0": []}))
        await soest.ask(lambda: soest.is_now("agent", "ready"))
        with soest.linked() as link:
            await soest.active(link)
            await knows(link, lambda reception: reception.places and all(place.closed for place in reception.places))
            async with Phone(asterisk.ports.phones) as phone, Caller(TOWN_HALL, asterisk.ports.sip) as caller:
                await caller.until(caller.over.is_set)
                assert phone.calls == []
                assert caller.music > 0.3
            call = await soest.call_is(state="ended", end_reason="announced")
            assert (call.outcome, call.short_abandon, call.municipality.slug) == ("", False, "soest")

    play(played())


def test_who_presses_one_is_called_back_and_waits_no_longer(asterisk, soest):
    async def played():
        await soest.ask(lambda: change(hours={}))
        with soest.linked() as link:
            await soest.active(link)
            await knows(link, lambda reception: reception.callback)
            async with Caller(TOWN_HALL, asterisk.ports.sip, sender="+492921555123") as caller:
                await soest.call_is(state="ringing")
                await caller.until(lambda: caller.music > 0.2)
                caller.press("1")
                await caller.until(caller.over.is_set)
            call = await soest.call_is(state="ended", outcome="callback", end_reason="closed")
            assert call.callback_wanted_at is not None
            await soest.ask(lambda: done(call))

    def done(call):
        agent = soest.people["agent"]
        with scope.desk(agent.pk), transaction.atomic():
            actions.finish_callback(Call.objects.get(pk=call.pk), acting_user=agent)
            fresh = Call.objects.get(pk=call.pk)
            assert (fresh.callback_by_id, fresh.callback_done_at is not None) == (agent.pk, True)

    play(played())


def test_an_agent_who_answers_ends_what_is_being_played(asterisk, soest, monkeypatch):
    monkeypatch.setattr(receptions.speech, "spoken", lambda _text: sine(20))

    async def played():
        await soest.ask(lambda: soest.is_now("agent", "ready"))
        with soest.linked() as link:
            await soest.active(link)
            await knows(link, lambda reception: any(place.emergency for place in reception.places))
            async with Phone(asterisk.ports.phones, rings=0.5), Caller(TOWN_HALL, asterisk.ports.sip) as caller:
                await caller.until(lambda: caller.talked > 0.3)
                assert caller.music < 10

    soest.threads.submit(with_an_emergency).result()
    play(played())


def test_who_hears_a_long_text_while_we_start_anew_is_given_to_somebody_at_once(asterisk, soest, monkeypatch):
    """What the process before had begun to play would keep Asterisk from answering anything that the next one asks."""
    monkeypatch.setattr(receptions.speech, "spoken", lambda _text: sine(20))

    async def played():
        async with AsyncExitStack() as calling:
            with soest.linked() as link:
                await soest.active(link)
                await knows(link, lambda reception: any(place.emergency for place in reception.places))
                caller = await calling.enter_async_context(Caller(TOWN_HALL, asterisk.ports.sip))
                await caller.until(lambda: caller.music > 0.5)
            await soest.ask(lambda: soest.is_now("agent", "ready"))
            with soest.linked() as link:
                await soest.active(link)
                async with Phone(asterisk.ports.phones, rings=0.3):
                    await caller.until(lambda: caller.talked > 0.3)
                assert caller.music < 10
                assert [record for record in link.spool.read(0) if record.what == "failed"] == []

    soest.threads.submit(with_an_emergency).result()
    play(played())


def test_nothing_else_waits_while_a_long_text_is_heard(asterisk, soest, monkeypatch):
    """It is longer than the lease, and than our patience with Asterisk, which answers nothing while a variable of such a channel is to be set."""
    monkeypatch.setattr(receptions.speech, "spoken", lambda _text: sine(8))

    async def played():
        await soest.ask(lambda: change(hours={"0": []}))
        with soest.linked() as link:
            await soest.active(link)
            await knows(link, lambda reception: reception.places and all(place.closed for place in reception.places))
            async with Caller(TOWN_HALL, asterisk.ports.sip) as caller:
                await caller.until(caller.over.is_set)
                assert caller.music > 7
            await soest.call_is(state="ended", end_reason="announced")
            assert [record for record in link.spool.read(0) if record.what == "failed"] == []

    play(played())


def test_who_waits_when_the_centre_is_closed_at_once_hears_it(asterisk, soest):
    def shut():
        supervisor = soest.supervisor()
        with scope.desk(supervisor.pk), transaction.atomic():
            actions.set_notice(soest.centre, "closing", "Wegen eines Notfalls geschlossen.", acting_user=supervisor)

    async def played():
        await soest.ask(lambda: change(hours={}))
        with soest.linked() as link:
            await soest.active(link)
            await knows(link, lambda reception: reception.callback)
            async with Caller(TOWN_HALL, asterisk.ports.sip) as caller:
                await soest.call_is(state="ringing")
                await soest.ask(shut)
                await caller.until(caller.over.is_set)
            await soest.call_is(state="ended", end_reason="announced")

    play(played())
