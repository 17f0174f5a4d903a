"""What desks read about calls and colleagues (desk scope; row-level security keeps to the person's centres). Constant numbers of queries."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.models import CENTRE_ROLES, Membership
from telephony_bridge import times
from telephony_bridge.models import Call, ExchangeCommand, Presence, Telephone
from tenants.models import Municipality
from tenants.sorting import German


@dataclass(frozen=True, slots=True)
class Waiting:
    """A caller who waits: for whom (None: not recognised) and since when."""

    public_id: str
    municipality: Municipality | None
    since: datetime


@dataclass(frozen=True, slots=True)
class Colleague:
    """An agent of the centre: their presence, and for whom they speak or write just now."""

    person_id: int
    name: str
    state: str
    state_label: str
    since: datetime
    municipality: Municipality | None


@dataclass(frozen=True, slots=True)
class Today:
    """How an agent's calls since midnight (local time) ended; `total` counts those still open, too."""

    total: int
    answered: int
    transferred: int
    callback: int
    abandoned: int


def _calls() -> "QuerySet[Call]":
    return Call.objects.select_related("municipality")


def call_of(public_id: str) -> Call | None:
    """One call by its public id, None when there is none for this scope."""
    return _calls().filter(public_id=public_id).first()


def ringing_calls(centre_ids: Iterable[int]) -> list[Call]:
    """Calls that nobody has taken yet, the longest waiting first."""
    waiting = _calls().filter(centre_id__in=list(centre_ids), state="ringing").exclude(phase="closed")
    return list(waiting.order_by("ringing_at", "pk")[:200])


def callbacks(centre_ids: Iterable[int], limit: int = 8) -> list[Call]:
    """Callers who want to be called back and were not yet, the longest waiting first."""
    open_ones = _calls().filter(centre_id__in=list(centre_ids), callback_wanted_at__isnull=False, callback_done_at=None)
    return list(open_ones.exclude(from_number="").order_by("callback_wanted_at", "pk")[:limit])


def waiting(centre_ids: Iterable[int]) -> list[Waiting]:
    """The same, as the queue shows them."""
    return [Waiting(call.public_id, call.municipality, call.ringing_at) for call in ringing_calls(centre_ids)]


def current_calls(person_id: int) -> list[Call]:
    """What is on the person's desk: talking first, then wrap-ups, the newest first."""
    return list(
        _calls().filter(agent_id=person_id, state__in=["talking", "wrap-up"]).order_by("state", "-answered_at", "-pk")
    )


def last_calls(person_id: int, limit: int = 10) -> list[Call]:
    """The person's closed calls, the newest first."""
    return list(_calls().filter(agent_id=person_id, state="ended").order_by("-ringing_at", "-pk")[:limit])


def earlier_calls(call: Call, limit: int = 5) -> list[Call]:
    """Calls of the same number in the same centre within 30 days before this one; none for a withheld number."""
    if not call.from_number:
        return []
    since = call.ringing_at - times.REMEMBERED
    earlier = _calls().filter(
        centre_id=call.centre_id, from_number=call.from_number, ringing_at__gte=since, ringing_at__lte=call.ringing_at
    )
    return list(earlier.exclude(pk=call.pk).order_by("-ringing_at", "-pk")[:limit])


def presences_of(person_id: int) -> list[Presence]:
    """The person's own presences, one per centre in which they ever were present."""
    return list(Presence.objects.filter(person_id=person_id).select_related("centre").order_by("centre__name"))


def unheard(person_id: int) -> ExchangeCommand | None:
    """The last thing that a person wanted of the exchange, if it was not done, for a moment."""
    lately = timezone.now() - times.UNHEARD
    mine = ExchangeCommand.objects.filter(person_id=person_id, done_at__gte=lately).order_by("-pk").first()
    return mine if mine and mine.result not in ("", "done") else None


def telephones(centre_ids: Iterable[int]) -> list[Telephone]:
    """At which one can sign in."""
    return list(Telephone.objects.filter(centre_id__in=list(centre_ids)).order_by(German("label"), "pk")[:200])


def team(centre_ids: Iterable[int]) -> list[Colleague]:
    """Everybody who works for these centres and has a presence, one line per person: those who are there first, then by name."""
    centres = list(centre_ids)
    calls = _calls().filter(centre_id__in=centres, state__in=["talking", "wrap-up"]).order_by("-state", "answered_at")
    by_agent = {call.agent_id: call for call in calls}  # a conversation overrides a wrap-up
    people: dict[int, Colleague] = {}
    works = Membership.objects.filter(person=OuterRef("person_id"), centre=OuterRef("centre_id"), role__in=CENTRE_ROLES)
    present = Presence.objects.filter(Exists(works), centre_id__in=centres)
    for presence in present.order_by(German("person_name"), "pk"):
        known = people.get(presence.person_id)
        if known is None or (known.state == "away" and presence.state != "away"):
            people[presence.person_id] = _colleague(presence, by_agent.get(presence.person_id))
    return sorted(people.values(), key=lambda one: (one.state == "away", one.name.casefold(), one.person_id))


def _colleague(presence: Presence, call: Call | None) -> Colleague:
    municipality = call.municipality if call and presence.state in {"busy", "wrap-up"} else None
    label = str(presence.get_state_display())
    return Colleague(presence.person_id, presence.person_name, str(presence.state), label, presence.since, municipality)


def today(person_id: int) -> Today:
    """Counts for the person's own panel."""
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    counts = {
        outcome: Count("pk", filter=Q(outcome=outcome))
        for outcome in ("answered", "transferred", "callback", "abandoned")
    }
    found = Call.objects.filter(agent_id=person_id, ringing_at__gte=midnight).aggregate(total=Count("pk"), **counts)
    return Today(**found)
