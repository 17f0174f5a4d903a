"""The operator's pages. They run with the operator's login, which reads no drafts, no gaps and no notes of calls."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db import transaction
from django.db.models import QuerySet
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import actions as accounts
from accounts.access import StaffRequest, for_operators
from accounts.addresses import on_host
from accounts.models import ROLES, Invitation, Membership
from onboarding import access, queries, readiness
from onboarding import actions as onboarding
from onboarding.forms import AdminForm, CentreForm, MunicipalityFilter, MunicipalityForm
from onboarding.tasks import provision_soon
from onboarding.views.log import log_page
from telephony_bridge.numbers import display
from tenants import actions
from tenants.errors import Refusal
from tenants.models import AuditEntry, Municipality, ServiceCentre

PEOPLE_PER_PAGE = 25
get_or_post = require_http_methods(["GET", "HEAD", "POST"])


def tried(form: Form, act: Callable[[], Any]) -> Any:
    """The result of the action, or None with the refusal in the form."""
    try:
        with transaction.atomic():
            return act()
    except Refusal as refusal:
        form.add_error(None, str(refusal))
        return None


@require_safe
@for_operators
def operator_start(request: StaffRequest) -> HttpResponse:
    """Municipalities by words, state and centre, with the counts of what they have published and what waits for the operator."""
    filters = MunicipalityFilter(request.GET)
    context = {
        "filters": filters,
        "filtered": bool(filters.wanted),
        "page": queries.municipalities(filters.wanted, request.GET.get("seite")),
        "centres": ServiceCentre.objects.count(),
    }
    return render(request, "onboarding/operator_start.html", context)


@get_or_post
@for_operators
def add_municipality(request: StaffRequest) -> HttpResponse:
    """Add one; its schema is made by the worker, which has the owner's secret."""
    form = MunicipalityForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        fields = {key: value for key, value in form.cleaned_data.items() if key != "number"}
        numbers = [form.cleaned_data["number"]] if form.cleaned_data["number"] else []
        made = tried(form, lambda: actions.add_municipality(numbers=numbers, acting_user=request.user, **fields))
        if made:
            provision_soon()
            messages.success(request, _("%(name)s ist angelegt und wird eingerichtet.") % {"name": made.name})
            return redirect("municipality_detail", made.slug)
    return render(request, "onboarding/add_municipality.html", {"form": form}, status=422 if form.errors else 200)


@require_safe
@for_operators
def municipality_detail(request: StaffRequest, slug: str) -> HttpResponse:
    """State, numbers, what is missing, people."""
    return detail(request, access.municipality(slug))


def paged(request: StaffRequest, found: QuerySet[Any], param: str) -> Page[Any]:
    """A page of a list that stands beside others, by its own parameter of the address."""
    return Paginator(found, PEOPLE_PER_PAGE).get_page(request.GET.get(param))


def detail(
    request: StaffRequest, municipality: Municipality, form: AdminForm | None = None, link: str = ""
) -> HttpResponse:
    """The page, with the invitation's form or its link."""
    steps = readiness.steps(municipality)
    context = {
        "shown": municipality,
        "steps": steps,
        "blocking": [step for step in steps if step.required and not step.done],
        "numbers": municipality.numbers.all(),
        "members": paged(request, Membership.objects.filter(municipality=municipality), "personen"),
        "invitations": paged(
            request, Invitation.objects.filter(municipality=municipality, accepted_at=None), "einladungen"
        ),
        "admin_form": form or AdminForm(),
        "link": link,
    }
    return render(request, "onboarding/municipality_detail.html", context, status=422 if form and form.errors else 200)


@require_POST
@for_operators
def set_state(request: StaffRequest, slug: str) -> HttpResponse:
    """Live, back to joining, leaving, left."""
    municipality, state = access.municipality(slug), request.POST.get("state", "")
    change = (
        onboarding.go_live
        if state == "live" and str(municipality.status) == "joining"
        else partial(actions.set_state, state=state)
    )
    try:
        with transaction.atomic():
            change(municipality, acting_user=request.user)
        messages.success(
            request,
            _("%(name)s: Stand ist jetzt „%(state)s“.")
            % {"name": municipality.name, "state": municipality.get_status_display()},
        )
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return redirect("municipality_detail", slug)


@require_POST
@for_operators
def confirm_number(request: StaffRequest, slug: str, pk: int) -> HttpResponse:
    """From now on calls to it are labelled."""
    number = access.number_of(access.municipality(slug), pk)
    try:
        with transaction.atomic():
            actions.confirm_number(number, acting_user=request.user)
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("municipality_detail", slug)
    messages.success(request, _("Die Rufnummer %(number)s ist bestätigt.") % {"number": display(number.prefix)})
    return redirect("municipality_detail", slug)


@require_POST
@for_operators
def invite_admin(request: StaffRequest, slug: str) -> HttpResponse:
    """The first admin; everybody else is invited by them. The link is shown once."""
    municipality, form = access.municipality(slug), AdminForm(request.POST)
    if form.is_valid():
        invited = tried(
            form,
            lambda: accounts.invite(
                email=form.cleaned_data["email"],
                name=form.cleaned_data["name"],
                role=ROLES.tenant_admin,
                place=municipality,
                base_url=on_host(request, municipality.slug),
                acting_user=request.user,
            ),
        )
        if invited:
            return detail(request, municipality, link=invited[1])
    return detail(request, municipality, form)


@require_safe
@for_operators
def centre_list(request: StaffRequest) -> HttpResponse:
    """All service centres with their members."""
    centres = ServiceCentre.objects.select_related("operator").prefetch_related("municipalities").order_by("name")
    return render(
        request, "onboarding/centre_list.html", {"page": Paginator(centres, 25).get_page(request.GET.get("seite"))}
    )


@get_or_post
@for_operators
def add_centre(request: StaffRequest) -> HttpResponse:
    """A new one; municipalities join it when they are added."""
    form = CentreForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = tried(form, lambda: actions.add_centre(acting_user=request.user, **form.cleaned_data))
        if made:
            messages.success(request, _("%(name)s ist angelegt.") % {"name": made.name})
            return redirect("centre_detail", made.slug)
    return render(request, "onboarding/add_centre.html", {"form": form}, status=422 if form.errors else 200)


@get_or_post
@for_operators
def centre_detail(request: StaffRequest, slug: str) -> HttpResponse:
    """Members, people, and which municipality runs it."""
    centre = access.centre(slug)
    if request.method == "POST":
        operator = centre.municipalities.filter(slug=request.POST.get("operator", "")).first()
        if operator is None:
            messages.error(request, _("Bitte eine Kommune dieses Servicecenters wählen."))
        else:
            actions.name_operator(centre, operator, acting_user=request.user)
            messages.success(request, _("%(name)s betreibt jetzt dieses Servicecenter.") % {"name": operator.name})
        return redirect("centre_detail", slug)
    context = {
        "centre": centre,
        "municipalities": centre.municipalities.all(),
        "page": paged(request, centre.municipalities.order_by("slug"), "seite"),
        "members": paged(request, Membership.objects.filter(centre=centre), "personen"),
    }
    return render(request, "onboarding/centre_detail.html", context)


@require_safe
@for_operators
def operator_audit(request: StaffRequest) -> HttpResponse:
    """What was done to centres, municipalities and memberships; contents of municipalities are not in it."""
    found = AuditEntry.objects.select_related("municipality")
    return render(request, "onboarding/operator_audit.html", log_page(request, found) | {"elsewhere": True})
