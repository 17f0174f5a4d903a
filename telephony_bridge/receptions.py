"""What callers of a centre hear, read from the database (telephony scope), with the sounds that a voice has made of its texts."""

import hashlib
import queue
import threading
from functools import partial
from pathlib import Path

import structlog
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from telephony_bridge.asterisk import speech
from telephony_bridge.identify import Prefix
from telephony_bridge.notices import closing_of
from telephony_bridge.routing.reception import Media, Place, Reception
from tenants.errors import Refusal
from tenants.hours import Hours
from tenants.models import Municipality, NumberPrefix, ServiceCentre
from tenants.queries import hours_of_centre

log = structlog.get_logger(__name__)
TEXTS_AHEAD = 500  # that wait to be spoken


class Voice:
    """Sounds in a folder that Asterisk reads, too, each named after its text. What is not there yet is spoken by a thread, and heard from then on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.known: dict[str, Media] = {}
        self.wanted: queue.Queue[str | None] = queue.Queue(TEXTS_AHEAD)
        self.asked: set[str] = set()
        self.thread = threading.Thread(target=self._speak, name="voice", daemon=True)
        self.thread.start()

    def say(self, text: str) -> Media:
        """The sound of a text; nothing where there is none (yet). Returns at once, from any thread."""
        words = " ".join(text.split())
        if not words:
            return ()
        if found := self.known.get(words):
            return found
        if words not in self.asked and not self.wanted.full():
            self.asked.add(words)
            self.wanted.put(words)
        return ()

    def close(self) -> None:
        """No more."""
        self.wanted.put(None)

    def _speak(self) -> None:
        while (words := self.wanted.get()) is not None:
            path = self.folder / hashlib.sha256(words.encode()).hexdigest()[:24]
            try:
                if not path.with_suffix(".wav").is_file():
                    part = path.with_suffix(".part")
                    part.write_bytes(speech.spoken(words))
                    part.replace(path.with_suffix(".wav"))
                self.known[words] = (f"sound:{path}",)
            except (Refusal, OSError) as error:
                log.warning("voice.silent", text=words[:60], reason=str(error))


def reception_of(centre_id: int, voice: Voice | None) -> Reception:
    """As it is now. Without a voice callers hear music alone, and at any hour somebody may answer."""
    centre = ServiceCentre.objects.get(pk=centre_id)
    towns = list(Municipality.objects.filter(centre=centre_id, status=Municipality.STATES.live).order_by("slug"))
    slugs = {town.pk: town.slug for town in towns}
    numbers = NumberPrefix.objects.filter(municipality__in=slugs, confirmed_at__isnull=False).order_by("prefix")
    prefixes = tuple(Prefix(slugs[n.municipality_id], n.prefix, n.max_length, n.is_did) for n in numbers)
    if voice is None:
        return Reception(tuple(Place(town.slug) for town in towns), prefixes)
    usual = _("Guten Tag. Sie rufen außerhalb unserer Servicezeiten an. Bitte versuchen Sie es später noch einmal.")
    return Reception(
        places=tuple(
            Place(town.slug, voice.say(town.emergency), voice.say(town.closed_text or usual)) for town in towns
        ),
        prefixes=prefixes,
        is_open=partial(_is_open, _hours(centre)),
        unknown=Place("", closed=voice.say(usual)),
        shut=_said(voice, closing_of(centre_id), usual),
        full=voice.say(_("Zurzeit rufen sehr viele Menschen an. Bitte versuchen Sie es später noch einmal.")),
        callback=voice.say(_("Vielen Dank. Wir rufen Sie zurück. Auf Wiederhören.")),
        waits=voice.say(_("Alle Plätze sind belegt. Wenn wir Sie zurückrufen sollen, drücken Sie die Eins.")),
        say=voice.say,
    )


def _said(voice: Voice, closing: str | None, usual: str) -> Media:
    """Of a centre that is closed at once; the usual words where its own are not spoken (yet, or cannot be): closed is closed."""
    return (voice.say(closing) or voice.say(usual)) if closing else ()


def _hours(centre: ServiceCentre) -> Hours | None:
    """None: no hours were entered, so somebody may be there at any time. A demonstration is looked at in the evening, too."""
    return None if settings.DEMO else hours_of_centre(centre)


def _is_open(hours: Hours | None) -> bool:
    return hours is None or hours.is_open(timezone.now())
