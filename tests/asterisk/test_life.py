"""The bridge shows the desks that it serves the exchange; when it has gone, whoever presses something is told so at once."""

from contextlib import AsyncExitStack

import pytest
from django.db.models.functions import Now

from telephony_bridge.actions.life import SILENT
from telephony_bridge.models import Source
from tenants import scope
from tenants.errors import Refusal
from tests.asterisk.sip import Caller, Phone, play
from tests.asterisk.town import town

TOWN_HALL = "+4929211030"


@pytest.fixture
def soest(asterisk, tmp_path, django_db_blocker):
    with django_db_blocker.unblock(), town(asterisk, tmp_path) as made:
        yield made
    assert made.failed == []


def is_served(made):
    with scope.telephony():
        return Source.objects.filter(centre=made.centre, alive_at__gt=Now() - SILENT).exists()


def test_a_bridge_that_has_gone_is_told_of_and_one_that_is_back_is_obeyed(asterisk, soest):
    async def holds():
        return await soest.ask(lambda: is_served(soest))

    async def is_silent():
        return not await holds()

    async def played():
        await soest.ask(lambda: soest.is_now("agent", "ready"))
        async with AsyncExitStack() as calling:
            with soest.linked("first") as link:
                await soest.active(link)
                await calling.enter_async_context(Phone(asterisk.ports.phones))
                caller = await calling.enter_async_context(Caller(TOWN_HALL, asterisk.ports.sip))
                await soest.call_is(state="talking", phase="")
                await soest.comes_true(holds)
            await soest.comes_true(is_silent)
            with pytest.raises(Refusal, match="gerade nicht erreichbar"):
                await soest.ask(lambda: soest.wants("agent", "hold"))
            before = caller.talked
            await caller.until(lambda: caller.talked > before + 0.3)  # both talk on
            with soest.linked("second") as link:
                await soest.active(link)
                await soest.comes_true(holds)
                await soest.ask(lambda: soest.wants("agent", "hold"))
                await soest.call_is(phase="held")

    play(played())
