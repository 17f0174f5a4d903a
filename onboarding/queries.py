"""Page-sized reads of the operator, in the operator's scope: what is published is counted, never read."""

from collections.abc import Mapping
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, Q

from accounts.models import ROLES, Membership
from knowledge.pool.models import SearchEntry
from tenants.models import Municipality

PER_PAGE = 50
ARTICLES, CONTACTS = Q(kind="article"), Q(kind__in=["person", "department"])


def municipalities(wanted: Mapping[str, Any], number: object) -> Page[Any]:
    """Municipalities by words (name, short name, AGS), state and centre.

    Each carries `articles` and `contacts` (how many are published), `waiting` (numbers to confirm) and `has_admin`.
    """
    found = Municipality.objects.select_related("centre").prefetch_related("numbers").order_by("slug")
    for word in str(wanted.get("q", "")).split()[:5]:
        found = found.filter(Q(name__icontains=word) | Q(slug__icontains=word) | Q(ags__startswith=word))
    found = found.filter(**{name: wanted[name] for name in ("status", "centre") if wanted.get(name)})
    page = Paginator(found, PER_PAGE).get_page(number)  # type: ignore[arg-type]
    shown = [municipality.pk for municipality in page.object_list]
    counts = published_counts(shown)
    admins = Membership.objects.filter(municipality__in=shown, role=ROLES.tenant_admin).order_by()
    administered = set(admins.values_list("municipality", flat=True))
    for municipality in page.object_list:
        municipality.articles, municipality.contacts = counts.get(municipality.pk, (0, 0))
        municipality.waiting = sum(one.confirmed_at is None for one in municipality.numbers.all())
        municipality.has_admin = municipality.pk in administered
    return page


def published_counts(of: list[int] | None = None) -> dict[int, tuple[int, int]]:
    """(articles, contacts with departments) by municipality; of all when none are named."""
    found = SearchEntry.objects.order_by() if of is None else SearchEntry.objects.order_by().filter(municipality__in=of)
    rows = found.values_list("municipality_id").annotate(
        articles=Count("id", filter=ARTICLES), contacts=Count("id", filter=CONTACTS)
    )
    return {municipality: (articles, contacts) for municipality, articles, contacts in rows}
