"""A municipality's settings: texts, situation, hours, special days, numbers, mark; and the log of what was done."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.forms import BaseForm
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import TownRequest, needs_role
from accounts.models import ROLES
from onboarding import access
from onboarding.forms import HoursForm, MarkForm, NumberForm, SituationForm, SpecialDayForm, TextsForm
from onboarding.views.log import log_page
from tenants import own_actions as own
from tenants.errors import Refusal
from tenants.hours_wording import opening_text
from tenants.models import AuditEntry, Municipality
from tenants.queries import hours_of, numbers_of

admins = needs_role(ROLES.tenant_admin)
writers = needs_role(ROLES.tenant_admin, ROLES.editor)


@require_safe
@writers
def town_settings(request: TownRequest) -> HttpResponse:
    """All settings on one page; each form saves by itself."""
    return page(request)


def page(request: TownRequest, status: int = 200, **forms: BaseForm) -> HttpResponse:
    """The page with fresh forms, but for those that were just posted and have errors."""
    municipality: Municipality = request.municipality
    hours = hours_of(municipality)
    context: dict[str, Any] = {
        "texts": TextsForm(instance=municipality, prefix="texts"),
        "situation": SituationForm(initial={"situation": municipality.situation}, prefix="situation"),
        "hours": HoursForm(hours=municipality.hours, prefix="hours"),
        "special_day": SpecialDayForm(prefix="day"),
        "number": NumberForm(prefix="number"),
        "mark": MarkForm(instance=municipality, prefix="mark"),
        "special_days": municipality.special_days.filter(day__gte=timezone.localdate()).order_by("day"),
        "numbers": numbers_of(municipality),
        "opening": opening_text(hours, timezone.now()),
        "may_admin": ROLES.tenant_admin in request.roles,
    }
    return render(request, "onboarding/town_settings.html", context | forms, status=status)


def saved(request: TownRequest, name: str, form: BaseForm, save: Callable[[], object], said: str) -> HttpResponse:
    """Save a valid form and go back to the page; otherwise show the page with what was typed and what is wrong."""
    if form.is_valid():
        try:
            with transaction.atomic():
                save()
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, said)
            return redirect("town_settings")
    return page(request, 422, **{name: form})


def fresh(request: TownRequest) -> Municipality:
    """The municipality for a ModelForm, which would write into the one that the page's head shows."""
    found: Municipality = Municipality.objects.select_related("centre").get(pk=request.municipality.pk)
    return found


@require_POST
@writers
def change_texts(request: TownRequest) -> HttpResponse:
    """Greeting, emergency, closed text, inhabitants."""
    form = TextsForm(request.POST, instance=fresh(request), prefix="texts")
    return saved(
        request,
        "texts",
        form,
        lambda: own.change_texts(fresh(request), form.cleaned_data, acting_user=request.user),
        _("Die Texte sind gespeichert; das Servicecenter liest sie ab sofort."),
    )


@require_POST
@writers
def change_situation(request: TownRequest) -> HttpResponse:
    """The banner on all desks."""
    form = SituationForm(request.POST, prefix="situation")
    return saved(
        request,
        "situation",
        form,
        lambda: own.change_situation(fresh(request), form.cleaned_data["situation"].strip(), acting_user=request.user),
        _("Die Lagemeldung ist geändert."),
    )


@require_POST
@admins
def change_hours(request: TownRequest) -> HttpResponse:
    """Opening hours of the week."""
    form = HoursForm(request.POST, prefix="hours")
    return saved(
        request,
        "hours",
        form,
        lambda: own.change_hours(fresh(request), form.hours(), acting_user=request.user),
        _("Die Öffnungszeiten sind gespeichert."),
    )


@require_POST
@admins
def add_special_day(request: TownRequest) -> HttpResponse:
    """A day that differs."""
    form = SpecialDayForm(request.POST, prefix="day")
    return saved(
        request,
        "special_day",
        form,
        lambda: own.add_special_day(
            fresh(request),
            form.cleaned_data["day"],
            label=form.cleaned_data["label"],
            intervals=form.cleaned_data["intervals"],
            acting_user=request.user,
        ),
        _("Der besondere Tag ist eingetragen."),
    )


@require_POST
@admins
def remove_special_day(request: TownRequest, pk: int) -> HttpResponse:
    """Back to the week's hours."""
    own.remove_special_day(access.special_day(request, pk), acting_user=request.user)
    messages.success(request, _("Der besondere Tag ist entfernt; es gelten wieder die Zeiten der Woche."))
    return redirect("town_settings")


@require_POST
@admins
def propose_number(request: TownRequest) -> HttpResponse:
    """A number that the operator confirms."""
    form = NumberForm(request.POST, prefix="number")
    return saved(
        request,
        "number",
        form,
        lambda: own.propose_number(
            fresh(request),
            form.cleaned_data["number"],
            max_length=len(form.cleaned_data["number"]) - 1 + form.cleaned_data["extension_digits"],
            acting_user=request.user,
        ),
        _("Die Rufnummer ist vorgeschlagen. Anrufe werden zugeordnet, sobald der Betreiber sie bestätigt hat."),
    )


@require_POST
@admins
def remove_number(request: TownRequest, pk: int) -> HttpResponse:
    """Its calls are no longer labelled."""
    own.remove_number(access.number(request, pk), acting_user=request.user)
    messages.success(request, _("Die Rufnummer ist entfernt."))
    return redirect("town_settings")


@require_POST
@admins
def change_mark(request: TownRequest) -> HttpResponse:
    """Initials, colour, pattern."""
    form = MarkForm(request.POST, instance=fresh(request), prefix="mark")
    return saved(
        request,
        "mark",
        form,
        lambda: own.change_mark(fresh(request), form.cleaned_data, acting_user=request.user),
        _("Das Erkennungszeichen ist geändert."),
    )


@require_safe
@admins
def town_audit(request: TownRequest) -> HttpResponse:
    """Who did what, newest first."""
    return render(request, "onboarding/town_audit.html", log_page(request, AuditEntry.objects.all()))
