"""Who may read and write here, and one object of the municipality or 404."""

from typing import Any, cast

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest

from accounts.access import TownRequest
from accounts.models import MUNICIPALITY_ROLES, Person
from knowledge import queries, searches, snapshots
from knowledge.models import Entry, Version
from knowledge.pool.models import Gap, Synonym
from tenants.models import Municipality

READERS = MUNICIPALITY_ROLES
WRITERS = ("editor", "tenant_admin")


def may_write(request: TownRequest) -> bool:
    """Whether the person may change anything here; departments read."""
    return bool(request.roles & set(WRITERS))


def acting(request: HttpRequest) -> Person:
    """The signed-in person, as the one who acts."""
    return cast("Person", request.user)


def entry_to_edit(request: TownRequest, kind: str, key: str) -> Any:
    """The entry of a page that shows it to readers and changes it for writers; locked while it is changed."""
    if request.method == "POST" and not may_write(request):
        raise PermissionDenied
    return entry_or_404(kind, key, lock=request.method == "POST")


def entry_or_404(kind: str, key: str, *, lock: bool = False) -> Any:
    """An article, person or department with its state. `lock`: nobody else changes it until the end of the transaction."""
    if lock:
        model = snapshots.MODELS[kind]
        model._default_manager.select_for_update().filter(key=key).first()  # noqa: SLF001  documented by Django
    if (entry := queries.entry(kind, key)) is None:
        raise Http404
    return entry


def version_or_404(entry: Entry, number: int) -> Version:
    """One version of an entry."""
    version = queries.versions(entry).filter(number=number).first()
    if version is None:
        raise Http404
    return version


def gap_or_404(municipality: Municipality, pk: int) -> Gap:
    """A gap that was reported to this municipality."""
    gap = Gap.objects.filter(municipality=municipality.pk, pk=pk).first()
    if gap is None:
        raise Http404
    return gap


def gap_of_request(request: TownRequest) -> Gap | None:
    """The gap that is being answered while an article is written (`luecke`), if any."""
    value = request.POST.get("luecke") or request.GET.get("luecke") or ""
    if not (value.isascii() and value.isdigit() and len(value) < 19):
        return None
    return Gap.objects.filter(municipality=request.municipality.pk, pk=int(value)).first()


def searches_or_404(municipality: Municipality, words: str) -> dict[str, Any]:
    """What is kept of searches for these words."""
    if (told := searches.about(municipality, words)) is None:
        raise Http404
    return told


def synonym_or_404(municipality: Municipality, pk: int) -> Synonym:
    """A synonym of the municipality's own."""
    synonym = Synonym.objects.filter(municipality=municipality.pk, pk=pk).first()
    if synonym is None:
        raise Http404
    return synonym
