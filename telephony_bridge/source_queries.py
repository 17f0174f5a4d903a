"""Page-sized reads of exchanges and what they reported (operator's scope, which sees no caller and no message itself)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet

from telephony_bridge.models import CtiEvent, Source
from telephony_bridge.source_words import event_text, evidence_text, result_text
from tenants.models import Municipality

PER_PAGE = 25
MOST_EVENTS = 2000  # pages go back that far; a busy exchange reports more in a morning
COLUMNS = (
    "pk",
    "received_at",
    "event",
    "result",
    "took_ms",
    "call_id",
    "call__municipality_id",
    "call__to_number",
    "call__to_raw",
)


@dataclass(frozen=True, slots=True)
class Reported:
    """A message as the page shows it. `municipality` and `evidence` are those of its call; `number` is what was dialled, as reported."""

    pk: int
    at: datetime
    event: str
    result: str
    took_ms: int | None
    has_call: bool
    municipality: Municipality | None
    to_number: str
    to_raw: str
    evidence: dict[str, Any]

    @property
    def event_text(self) -> str:
        """What happened."""
        return event_text(self.event)

    @property
    def result_text(self) -> str:
        """What was made of it."""
        return result_text(self.result)

    @property
    def evidence_text(self) -> str:
        """What the municipality was recognised by, "" where there is no call."""
        return evidence_text(self.evidence) if self.has_call else ""


def sources(number: object) -> Page[Source]:
    """Exchanges of all centres, those of a centre before those of its municipalities."""
    found = Source.objects.select_related("centre", "municipality").order_by("centre__name", "name", "dialect", "pk")
    return Paginator(found, PER_PAGE).get_page(number)  # type: ignore[arg-type]


def reported(source: Source, number: object) -> Page[Any]:
    """Its messages, the newest first; each a Reported."""
    page = Paginator(_rows(source).order_by("-pk")[:MOST_EVENTS], PER_PAGE).get_page(number)  # type: ignore[arg-type]
    return Page(_read(page.object_list), page.number, page.paginator)


def newest(source: Source) -> int:
    """The id of its last message, 0 when there is none."""
    found = CtiEvent.objects.filter(source=source).order_by("-pk").values_list("pk", flat=True).first()
    return int(found or 0)


def first_call_after(source: Source, pk: int) -> Reported | None:
    """The first new call that was reported after a message, and what has become of it so far."""
    rows = _rows(source).filter(pk__gt=pk, event="new_call").order_by("pk")[:1]
    return next(iter(_read(rows)), None)


def _rows(source: Source) -> "QuerySet[CtiEvent, tuple[Any, ...]]":
    return CtiEvent.objects.filter(source=source).values_list(*COLUMNS, "call__evidence")


def _read(rows: Iterable[tuple[Any, ...]]) -> list[Reported]:
    found = list(rows)
    towns = Municipality.objects.in_bulk({row[6] for row in found if row[6]})
    return [
        Reported(
            pk, at, event, result, took, bool(call), towns.get(town), to_number or "", to_raw or "", evidence or {}
        )
        for pk, at, event, result, took, call, town, to_number, to_raw, evidence in found
    ]
