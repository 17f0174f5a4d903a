"""What a municipality has recorded is heard by its callers, with the real Asterisk: from the file that was uploaded to the telephone's ear."""

import asyncio
from itertools import pairwise

import pytest
from django.db import transaction

from telephony_bridge import receptions
from telephony_bridge.actions import announcing
from telephony_bridge.announcement_models import Announcement
from telephony_bridge.asterisk import packages
from tenants import scope
from tenants.models import Municipality, ServiceCentre
from tests.asterisk.sip import Caller, play
from tests.asterisk.town import town
from tests.telephony_bridge.sounds import sine

TOWN_HALL = "+4929211030"
SPOKEN, CLOSED, EMERGENCY = 300, 700, 1000  # hertz: what a voice says, and what was recorded
RATE = 8000


class Listener(Caller):
    """A caller who knows one tone from another."""

    def __init__(self, *given, **more):
        super().__init__(*given, **more)
        self.ear = []  # 1: the wave is above nothing

    def audio(self, packet, sender):
        super().audio(packet, sender)
        self.ear += [bool(byte & 0x80) for byte in packet[12:]]  # the sign of a sample in A-law

    @property
    def tones(self):
        """The tones that were heard for at least 0.3 s, in their order."""
        found = []
        step = RATE // 10
        for at in range(0, len(self.ear) - step, step):
            rises = sum(not earlier and later for earlier, later in pairwise(self.ear[at : at + step]))
            found.append(min((SPOKEN, CLOSED, EMERGENCY), key=lambda hertz: abs(hertz - rises * 10)))
        lasting = [one for one, two, three in zip(found, found[1:], found[2:], strict=False) if one == two == three]
        return [one for at, one in enumerate(lasting) if at == 0 or lasting[at - 1] != one]


@pytest.fixture
def soest(asterisk, tmp_path, django_db_blocker, monkeypatch):
    """A centre that is closed, whose voice is a tone."""
    monkeypatch.setattr(receptions.speech, "spoken", lambda _text: sine(1, hertz=SPOKEN))
    with django_db_blocker.unblock(), town(asterisk, tmp_path) as made:
        made.sounds = tmp_path / "sounds"

        def closed():
            with scope.operator(), transaction.atomic():
                ServiceCentre.objects.filter(slug="soest").update(hours={"0": []})
                Municipality.objects.filter(slug="soest").update(closed_text="Wir sind zu.", emergency="")

        made.threads.submit(closed).result()
        yield made
    assert made.failed == []


def of_soest(deed):
    """In the municipality's scope."""
    with scope.front():
        found = Municipality.objects.get(slug="soest")
    with scope.municipality(found.schema_name), transaction.atomic():
        return deed(found)


async def knows(link, holds):
    """Wait until the exchange has a reception in which Soest's callers hear something that holds."""
    for _ in range(400):
        places = link.exchange.reception.places if link.exchange else ()
        if any(place.slug == "soest" and holds(place) for place in places):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(link.exchange.reception)


async def heard(asterisk):
    async with Listener(TOWN_HALL, asterisk.ports.sip) as caller:
        await caller.until(caller.over.is_set)
        return caller.tones


def test_callers_hear_what_was_uploaded_and_the_text_again_when_it_is_removed(asterisk, soest):
    at_home = sine(1, hertz=CLOSED, rate=44100)

    def upload(found):
        for kind, data in (("closed", at_home), ("emergency", sine(1, hertz=EMERGENCY))):
            announcing.upload_announcement(found, kind, name="x.wav", data=data, acting_user=soest.people["agent"])

    def remove(_found):
        for one in Announcement.objects.defer("audio").order_by("pk"):
            assert announcing.remove_announcement(one, acting_user=soest.people["agent"])

    async def played():
        with soest.linked() as link:
            await soest.active(link)
            await knows(link, lambda place: place.closed)
            assert await heard(asterisk) == [SPOKEN]
            await soest.ask(lambda: of_soest(upload))
            await knows(link, lambda place: place.emergency and "/recorded/" in place.closed[0])
            assert await heard(asterisk) == [EMERGENCY, CLOSED]
            await soest.ask(lambda: of_soest(remove))
            await knows(link, lambda place: not place.emergency and "/recorded/" not in place.closed[0])
            assert await heard(asterisk) == [SPOKEN]

    play(played())


def test_a_bridge_without_a_voice_plays_recordings_all_the_same(asterisk, soest, monkeypatch):
    def missing(*_given, **_more):
        raise receptions.Refusal("Asterisk lässt sich nur unter Debian holen: apt-get fehlt.")

    monkeypatch.undo()
    monkeypatch.setattr(receptions.speech.shutil, "which", lambda _name: None)
    monkeypatch.setattr(packages, "unpacked", missing)

    def upload(found):
        announcing.upload_announcement(
            found, "closed", name="x.wav", data=sine(1, hertz=CLOSED), acting_user=soest.people["agent"]
        )

    async def played():
        await soest.ask(lambda: of_soest(upload))
        with soest.linked() as link:
            await soest.active(link)
            await knows(link, lambda place: place.closed)
            assert await heard(asterisk) == [CLOSED]

    play(played())
