"""Who was trained for whom, at the real Asterisk: as a supervisor says it, so calls are given."""

import math

import pytest
from django.db import transaction

from telephony_bridge import actions
from telephony_bridge.routing.skills import ANYBODY, Skills
from tenants import scope
from tests.asterisk.sip import Caller, Phone, play
from tests.asterisk.town import town

TOWN_HALL, DISTRICT, IN_TURKISH = "+4929211030", "+492921300", "+49292110377"
FOR_SOEST, FOR_KREIS = Skills(frozenset({"soest"})), Skills(frozenset({"kreis"}))


@pytest.fixture
def soest(asterisk, tmp_path, django_db_blocker):
    with django_db_blocker.unblock(), town(asterisk, tmp_path) as made:
        yield made
    assert made.failed == []


def says(made, who, skills):
    """As the supervisor does it on the page."""

    def work():
        beate = made.supervisor()
        with scope.desk(beate.pk), transaction.atomic():
            actions.set_skills(made.centre, made.people[who].pk, skills, acting_user=beate)

    return made.ask(work)


def free(made, link, telephones):
    """Whose telephones may ring; and the bridge knows which number is whose."""

    async def holds():
        return link.exchange.pool.free == telephones and bool(link.exchange.reception.prefixes)

    return made.comes_true(holds)


def test_who_was_trained_rings_although_another_has_been_free_for_longer(asterisk, soest):
    async def played():
        await says(soest, "agent", FOR_SOEST)
        await says(soest, "agent2", FOR_KREIS)
        with soest.linked() as link:
            await soest.active(link)
            for who, telephones in (("agent", ["agent1"]), ("agent2", ["agent1", "agent2"])):
                await soest.ask(lambda who=who: soest.is_now(who, "ready"))
                await free(soest, link, telephones)
            async with Phone(asterisk.ports.phones), Caller(DISTRICT, asterisk.ports.sip) as one:
                await one.until(lambda: one.talked > 0.3)
                call = await soest.call_is(state="talking", agent_id=soest.people["agent2"].pk)
                assert call.municipality.slug == "kreis"
                async with Caller(TOWN_HALL, asterisk.ports.sip) as two:
                    await two.until(lambda: two.talked > 0.3)
                    await soest.call_is(state="talking", agent_id=soest.people["agent"].pk)

    play(played())


def test_who_waits_is_given_to_whom_a_supervisor_has_just_said_it_of(asterisk, soest):
    async def played():
        await says(soest, "agent", FOR_SOEST)
        with soest.linked() as link:
            await soest.active(link)
            link.exchange.pool.suited_within = math.inf  # else the call would go to anybody after a while
            await soest.ask(lambda: soest.is_now("agent", "ready"))
            await free(soest, link, ["agent1"])
            async with Phone(asterisk.ports.phones), Caller(DISTRICT, asterisk.ports.sip) as caller:
                await soest.call_is(state="ringing", offered_to_id=None)
                await caller.until(lambda: caller.music > 0.5)
                assert caller.talked == 0
                await says(soest, "agent", ANYBODY)
                await caller.until(lambda: caller.talked > 0.3)

    play(played())


def test_who_dials_a_number_with_a_language_is_given_to_whom_speaks_it(asterisk, soest):
    def wished():
        beate = soest.supervisor()
        with scope.desk(beate.pk), transaction.atomic():
            actions.set_number_language(soest.centre, IN_TURKISH, "tr", acting_user=beate)

    async def played():
        await soest.ask(wished)
        await says(soest, "agent2", Skills(languages=frozenset({"de", "tr"})))
        with soest.linked() as link:
            await soest.active(link)
            for who, telephones in (("agent", ["agent1"]), ("agent2", ["agent1", "agent2"])):
                await soest.ask(lambda who=who: soest.is_now(who, "ready"))
                await free(soest, link, telephones)
            async with Phone(asterisk.ports.phones), Caller(IN_TURKISH, asterisk.ports.sip) as caller:
                await caller.until(lambda: caller.talked > 0.3)
                call = await soest.call_is(state="talking", agent_id=soest.people["agent2"].pk)
                assert call.municipality.slug == "soest"

    play(played())
