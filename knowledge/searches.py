"""Reads of how searches ended, in a municipality's scope: those that led to nothing, by their words, and the success by week."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.paginator import Page
from django.db import connection
from django.db.models import Count, Max, Q, QuerySet
from django.db.models.functions import TruncWeek

from knowledge import queries
from knowledge.pool.models import LoggedSearch
from knowledge.search.privacy import HELD
from tenants.hours import BERLIN
from tenants.models import Municipality

GOOD_PLACE = 3  # as in public.desk_search_weeks
WEEKS = 26
NOTHING, ABANDONED = Q(outcome="nothing"), Q(outcome="abandoned")
LATE = Q(outcome="chosen", place__gt=GOOD_PLACE)
GOOD = Q(outcome="chosen", place__lte=GOOD_PLACE)
FAILED = {"nothing": NOTHING, "abandoned": ABANDONED, "late": LATE}


def of(municipality: Municipality) -> QuerySet[LoggedSearch]:
    """All that is kept."""
    return LoggedSearch.objects.filter(municipality=municipality.pk)


def failed(municipality: Municipality, wanted: dict[str, Any], number: object) -> Page[Any]:
    """A page of words that led to nothing, to nothing opened, or to a late hit, each with counts (`total`, `nothing`, `abandoned`, `late`,
    `good`), `last`, and `opened`: what was opened most often, as (title, `slug:key`)."""
    rows = of(municipality).exclude(words__in=["", HELD])
    rows = rows.exclude(settled="") if wanted.get("state") == "settled" else rows.filter(settled="")
    if text := wanted.get("q", ""):
        rows = rows.filter(words__icontains=text)
    grouped: Any = counted(rows.order_by().values("words")).annotate(last=Max("hour"), made=Max("settled"))
    kinds = [wanted["outcome"]] if wanted.get("outcome") in FAILED else list(FAILED)
    any_of = Q()
    for kind in kinds:
        any_of |= Q(**{f"{kind}__gt": 0})
    order = ("-last", "-total", "words") if wanted.get("order") == "newest" else ("-failures", "-last", "words")
    page = queries.page(grouped.filter(any_of).order_by(*order), number)
    _name_opened(rows, page)
    return page


def counted(rows: Any) -> Any:
    """Groups with how many searches ended how."""
    return rows.annotate(
        total=Count("pk"),
        nothing=Count("pk", filter=NOTHING),
        abandoned=Count("pk", filter=ABANDONED),
        late=Count("pk", filter=LATE),
        good=Count("pk", filter=GOOD),
        failures=Count("pk", filter=NOTHING | ABANDONED | LATE),
    )


def _name_opened(rows: QuerySet[LoggedSearch], page: Page[Any]) -> None:
    shown = list(page.object_list)
    found: Any = rows.filter(words__in=[row["words"] for row in shown]).exclude(entry="").order_by()
    often = found.values("words", "entry", "entry_title").annotate(times=Count("pk")).order_by("times", "entry")
    opened = {one["words"]: (one["entry_title"], one["entry"]) for one in often}  # the last is the most frequent
    for row in shown:
        row["opened"] = opened.get(row["words"])
        row["made"] = dict(LoggedSearch.SETTLED).get(row["made"], "")
    page.object_list = shown


def summary(municipality: Municipality) -> dict[str, int]:
    """How many words wait, and how many searches have words that are held back."""
    open_ones = of(municipality).filter(NOTHING | ABANDONED | LATE, settled="")
    return {
        "words": open_ones.exclude(words__in=["", HELD]).values("words").distinct().count(),
        "held": of(municipality).filter(words=HELD).count(),
    }


def about(municipality: Municipality, words: str) -> dict[str, Any] | None:
    """What is kept of these words: counts, the newest hour, what was opened (the most frequent first), what was made of it; or None."""
    rows = of(municipality).filter(words=words)
    told: dict[str, Any] | None = counted(rows.values("words")).annotate(last=Max("hour")).order_by("words").first()
    if told is None:
        return None
    often: Any = rows.exclude(entry="").order_by().values("entry", "entry_title").annotate(times=Count("pk"))
    told["opened"] = list(often.order_by("-times", "entry_title")[:5])
    told["is_open"] = rows.filter(settled="").exists()
    newest = rows.exclude(settled="").order_by("-settled_at").first()
    told["settled"] = newest.get_settled_display() if newest else ""
    return told


@dataclass(frozen=True, slots=True)
class Week:
    """A week's searches, and how many of them ended how."""

    begins: date
    total: int
    good: int
    late: int
    abandoned: int
    nothing: int

    @property
    def success(self) -> int:
        """Searches whose opened hit stood among the first three, in per cent."""
        return round(100 * self.good / self.total) if self.total else 0


def weeks(municipality: Municipality) -> list[Week]:
    """The newest weeks that had searches, newest first."""
    rows: Any = of(municipality).order_by().annotate(begins=TruncWeek("hour", tzinfo=BERLIN)).values("begins")
    return [
        Week(row["begins"].date(), row["total"], row["good"], row["late"], row["abandoned"], row["nothing"])
        for row in counted(rows).order_by("-begins")[:WEEKS]
    ]


def team_weeks() -> list[tuple[Municipality, Week]]:
    """The same for all municipalities of the centres whose team the person leads (desk scope): numbers alone, newest week first."""
    places = {place.pk: place for place in Municipality.objects.all()}
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM public.desk_search_weeks(%s)", [WEEKS])
        rows = cursor.fetchall()
    found = [(places[municipality], Week(*numbers)) for municipality, *numbers in rows if municipality in places]
    return sorted(found, key=lambda one: (-one[1].begins.toordinal(), one[0].name))
