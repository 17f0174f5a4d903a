"""The places where people work, with their addresses on the port of a request."""

from typing import Any

from django.db.models import Prefetch
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts.access import Access
from accounts.addresses import on_host
from tenants.models import Municipality, NumberPrefix


def address(request: HttpRequest, name: str = "") -> str:
    """`http://NAME.<domain>:<port>/`, without a name the front."""
    return f"{on_host(request, name)}/"


def towns() -> list[Municipality]:
    """What the front page may name: municipalities that are there, with their confirmed `numbers`. In the front's scope."""
    confirmed = Prefetch("numbers", NumberPrefix.objects.exclude(confirmed_at=None))
    there = Municipality.objects.exclude(status__in=["provisioning", "left"]).prefetch_related(confirmed)
    return list(there.order_by("-status", "name")[:12])


def places(request: HttpRequest, shown: list[Municipality]) -> list[dict[str, Any]]:
    """Where this person works; for a stranger, where one can sign in (in a large installation only desk and operator)."""
    access: Access = request.access  # type: ignore[attr-defined]
    known = request.user.is_authenticated
    found: list[dict[str, Any]] = []
    if access.centres or not known:
        found.append(
            {"title": _("Arbeitsplatz im Servicecenter"), "url": address(request, "desk"), "municipality": None}
        )
    own = Municipality.objects.filter(pk__in=access.municipalities) if known else shown
    found += [{"title": m.name, "url": address(request, m.slug), "municipality": m} for m in own]
    if access.is_operator or not known:
        found.append({"title": _("Betreiber"), "url": f"{address(request)}betrieb/", "municipality": None})
    return found
