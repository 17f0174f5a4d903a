"""Reads of the list pages: one page of rows with what stands beside them, in a constant number of queries."""

from dataclasses import dataclass, field
from typing import Any

from django.core.paginator import Page
from django.db.models import Count, F, Prefetch, QuerySet, Window
from django.db.models.functions import Lower, RowNumber, Trim
from django.urls import reverse
from django.utils import timezone

from knowledge import queries, snapshots
from knowledge.models import Contact, Department, Responsibility, Version
from knowledge.pool import queries as pool
from knowledge.pool.models import Gap
from tenants.models import Municipality
from tenants.sorting import German

MOST_GAPS = 30
PAGES = {"article": "article_edit", "person": "contact_edit", "department": "department_edit"}


def articles(wanted: dict[str, Any], number: object) -> Page[Any]:
    """Articles with `responsible` (the title of the first contact), how many there are beside them, and `is_due` (the review)."""
    found = queries.entries(
        "article", text=wanted.get("q", ""), state=wanted.get("state", ""), due=bool(wanted.get("due"))
    )
    if wanted.get("due"):
        found = found.order_by("review_at", German("title"), "pk")
    named = Prefetch("responsibility_set", queryset=Responsibility.objects.select_related("contact"), to_attr="named")
    page = queries.page(found.prefetch_related(named), number)
    for article in page.object_list:
        article.responsible = article.named[0].contact.title if article.named else ""
        article.more_responsible = max(len(article.named) - 1, 0)
        article.is_due = bool(article.review_at and article.review_at <= timezone.localdate())
    return page


def contacts(wanted: dict[str, Any], number: object) -> Page[Any]:
    """Contacts with `article_count`: in how many articles they are responsible."""
    state = wanted.get("state", "")
    found = queries.entries(
        "person",
        text=wanted.get("q", ""),
        state="" if state == "no_number" else state,
        department=wanted.get("department"),
    )
    page = queries.page(without_number(found) if state == "no_number" else found, number)
    counted = dict(
        Responsibility.objects.filter(contact__in=[row.pk for row in page.object_list])
        .order_by()
        .values_list("contact")
        .annotate(Count("pk"))
    )
    for contact in page.object_list:
        contact.article_count = counted.get(contact.pk, 0)
    return page


def without_number(found: QuerySet[Any]) -> QuerySet[Any]:
    """Contacts to whom nobody can transfer."""
    return found.filter(ext="", phone="")


def contact_counts() -> dict[str, int]:
    """How many contacts and departments there are, and how many contacts have no number."""
    return {
        "contacts": Contact.objects.count(),
        "departments": Department.objects.count(),
        "no_number": without_number(Contact.objects.all()).count(),
    }


@dataclass
class Branch:
    """A department with what belongs to it."""

    department: Any
    contacts: int
    below: list["Branch"] = field(default_factory=list)


def departments() -> list[Branch]:
    """The departments as a tree, each with its state and the number of its own contacts; two queries."""
    counted = dict(Contact.objects.exclude(department=None).order_by().values_list("department").annotate(Count("pk")))
    branches = {row.pk: Branch(row, counted.get(row.pk, 0)) for row in queries.entries("department")}
    top: list[Branch] = []
    for branch in branches.values():
        above = branches.get(branch.department.parent_id)
        (above.below if above else top).append(branch)
    return top


def gaps(municipality: Municipality, wanted: dict[str, Any], number: object) -> Page[Any]:
    """The newest gap of each title and state, with `reports`: how often it was reported."""
    state = wanted.get("state", "open")
    found = pool.gaps(state="" if state == "all" else state, text=wanted.get("q", "")).filter(
        municipality=municipality.pk
    )
    same: Any = [Lower(Trim("title")), F("state")]
    newest = Window(RowNumber(), partition_by=same, order_by=[F("reported_at").desc(), F("pk").desc()])
    found = found.annotate(reports=Window(Count("pk"), partition_by=same), place=newest).filter(place=1)
    order = ("-reported_at", "-pk") if wanted.get("order") == "newest" else ("-reports", "-reported_at", "-pk")
    return queries.page(found.order_by(*order), number)


def recent(limit: int) -> list[Version]:
    """What was published or withdrawn last, each with the `url` of its entry, "" when that is gone."""
    found: list[Any] = queries.recent_versions(limit)
    for kind in {str(version.kind) for version in found}:
        keys = [version.key for version in found if version.kind == kind]
        there = set(snapshots.MODELS[kind].objects.order_by().filter(key__in=keys).values_list("key", flat=True))
        for version in found:
            if version.kind == kind:
                version.url = reverse(PAGES[kind], args=[version.key]) if version.key in there else ""
    return found


def same_question(gap: Gap) -> list[Gap]:
    """Other reports with the same title, newest first."""
    title = str(gap.title).strip().lower()
    found = (
        Gap.objects.filter(municipality=gap.municipality_id).annotate(words=Lower(Trim("title"))).filter(words=title)
    )
    return list(found.exclude(pk=gap.pk).order_by("-reported_at", "-pk")[:MOST_GAPS])


def open_gaps(municipality: Municipality) -> list[Gap]:
    """What waits for an answer; what somebody works on stands first."""
    found = Gap.objects.filter(municipality=municipality.pk, state__in=("in_progress", "new"))
    return list(found.order_by("state", "-reported_at", "-pk")[:MOST_GAPS])
