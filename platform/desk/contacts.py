"""Contacts with the number that an agent dials to transfer: the full one, since the service centre is no extension of the town hall."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from knowledge.pool import queries as pool
from knowledge.pool.models import SearchEntry
from telephony_bridge import numbers
from tenants.hours import BERLIN, Hours
from tenants.hours_reading import read_hours
from tenants.models import Municipality, NumberPrefix, SpecialDay

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Contact:
    """A published person, function or department, and what to dial; empty when nobody has written a number down."""

    entry: SearchEntry
    number: str
    now: str = ""  # "open" or "closed" by the hours that are written down, empty where nobody can tell

    @property
    def dial(self) -> str:
        """The number for an exchange: E.164, or an extension as it is; empty where it is neither."""
        return numbers.to_e164(self.number) or (self.number if self.number.isdecimal() else "")

    @property
    def short(self) -> str:
        """What the button says: the extension, else the number, else the name."""
        return self.entry.ext or self.number or self.entry.title


def with_numbers(entries: Sequence[SearchEntry]) -> list[Contact]:
    """The contacts with their numbers; one query for the heads of all municipalities concerned."""
    heads: dict[int, str] = {}
    places = {entry.municipality_id for entry in entries}
    for prefix in NumberPrefix.objects.filter(municipality__in=places, confirmed_at__isnull=False).order_by("pk"):
        heads.setdefault(prefix.municipality_id, prefix.prefix)
    return [Contact(entry, number_of(entry, heads.get(entry.municipality_id, ""))) for entry in entries]


def number_of(entry: SearchEntry, head: str) -> str:
    """The written number; else the extension behind the municipality's main number, "02921 103-1017"; else the bare extension."""
    if phone := str(entry.payload.get("phone") or ""):
        return phone
    extension = entry.ext.strip()
    return numbers.display(head + extension, [head]) if head and extension.isdecimal() else extension


def who_may_call(number: str) -> SearchEntry | None:
    """The one published person or department whose extension a caller's number (E.164) is; None for all others: only a "perhaps", numbers are lent."""
    heads = [number[:length] for length in range(6, len(number) - 1)]
    known = (
        NumberPrefix.objects.filter(prefix__in=heads, confirmed_at__isnull=False)
        if heads
        else NumberPrefix.objects.none()
    )
    head = max(known, key=lambda one: len(one.prefix), default=None)
    if head is None:
        return None
    extension = number.removeprefix(head.prefix)
    found = pool.shown().filter(municipality=head.municipality_id, ext=extension).exclude(kind="article")[:2]
    return found[0] if len(found) == 1 else None


def reachable(contacts: Iterable[Contact]) -> list[Contact]:
    """Those with a number."""
    return [contact for contact in contacts if contact.number]


def with_hours(contacts: Sequence[Contact], at: datetime) -> list[Contact]:
    """The contacts with what their hours say of this moment; at most one query."""
    told = {one.entry.pk: (one.entry.municipality, str(one.entry.payload.get("hours") or "")) for one in contacts}
    readable = {key for key, (_place, text) in told.items() if read_hours(text)}
    now = open_now(told, at)
    words = {key: "open" if key in now else "closed" for key in readable}
    return [replace(one, now=words.get(one.entry.pk, "")) for one in contacts]


def open_now(hours: Mapping[K, tuple[Municipality, str]], at: datetime) -> set[K]:
    """Those whose hours, as their municipality wrote them, say that they can be reached. Nobody is on a public holiday or on a special day
    of the municipality: what holds for whom then, nobody has written down."""
    weeks = {key: (place, week) for key, (place, text) in hours.items() if (week := read_hours(text))}
    by_week = {key: place for key, (place, week) in weeks.items() if Hours(week, place.state).is_open(at)}
    if not by_week:
        return set()
    today = at.astimezone(BERLIN).date()
    special = set(
        SpecialDay.objects.filter(municipality__in={place.pk for place in by_week.values()}, day=today).values_list(
            "municipality", flat=True
        )
    )
    return {key for key, place in by_week.items() if place.pk not in special}
