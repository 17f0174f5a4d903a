"""A card follows its caller through the real Asterisk: it appears while it rings, stays where somebody answers, and goes where the caller comes back."""

import pytest
from django.db import transaction

from telephony_bridge import actions
from telephony_bridge.handover_models import Handover
from telephony_bridge.handover_queries import handovers
from telephony_bridge.models import Call
from tenants import scope
from tenants.models import Municipality
from tests.asterisk.sip import TRUNK_FAR, Caller, Phone, play
from tests.asterisk.slowness import slow
from tests.asterisk.town import town

pytestmark = slow
TOWN_HALL, TARGET = "+4929211030", "+4929211031017"


@pytest.fixture
def soest(asterisk, tmp_path, django_db_blocker):
    with django_db_blocker.unblock(), town(asterisk, tmp_path) as made:
        yield made
    assert made.failed == []


def given(soest, verb):
    """The agent passes the only open call on to Karin Ostermann, who has an account."""

    def press():
        agent = soest.people["agent"]
        with scope.desk(agent.pk), transaction.atomic():
            place = Municipality.objects.get(slug="soest")
            target = actions.Target(place.pk, "person:p_ostermann", "Karin Ostermann", "reader@example.org")
            call = Call.objects.exclude(state="ended").get()
            actions.command_exchange(call, verb, acting_user=agent, number=TARGET, label=target.name, target=target)

    return press


def shown():
    """The states of her cards, as the municipality's own login reads them."""
    with scope.telephony():
        place = Municipality.objects.get(slug="soest")
        person = Handover.objects.values_list("person_id", flat=True).first()
    with scope.municipality(place.schema_name), transaction.atomic():
        return [(card.state, card.caller) for card in handovers(place.pk, person or 0)]


async def become(soest, *wanted):
    async def so():
        return await soest.ask(shown) == list(wanted)

    await soest.comes_true(so)


@pytest.mark.parametrize("verb", ["transfer", "consult"])
def test_it_stays_where_somebody_answers(asterisk, soest, verb):
    async def played():
        await soest.ask(lambda: soest.is_now("agent", "ready"))
        with soest.linked() as link:
            await soest.active(link)
            async with (
                Phone(asterisk.ports.phones),
                Phone(asterisk.ports.trunk, ip=TRUNK_FAR, rings=0.5 if verb == "transfer" else 0),
                Caller(TOWN_HALL, asterisk.ports.sip, sender="02921555123"),
            ):
                await soest.call_is(state="talking", phase="")
                await soest.ask(given(soest, verb))
                if verb == "transfer":
                    await become(soest, ("ringing", "02921 555123"))
                else:
                    await soest.call_is(phase="consulting")
                    assert await soest.ask(shown) == []  # who is only asked is told by word of mouth
                    await soest.ask(lambda: soest.wants("agent", "complete"))
                await soest.call_is(state="wrap-up", outcome="transferred")
                await become(soest, ("transferred", "02921 555123"))
            await soest.call_is(phase="")
            assert await soest.ask(shown) == [("transferred", "02921 555123")]

    play(played())


def test_it_goes_where_the_caller_comes_back(asterisk, soest):
    async def played():
        await soest.ask(lambda: soest.is_now("agent", "ready"))
        with soest.linked() as link:
            await soest.active(link)
            refusing = Phone(asterisk.ports.trunk, ip=TRUNK_FAR, refuses={TARGET})
            async with Phone(asterisk.ports.phones, rings=0.4), refusing, Caller(TOWN_HALL, asterisk.ports.sip):
                await soest.call_is(state="talking")
                await soest.ask(given(soest, "transfer"))
                await soest.call_is(state="ringing", offered_to_id=soest.people["agent"].pk)
                await become(soest)
                assert await soest.ask(state_of_the_card) == "returned"

    play(played())


def state_of_the_card():
    with scope.telephony():
        return Handover.objects.get().state
