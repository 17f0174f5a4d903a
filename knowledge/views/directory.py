"""Verzeichnis: people, functions and departments."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from accounts.access import TownRequest, needs_role
from knowledge import access, overviews
from knowledge.access import READERS, WRITERS
from knowledge.forms.filters import ContactFilter
from knowledge.models import Contact, Department
from knowledge.views.editing import edit
from knowledge.views.kinds import CONTACT, DEPARTMENT


@require_safe
@needs_role(*READERS)
def contact_list(request: TownRequest) -> HttpResponse:
    """Contacts by words, department and state, 25 a page."""
    filters = ContactFilter(request.GET)
    context = {
        "filters": filters,
        "filtered": bool(filters.wanted),
        "page_obj": overviews.contacts(filters.wanted, request.GET.get("seite")),
        "summary": summary(overviews.contact_counts()),
        "may_write": access.may_write(request),
    }
    return render(request, "knowledge/contact_list.html", context)


def summary(counts: dict[str, int]) -> str:
    """135 Kontakte in 36 Abteilungen. 5 ohne Nummer."""
    people = ngettext("%(n)s Kontakt", "%(n)s Kontakte", counts["contacts"]) % {"n": counts["contacts"]}
    units = ngettext("%(n)s Abteilung", "%(n)s Abteilungen", counts["departments"]) % {"n": counts["departments"]}
    without = _(" %(n)s ohne Nummer.") % {"n": counts["no_number"]} if counts["no_number"] else ""
    return _("%(people)s, %(units)s.") % {"people": people, "units": units} + without


@needs_role(*WRITERS)
def contact_new(request: TownRequest) -> HttpResponse:
    """Add a person or function."""
    return edit(request, CONTACT, Contact())


@needs_role(*READERS)
def contact_edit(request: TownRequest, key: str) -> HttpResponse:
    """The form of a contact beside what agents see."""
    return edit(request, CONTACT, access.entry_to_edit(request, "person", key))


@require_safe
@needs_role(*READERS)
def department_list(request: TownRequest) -> HttpResponse:
    """The departments as a tree."""
    context = {"branches": overviews.departments(), "may_write": access.may_write(request)}
    return render(request, "knowledge/department_list.html", context)


@needs_role(*WRITERS)
def department_new(request: TownRequest) -> HttpResponse:
    """Add a department."""
    return edit(request, DEPARTMENT, Department())


@needs_role(*READERS)
def department_edit(request: TownRequest, key: str) -> HttpResponse:
    """The form of a department beside what agents see."""
    return edit(request, DEPARTMENT, access.entry_to_edit(request, "department", key))
