"""Addresses that depend on the place whose people are managed, on the host and port of the request."""

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from accounts.models import Place
from tenants.models import ServiceCentre


def on_host(request: HttpRequest, name: str) -> str:
    """Scheme, host and port of one of our hosts ("soest", "desk"), reached as this request was."""
    port = request.get_port()
    tail = "" if port in {"80", "443"} else f":{port}"
    return f"{request.scheme}://{name}.{settings.RUFVERBUND_DOMAIN}{tail}"


def workplace(request: HttpRequest, place: Place) -> str:
    """Where somebody with a role there works: for a centre the desk, for a municipality the host on which its people are managed."""
    if isinstance(place, ServiceCentre):
        return on_host(request, "desk")
    return f"{request.scheme}://{request.get_host()}"


def member_page(name: str, place: Place, pk: int | None = None) -> str:
    """The address of one of the pages of accounts.member_urls for a place."""
    named = {"slug": place.slug} if isinstance(place, ServiceCentre) else {}
    return reverse(name, kwargs=named if pk is None else named | {"pk": pk})
