"""Page-sized reads of a municipality's own knowledge, in its scope."""

from datetime import date
from functools import lru_cache
from typing import Any

from django.core.paginator import Page, Paginator
from django.db import connection
from django.db.models import Case, CharField, Count, Exists, OuterRef, Q, QuerySet, Subquery, TextField, Value, When
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from model_utils import Choices

from knowledge import snapshots
from knowledge.models import Article, Department, Entry, Publication, Version
from tenants import scope
from tenants.sorting import German

STATES = Choices(
    ("draft", _("Entwurf")),
    ("changed", _("geändert")),
    ("published", _("veröffentlicht")),
    ("withdrawn", _("zurückgezogen")),
)
PER_PAGE = 25
SEARCHED = {
    "article": ("title", "key", "short_answer", "body", "group", "leika"),
    "person": (
        "title",
        "key",
        "function",
        "dept",
        "department__title",
        "ext",
        "phone",
        "email",
        "room",
        "responsibilities",
    ),
    "department": ("title", "key", "ext", "phone", "email", "room", "responsibilities"),
}


def own_municipality_id() -> int:
    """The municipality in whose scope the code runs."""
    return _municipality_of(scope.required().schema)


@lru_cache(maxsize=1000)
def _municipality_of(schema: str) -> int:
    """A schema belongs to one municipality for ever; the database says to which, by the login that asks."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.own_municipality()")
        return int(cursor.fetchone()[0])


def entries(
    kind: str, *, text: str = "", state: str = "", department: Department | None = None, due: bool = False
) -> QuerySet[Any]:
    """Articles, people or departments, each with `state` (STATES), `published_version` and `published_at`.

    `text`: all its words occur somewhere in the entry. `department`: contacts of it and of those below, or articles for which such a
    contact is responsible. `due`: articles whose review date has come.
    """
    found = _with_state(kind)
    for word in text.replace("\0", " ").split()[:8]:
        found = found.filter(_contains(kind, word))
    if state:
        found = found.filter(state=state)
    if department:
        found = found.filter(_in_departments(kind, branch(department)))
    if due:
        found = found.filter(_due()) if kind == "article" else found.none()
    return found.distinct() if department and kind == "article" else found


def _with_state(kind: str) -> QuerySet[Any]:
    shown = Publication.objects.filter(kind=kind, key=OuterRef("key"))
    known = Version.objects.filter(kind=kind, key=OuterRef("key"))
    state = Case(
        When(Exists(shown), then=Case(When(has_changes=True, then=Value("changed")), default=Value("published"))),
        When(Exists(known), then=Value("withdrawn")),
        default=Value("draft"),
        output_field=CharField(),
    )
    sorted_rows = snapshots.MODELS[kind].objects.order_by(German("title"), "pk")
    found: QuerySet[Any] = sorted_rows.annotate(
        state=state,
        published_version=Subquery(shown.values("version")[:1]),
        published_at=Subquery(shown.values("published_at")[:1]),
    )
    return found.select_related("department") if kind == "person" else found


def _contains(kind: str, word: str) -> Q:
    condition = Q(
        pk__in=snapshots.MODELS[kind]
        .objects.annotate(words=Cast("synonyms", TextField()))
        .filter(words__icontains=word)
        .values("pk")
    )
    for name in SEARCHED[kind]:
        condition |= Q(**{f"{name}__icontains": word})
    return condition


def _in_departments(kind: str, ids: list[int]) -> Q:
    if kind == "department":
        return Q(pk__in=ids)
    return Q(contacts__department__in=ids) if kind == "article" else Q(department__in=ids)


def _due() -> Q:
    return Q(review_at__lte=timezone.localdate())


def page(found: QuerySet[Any], number: object, *, per_page: int = PER_PAGE) -> Page[Any]:
    """The page with this number; nonsense is the first, too far is the last."""
    return Paginator(found, per_page).get_page(number)  # type: ignore[arg-type]


def entry(kind: str, key: str) -> Any:
    """One entry with its state, or None."""
    return _with_state(kind).filter(key=key).first() if kind in snapshots.MODELS else None


def counts() -> dict[str, dict[str, int]]:
    """For the start page: {"article": {"draft": 3, "changed": 1, "published": 180, "withdrawn": 0, "due": 4}, "person": …, "department": …}."""
    result = {}
    for kind in snapshots.MODELS:
        by_state = dict(_with_state(kind).order_by().values_list("state").annotate(Count("pk")))
        result[kind] = {str(state): int(by_state.get(state, 0)) for state, _label in STATES}
    result["article"]["due"] = Article.objects.filter(_due()).count()
    return result


def due_articles(limit: int = 10) -> list[Article]:
    """Articles whose review date has come, the longest overdue first."""
    return list(Article.objects.filter(_due()).order_by("review_at", "title")[:limit])


def branch(department: Department) -> list[int]:
    """The department and all below it (primary keys)."""
    below: dict[int | None, list[int]] = {}
    for pk, parent in Department.objects.order_by().values_list("pk", "parent_id"):
        below.setdefault(parent, []).append(pk)
    found, todo = [], [department.pk]
    while todo:
        pk = todo.pop()
        if pk not in found:
            found.append(pk)
            todo += below.get(pk, [])
    return found


def department_tree() -> list[tuple[int, Department]]:
    """All departments with their depth (0 = top), each below the one that it belongs to; one query."""
    below: dict[int | None, list[Department]] = {}
    for department in Department.objects.order_by(German("title"), "pk"):
        below.setdefault(department.parent_id, []).append(department)
    tree: list[tuple[int, Department]] = []

    def add(parent: int | None, depth: int) -> None:
        for department in below.pop(parent, []):
            tree.append((depth, department))
            add(department.pk, depth + 1)

    add(None, 0)
    return tree


def versions(of: Entry) -> QuerySet[Version]:
    """The entry's versions, newest first."""
    return Version.objects.filter(kind=of.KIND, key=of.key).order_by("-number")


def recent_versions(limit: int = 10, *, since: date | None = None) -> list[Version]:
    """What was published or withdrawn lately in this municipality."""
    found = Version.objects.all()
    return list((found.filter(at__date__gte=since) if since else found)[:limit])


def articles_of(contact: Entry) -> QuerySet[Any]:
    """Articles for which a contact is responsible."""
    return _with_state("article").filter(responsibility__contact=contact.pk)
