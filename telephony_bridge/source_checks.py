"""The waiting test of an exchange: what it reported since somebody began to watch, in a sentence (operator's scope)."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from telephony_bridge.models import Source
from telephony_bridge.source_queries import Reported, first_call_after, newest
from telephony_bridge.source_words import result_text

PATIENCE = timedelta(minutes=10)  # a forgotten page does not ask for ever


@dataclass(frozen=True, slots=True)
class Since:
    """When somebody began to watch: the last message before that, and the second (UTC)."""

    pk: int
    at: datetime

    def __str__(self) -> str:
        """As it stands in an address."""
        return f"{self.pk}.{int(self.at.timestamp())}"


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen: `kind` as that of an alert line, a bold title, a text."""

    kind: str
    title: str
    text: str


def begin(source: Source) -> Since:
    """From now on."""
    return Since(newest(source), timezone.now())


def read_since(text: str) -> Since | None:
    """From an address; None for what is none."""
    pk, _dot, second = text.partition(".")
    if not (pk.isascii() and pk.isdecimal() and second.isascii() and second.isdecimal() and len(text) <= 30):
        return None
    if int(pk) >= 2**63 or int(second) >= 2**32:
        return None
    return Since(int(pk), datetime.fromtimestamp(int(second), UTC))


def seen(source: Source, since: Since) -> Seen | None:
    """The first new call since then, else a message that was refused, else None."""
    call = first_call_after(source, since.pk)
    if call is not None:
        return _call(call)
    refused = source.refused_at
    if refused and refused >= since.at - timedelta(seconds=1):
        words = {"time": _clock(refused), "why": source.refused_why}
        return Seen("danger", _("Eine Meldung wurde abgewiesen."), _("Um %(time)s Uhr: %(why)s") % words)
    return None


def given_up(since: Since) -> Seen | None:
    """What is said instead of asking on, once nobody can have meant to wait for so long."""
    if timezone.now() - since.at < PATIENCE:
        return None
    text = _("Sehen Sie nach, ob die Adresse an der Anlage eingetragen ist, und laden Sie die Seite dann neu.")
    return Seen("info", _("Seit zehn Minuten kam kein Anruf."), text)


def _call(call: Reported) -> Seen:
    took = _("gespeichert")
    if call.took_ms is not None:
        took = _("nach %(ms)s ms gespeichert") % {"ms": number_format(call.took_ms, force_grouping=True)}
    words = {"time": _clock(call.at), "took": took, "result": result_text(call.result), "evidence": call.evidence_text}
    if not call.has_call:
        text = _("Um %(time)s Uhr kam ein Anruf, %(took)s: %(result)s. Rufen Sie bitte von außen an.")
        return Seen("warning", _("Ein Anruf kam an, aber keiner von außen."), text % words)
    if call.municipality is None:
        return Seen("warning", _("Der Anruf kam an, die Kommune ist nicht erkannt."), _unknown(call) % words)
    text = _("Um %(time)s Uhr kam ein Anruf, %(took)s. Erkannt an: %(evidence)s.")
    return Seen("success", _("Anruf für %(name)s.") % {"name": call.municipality.name}, text % words)


def _unknown(call: Reported) -> str:
    """What to do about it, with the places of _call."""
    said = (call.to_raw or call.to_number).replace("%", "%%")
    if not said:
        return _(
            "Um %(time)s Uhr kam ein Anruf, %(took)s. Die Anlage hat keine gewählte Rufnummer genannt (Feld „to“)."
        )
    text = _(
        "Um {time} Uhr kam ein Anruf, {took}. Als gewählt nennt die Anlage „{said}“. Das ist keine bestätigte Rufnummer "
        "und kein Name einer Kommune, die live ist."
    )
    return text.format(time="%(time)s", took="%(took)s", said=said)


def _clock(at: datetime) -> str:
    return date_format(timezone.localtime(at), "H:i:s")
