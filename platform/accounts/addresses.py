"""Addresses that depend on the place whose people are managed, on the host and port of the request."""

from django.conf import settings
from django.http import HttpRequest
from django.http.request import split_domain_port
from django.urls import reverse

from accounts.models import Place
from tenants.models import ServiceCentre


def port_of(request: HttpRequest) -> str:
    """ ":8000" as the browser wrote it, "" for the usual one. Behind a proxy the port that we listen on is another one."""
    port = split_domain_port(request.get_host())[1]
    return "" if port in {"", "80", "443"} else f":{port}"


def on_host(request: HttpRequest, name: str = "") -> str:
    """Scheme, host and port of one of our hosts ("soest", "desk"; without a name the front), reached as this request was."""
    host = f"{name}.{settings.RUFVERBUND_DOMAIN}" if name else settings.RUFVERBUND_DOMAIN
    return f"{request.scheme}://{host}{port_of(request)}"


def workplace(request: HttpRequest, place: Place) -> str:
    """Where somebody with a role there works: for a centre the desk, for a municipality the host on which its people are managed."""
    if isinstance(place, ServiceCentre):
        return on_host(request, "desk")
    return f"{request.scheme}://{request.get_host()}"


def member_page(name: str, place: Place, pk: int | None = None) -> str:
    """The address of one of the pages of accounts.member_urls for a place."""
    named = {"slug": place.slug} if isinstance(place, ServiceCentre) else {}
    return reverse(name, kwargs=named if pk is None else named | {"pk": pk})
