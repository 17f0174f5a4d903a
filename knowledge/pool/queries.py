"""Page-sized reads of what is published and of what was missing.

In the desk's scope the database shows the live municipalities of the person's centres only; what is not valid today is left out here.
"""

from datetime import datetime
from typing import Any

from django.db.models import Case, Count, IntegerField, Q, QuerySet, Value, When
from django.utils import timezone

from knowledge.pool.models import Gap, SearchEntry
from tenants.sorting import German

GAP_ORDER = Case(
    When(state="new", then=Value(0)),
    When(state="in_progress", then=Value(1)),
    default=Value(2),
    output_field=IntegerField(),
)


def valid_today() -> Q:
    """Entries that agents may read out today (German time)."""
    today = timezone.localdate()
    return (Q(valid_from=None) | Q(valid_from__lte=today)) & (Q(valid_to=None) | Q(valid_to__gte=today))


def shown() -> QuerySet[SearchEntry]:
    """Published and valid today, with the municipality."""
    return SearchEntry.objects.filter(valid_today()).select_related("municipality").defer("title_words", "body_words")


def entry(municipality_id: int, kind: str, key: str) -> SearchEntry | None:
    """One published entry that is valid today, or None."""
    return shown().filter(municipality_id=municipality_id, kind=kind, key=key).first()


def same_service(of: SearchEntry) -> list[SearchEntry]:
    """The same service in other municipalities, by their names."""
    if not of.group:
        return []
    others = shown().filter(group=of.group, kind=of.kind).exclude(municipality=of.municipality_id)
    return list(others.order_by("municipality__name", "key")[:50])


def contacts_of(of: SearchEntry) -> list[SearchEntry]:
    """An article's published contacts, the first responsible first. Their data is looked up here, so it is always current; a contact
    that is not published is left out."""
    keys = of.payload.get("contacts") or []
    found = {
        contact.key: contact for contact in shown().filter(municipality=of.municipality_id, kind="person", key__in=keys)
    }
    return [found[key] for key in keys if key in found]


def articles_of(contact: SearchEntry, limit: int = 20) -> list[SearchEntry]:
    """Published articles that name a contact as responsible."""
    named = shown().filter(
        municipality=contact.municipality_id, kind="article", payload__contacts__contains=[contact.key]
    )
    return list(named.order_by(German("title"), "pk")[:limit])


def news(limit: int = 10, *, since: datetime | None = None) -> list[SearchEntry]:
    """What was published last, newest first."""
    found = shown().filter(kind="article")
    return list(
        (found.filter(published_at__gte=since) if since else found).order_by("-published_at", "-number")[:limit]
    )


def gaps(*, state: str = "", text: str = "") -> QuerySet[Gap]:
    """Gaps that the scope may see; open ones first, then newest first. `state` as in Gap.STATES, or `open` for new and in progress."""
    found = Gap.objects.select_related("municipality").order_by(GAP_ORDER, "-reported_at", "-pk")
    if state == "open":
        found = found.filter(state__in=("new", "in_progress"))
    elif state:
        found = found.filter(state=state)
    for word in text.replace("\0", " ").split()[:8]:
        found = found.filter(Q(title__icontains=word) | Q(text__icontains=word) | Q(query__icontains=word))
    return found


def gap_counts() -> dict[str, int]:
    """How many gaps there are by state; `open` is new and in progress together."""
    found: dict[str, Any] = dict(Gap.objects.order_by().values_list("state").annotate(Count("pk")))
    by_state = {str(state): int(found.get(str(state), 0)) for state, _label in Gap.STATES}
    return by_state | {"open": by_state["new"] + by_state["in_progress"]}


def answered_gaps(person_id: int, limit: int = 10) -> list[Gap]:
    """An agent's own reports that were answered or declined and not yet looked at."""
    own = Gap.objects.filter(reported_by=person_id, seen_at=None, state__in=("answered", "declined"))
    return list(own.select_related("municipality").order_by("-answered_at")[:limit])


def answer_of(gap: Gap) -> SearchEntry | None:
    """The published entry that answers a gap, when there is one."""
    return entry(gap.municipality_id, gap.answer_kind, gap.answer_key) if gap.answer_kind else None
