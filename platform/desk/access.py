"""One object or 404, in the desk's scope: row-level security shows a person what their centres answer for, nothing else; and who leads a team."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse

from accounts.access import Access, StaffRequest
from accounts.models import CENTRE_ROLES, ROLES, Membership
from knowledge.pool import queries as pool
from knowledge.pool.models import SearchEntry, Synonym
from telephony_bridge import queries
from telephony_bridge.models import Call, Presence
from telephony_bridge.record_models import CallRecord
from tenants.models import Municipality, ServiceCentre


def call_or_404(public_id: str) -> Call:
    """A call of the person's centres."""
    if (call := queries.call_of(public_id)) is None:
        raise Http404
    return call


def municipality_or_404(slug: str, *, access: Access) -> Municipality:
    """A municipality that the person's centres answer for."""
    found = Municipality.objects.filter(slug=slug, centre_id__in=access.centres, status__in=["live", "leaving"])
    if (municipality := found.select_related("centre").first()) is None:
        raise Http404
    return municipality


def entry_or_404(slug: str, *, kind: str, key: str, access: Access) -> SearchEntry:
    """A published entry that is valid today."""
    if (entry := pool.entry(municipality_or_404(slug, access=access).pk, kind, key)) is None:
        raise Http404
    return entry


def supervised(request: StaffRequest) -> list[int]:
    """The centres whose team the person leads."""
    return sorted(centre for centre, roles in request.access.centres.items() if ROLES.supervisor in roles)


def for_supervisors(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A view for who leads a team; agents are refused (403)."""

    @wraps(view)
    def inner(request: StaffRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not supervised(request):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return inner


def shared_synonym_or_404(request: StaffRequest, pk: int) -> Synonym:
    """A shared synonym of a centre whose team the person leads."""
    synonym = Synonym.objects.filter(municipality=None, centre_id__in=supervised(request), pk=pk).first()
    if synonym is None:
        raise Http404
    return synonym


def record_or_404(request: StaffRequest, pk: int) -> CallRecord:
    """The exchange's record of a call of a centre whose team the person leads."""
    record = CallRecord.objects.filter(centre_id__in=supervised(request), pk=pk).first()
    if record is None:
        raise Http404
    return record


def supervised_centre_or_404(request: StaffRequest, slug: str) -> ServiceCentre:
    """A centre whose team the person leads."""
    centre = ServiceCentre.objects.filter(pk__in=supervised(request), slug=slug).first()
    if centre is None:
        raise Http404
    return centre


def presence_or_404(centre: ServiceCentre, person_id: int) -> Presence:
    """The presence of somebody of a centre."""
    presence = Presence.objects.filter(centre=centre, person_id=person_id).first()
    if presence is None:
        raise Http404
    return presence


def agent_or_404(centre: ServiceCentre, person_id: int) -> Membership:
    """Somebody who works for a centre."""
    agent = Membership.objects.filter(centre=centre, person=person_id, role__in=CENTRE_ROLES).order_by("pk").first()
    if agent is None:
        raise Http404
    return agent
