"""The main menus: which pages an area has, under which name, and for whom."""

from collections.abc import Collection
from typing import NamedTuple

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Entry(NamedTuple):
    """A page in a menu. `roles` empty: for everybody who may enter the area."""

    url_name: str
    label: str | Promise
    roles: frozenset[str] = frozenset()


class Item(NamedTuple):
    """An entry as it is shown now."""

    href: str
    label: str | Promise
    current: bool


WRITERS = frozenset({"editor", "tenant_admin"})
ADMINS = frozenset({"tenant_admin"})
MENUS: dict[str, tuple[Entry, ...]] = {
    "municipality": (
        Entry("town_start", _("Start")),
        Entry("handover_list", _("Anrufe")),
        Entry("article_list", _("Wissen")),
        Entry("gap_list", _("Wissenslücken")),
        Entry("search_list", _("Erfolglose Suchen"), WRITERS),
        Entry("contact_list", _("Verzeichnis")),
        Entry("joining", _("Beitritt")),
        Entry("member_list", _("Mitglieder"), ADMINS),
        Entry("town_settings", _("Einstellungen"), WRITERS),
    ),
    "operator": (
        Entry("operator_start", _("Kommunen")),
        Entry("centre_list", _("Servicecenter")),
        Entry("source_list", _("Telefonanlagen")),
        Entry("operator_audit", _("Protokoll")),
    ),
}


def address(url_name: str, urlconf: str | None) -> str:
    """The address of a page, or "" when this host does not have it."""
    try:
        return reverse(url_name, urlconf=urlconf)
    except NoReverseMatch:
        return ""


def items(area: str, request: HttpRequest, roles: Collection[str]) -> list[Item]:
    """The entries of an area that exist on this host and are for one of these roles. The longest address that begins the current
    path is the current page, so `/wissen/12/` belongs to `/wissen/`."""
    urlconf = getattr(request, "urlconf", None)
    wanted = [entry for entry in MENUS[area] if not entry.roles or entry.roles & set(roles)]
    found = [(href, entry.label) for entry in wanted if (href := address(entry.url_name, urlconf))]
    path = request.path
    here = max(
        (href for href, _label in found if path == href or (href != "/" and path.startswith(href))), key=len, default=""
    )
    return [Item(href, label, href == here) for href, label in found]
