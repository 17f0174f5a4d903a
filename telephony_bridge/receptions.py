"""What callers of a centre hear, read from the database (telephony scope): recordings of municipalities, and texts that a voice has spoken."""

import queue
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from math import inf
from pathlib import Path

import structlog
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from telephony_bridge.announcement_queries import recorded_audio, recordings_of
from telephony_bridge.asterisk import announcements, speech
from telephony_bridge.identify import Prefix
from telephony_bridge.notices import closing_of
from telephony_bridge.routing.reception import Media, Place, Reception
from telephony_bridge.skill_queries import languages_of_numbers
from tenants.errors import Refusal
from tenants.hours import Hours
from tenants.models import Municipality, NumberPrefix, ServiceCentre
from tenants.queries import hours_of_centre

log = structlog.get_logger(__name__)
TEXTS_AHEAD = 500  # that wait to be spoken
FIRST_PAUSE, LONGEST_PAUSE = 30.0, 3600.0  # seconds until what failed is tried again
RECORDED = "recorded"  # the folder of recordings: all that is in it is ours to delete
MARKED_EVERY = 3600.0  # seconds between two marks that a recording is wanted
KEPT = 86_400.0  # seconds without them until it is deleted


class Voice:
    """Sounds in a folder that Asterisk reads, too, each named after what it says.

    A text that is not there yet is spoken by a thread, and heard from then on; what goes wrong is tried again, each time after a longer pause.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.known: dict[str, Media] = {}
        self.wanted: queue.Queue[str] = queue.Queue(TEXTS_AHEAD)
        self.again_at: dict[str, float] = {}  # monotonic, of a text or a recording; `inf`: it is in the queue
        self.pauses: dict[str, float] = {}
        self.tidied_at = -inf
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._speak, name="voice", daemon=True)
        self.thread.start()

    def say(self, text: str) -> Media:
        """The sound of a text; nothing where there is none (yet). Returns at once, from any thread."""
        words = announcements.words_of(text)
        if not words:
            return ()
        if found := self.known.get(words):
            return found
        if self._is_due(words):
            self.again_at[words] = inf
            try:
                self.wanted.put_nowait(words)
            except queue.Full:  # another time
                del self.again_at[words]
        return ()

    def play(self, sha256: str, audio: Callable[[], bytes]) -> Media:
        """The sound of a recording, written where it is not there yet; nothing where it cannot be had. `audio` may raise Refusal."""
        path = self.folder / RECORDED / announcements.name_of_recording(sha256)
        file = path.with_suffix(".wav")
        if not self._is_due(sha256):
            return ()
        try:
            if not file.is_file():
                file.parent.mkdir(exist_ok=True)
                announcements.put(file, audio())
            elif abs(time.time() - file.stat().st_mtime) > MARKED_EVERY:
                with suppress(OSError):  # somebody else's file is as good
                    file.touch()
        except (Refusal, OSError) as error:
            self._failed(sha256, error)
            return ()
        self._succeeded(sha256)
        return (f"sound:{path}",)

    def tidy(self) -> None:
        """Delete recordings that nobody has wanted for a day: until then somebody may still hear one, or bring it back."""
        if time.monotonic() - self.tidied_at < MARKED_EVERY:
            return
        self.tidied_at = time.monotonic()
        for file in (self.folder / RECORDED).glob("*"):
            try:
                if time.time() - file.stat().st_mtime > KEPT:
                    file.unlink()
            except OSError as error:
                log.warning("voice.not_tidied", file=file.name, reason=str(error))

    def close(self) -> None:
        """No more."""
        self.ended.set()

    def _is_due(self, what: str) -> bool:
        return time.monotonic() >= self.again_at.get(what, -inf)

    def _failed(self, what: str, error: Exception) -> None:
        pause = self.pauses[what] = min(2 * self.pauses.get(what, FIRST_PAUSE / 2), LONGEST_PAUSE)
        self.again_at[what] = time.monotonic() + pause
        log.warning("voice.silent", text=what[:60], reason=str(error), next_try_s=pause)

    def _succeeded(self, what: str) -> None:
        """What fails another time begins with the shortest pause again."""
        self.pauses.pop(what, None)

    def _speak(self) -> None:
        while not self.ended.is_set():
            try:
                words = self.wanted.get(timeout=1)
            except queue.Empty:
                continue
            path = self.folder / announcements.name_of_text(words)
            try:
                if not path.with_suffix(".wav").is_file():
                    announcements.put(path.with_suffix(".wav"), speech.spoken(words))
                self.known[words] = (f"sound:{path}",)
                self._succeeded(words)
            except Exception as error:  # noqa: BLE001  whatever it is, other texts are still to be spoken
                self._failed(words, error)


def reception_of(centre_id: int, voice: Voice | None) -> Reception:
    """As it is now. Without a voice callers hear music alone, and at any hour somebody may answer."""
    centre = ServiceCentre.objects.get(pk=centre_id)
    towns = list(Municipality.objects.filter(centre=centre_id, status=Municipality.STATES.live).order_by("slug"))
    slugs = {town.pk: town.slug for town in towns}
    numbers = NumberPrefix.objects.filter(municipality__in=slugs, confirmed_at__isnull=False).order_by("prefix")
    prefixes = tuple(Prefix(slugs[n.municipality_id], n.prefix, n.max_length, n.is_did) for n in numbers)
    languages = {one.number: one.language for one in languages_of_numbers(centre_id)}
    if voice is None:
        return Reception(tuple(Place(town.slug) for town in towns), prefixes, languages)
    usual = announcements.usual()
    return Reception(
        places=_places(towns, voice),
        prefixes=prefixes,
        languages=languages,
        is_open=partial(_is_open, _hours(centre)),
        unknown=Place("", closed=voice.say(usual)),
        shut=_said(voice, closing_of(centre_id), usual),
        full=voice.say(_("Zurzeit rufen sehr viele Menschen an. Bitte versuchen Sie es später noch einmal.")),
        callback=voice.say(_("Vielen Dank. Wir rufen Sie zurück. Auf Wiederhören.")),
        waits=voice.say(_("Alle Plätze sind belegt. Wenn wir Sie zurückrufen sollen, drücken Sie die Eins.")),
        say=voice.say,
    )


def _places(towns: list[Municipality], voice: Voice) -> tuple[Place, ...]:
    recorded = recordings_of(town.pk for town in towns)
    return tuple(
        Place(
            town.slug,
            emergency=_heard(town, "emergency", recorded, voice) or voice.say(town.emergency),
            closed=_heard(town, "closed", recorded, voice)
            or voice.say(town.closed_text)
            or voice.say(announcements.usual()),
        )
        for town in towns
    )


def _heard(town: Municipality, kind: str, recorded: Mapping[tuple[int, str], str], voice: Voice) -> Media:
    """The recording; nothing where there is none, or it cannot be played: then its text is spoken."""
    sha256 = recorded.get((town.pk, kind))
    return voice.play(sha256, partial(recorded_audio, town.pk, kind)) if sha256 else ()


def _said(voice: Voice, closing: str | None, usual: str) -> Media:
    """Of a centre that is closed at once; the usual words where its own are not spoken (yet, or cannot be): closed is closed."""
    return (voice.say(closing) or voice.say(usual)) if closing else ()


def _hours(centre: ServiceCentre) -> Hours | None:
    """None: no hours were entered, so somebody may be there at any time. A demonstration is looked at in the evening, too."""
    return None if settings.DEMO else hours_of_centre(centre)


def _is_open(hours: Hours | None) -> bool:
    return hours is None or hours.is_open(timezone.now())
