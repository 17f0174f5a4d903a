"""A call as its card shows it: whose it is, what to say, who calls and what else the agent should know."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext as _

from desk import greetings
from telephony_bridge import numbers
from telephony_bridge.models import Call
from tenants.hours import Hours, SpecialDay, Week, parse_intervals
from tenants.hours_wording import closed_text, opening_text
from tenants.models import Municipality
from tenants.models import SpecialDay as StoredDay


@dataclass(frozen=True, slots=True)
class Card:
    """One call on a desk. `closed` is a sentence when the town hall is closed now, else empty; `earlier` are calls of the same number."""

    call: Call
    greeting: list[str]
    caller: str
    dialled: str
    is_active: bool = True
    closed: str = ""
    earlier: list[Call] = field(default_factory=list)
    perhaps: str = ""  # of the staff whose number it is

    @property
    def municipality(self) -> Municipality | None:
        """For whom it is; None: not recognised."""
        return self.call.municipality

    @property
    def name(self) -> str:
        """What the card and every sentence call it."""
        return self.call.municipality.name if self.call.municipality else _("Kommune nicht erkannt")

    @property
    def slug(self) -> str:
        """The municipality's slug, empty when it was not recognised."""
        return self.call.municipality.slug if self.call.municipality else ""

    @property
    def state(self) -> str:
        """ringing, talking or wrap-up."""
        return str(self.call.state)

    @property
    def is_long(self) -> bool:
        """Whether the greeting is set smaller."""
        return greetings.is_long(self.greeting)

    @property
    def waited(self) -> int:
        """Seconds from the first ring to the answer."""
        return _seconds(self.call.ringing_at, self.call.answered_at)

    @property
    def talked(self) -> int:
        """Seconds from the answer to the end of the conversation."""
        return _seconds(self.call.answered_at, self.call.hung_up_at or self.call.wrap_up_at)

    @property
    def status(self) -> str:
        """What the call is in, in words, as the card shows and says it."""
        whom = self.call.transferred_to or shown(self.call.target, self.call.target) or _("eine andere Stelle")
        words = {
            "held": _("Anrufer wird gehalten"),
            "dialling": _("Rückfrage: es klingelt bei %(whom)s"),
            "consulting": _("Rückfrage: %(whom)s"),
            "swapped": _("Im Gespräch; gehalten: %(whom)s"),
            "blind": _("Wird weitergeleitet an %(whom)s"),
        }
        if self.state == "talking" and self.call.phase in words:
            return words[self.call.phase] % {"whom": whom}
        return {"talking": _("Im Gespräch"), "wrap-up": _("Nachbearbeitung")}.get(
            self.state, _("Anruf – klingelt seit")
        )

    @property
    def returned(self) -> str:
        """A sentence where somebody could not be reached, else empty."""
        return _("Nicht erreicht: %(whom)s.") % {"whom": self.call.returned_from} if self.call.returned_from else ""

    @property
    def since(self) -> datetime:
        """When the running state began."""
        if self.state == "talking" and self.call.phase and self.call.phase_since:
            return self.call.phase_since
        begin = {"ringing": self.call.ringing_at, "talking": self.call.answered_at, "wrap-up": self.call.wrap_up_at}
        return begin.get(self.state) or self.call.ringing_at


def card_of(
    call: Call, *, agent: str, is_active: bool = True, closed: str = "", earlier: list[Call] | None = None
) -> Card:
    """The card of a call for the agent of this name."""
    return Card(
        call=call,
        greeting=greetings.greeting(call.municipality, agent),
        caller=shown(call.from_number, call.from_raw) or _("unterdrückt"),
        dialled=shown(call.to_number, call.to_raw, heads=[head for head in [call.evidence.get("prefix")] if head]),
        is_active=is_active,
        closed=closed,
        earlier=earlier or [],
    )


def shown(e164: str, raw: str = "", *, heads: Iterable[str] = ()) -> str:
    """A number as Germans write it; what could not be read is shown as it came, a withheld one ("anonymous") is empty."""
    if e164:
        return numbers.display(e164, heads)
    return "" if numbers.read(raw).anonymous else raw[:40]


def closed_sentence(municipality: Municipality, at: datetime) -> str:
    """ "Rathaus geschlossen (Feiertag), öffnet morgen um 8:00 Uhr." Empty when it is open, or when no hours are known."""
    if not municipality.hours:
        return ""
    days = StoredDay.objects.filter(municipality=municipality, day__gte=at.date())
    hours = Hours.of(
        Week.parse(municipality.hours),
        municipality.state,
        special_days=[SpecialDay(day.day, day.label, parse_intervals(day.intervals)) for day in days],
    )
    closed = hours.why_closed(at)
    if closed is None:
        return ""
    values = {
        "place": _("Kreishaus") if municipality.kind == "kreis" else _("Rathaus"),
        "next": opening_text(hours, at),
    }
    if closed.label:
        return _("%(place)s geschlossen (%(why)s), %(next)s.") % {**values, "why": closed_text(closed)}
    return _("%(place)s geschlossen, %(next)s.") % values


def _seconds(begin: datetime | None, end: datetime | None) -> int:
    return max(0, round((end - begin).total_seconds())) if begin and end else 0
