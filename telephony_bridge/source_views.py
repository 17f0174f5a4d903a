"""The operator's pages of exchanges: which report calls, what they reported, and a test that waits for the next call."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import StaffRequest, for_operators
from accounts.addresses import on_host
from telephony_bridge import access, actions, source_checks, source_queries
from telephony_bridge.actions.sources import OVER_HTTP, shown_token
from telephony_bridge.dialects import dialect_of
from telephony_bridge.forms import NetworksForm, SourceForm
from telephony_bridge.models import Source
from telephony_bridge.tokens import secret_of
from tenants.errors import Refusal

STOP_ASKING = 286  # htmx ends its polling with this status, and swaps
NOTHING_NEW = 204  # htmx leaves the page as it is
get_or_post = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
@for_operators
def source_list(request: StaffRequest) -> HttpResponse:
    """Exchanges of all centres."""
    page = source_queries.sources(request.GET.get("seite"))
    return render(request, "telephony_bridge/source_list.html", {"page": page})


@get_or_post
@for_operators
def add_source(request: StaffRequest) -> HttpResponse:
    """One for a centre, or a municipality's own."""
    form = SourceForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            made = actions.add_source(acting_user=request.user, **form.chosen())
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("%(name)s ist angelegt.") % {"name": made.name})
            return redirect("source_detail", made.pk)
    return render(request, "telephony_bridge/add_source.html", {"form": form}, status=422 if form.errors else 200)


@require_safe
@for_operators
def source_detail(request: StaffRequest, pk: int) -> HttpResponse:
    """„Anschluss prüfen“: its messages, the waiting test, what to enter at the exchange."""
    return _page(request, access.source(pk))


@require_safe
@for_operators
def source_test(request: StaffRequest, pk: int) -> HttpResponse:
    """What the waiting test has seen since `seit`, for htmx: nothing new, or what it was and no more questions."""
    source, since = access.source(pk), source_checks.read_since(request.GET.get("seit", ""))
    found = (source_checks.seen(source, since) or source_checks.given_up(since)) if since else None
    if found is None:
        return HttpResponse(status=NOTHING_NEW)
    return render(request, "telephony_bridge/_seen.html", {"seen": found}, status=STOP_ASKING)


@require_POST
@for_operators
def change_networks(request: StaffRequest, pk: int) -> HttpResponse:
    """From which addresses it may report."""
    source, form = access.webhook_source(pk), NetworksForm(request.POST)
    if not form.is_valid():
        return _page(request, source, form)
    if actions.change_networks(source, form.cleaned_data["networks"], acting_user=request.user):
        messages.success(request, _("Die zugelassenen Adressen sind gespeichert; sie gelten ab sofort."))
    return redirect("source_detail", pk)


@get_or_post
@for_operators
def rotate_token(request: StaffRequest, pk: int) -> HttpResponse:
    """Ask, then replace token and secret."""
    source = access.webhook_source(pk)
    if request.method == "POST":
        with transaction.atomic():
            actions.rotate_token(source, acting_user=request.user)
        messages.success(request, _("Token und Adresse sind erneuert. Tragen Sie sie jetzt an der Anlage ein."))
        return redirect("source_detail", pk)
    return render(request, "telephony_bridge/rotate_token.html", {"source": source})


def _page(request: StaffRequest, source: Source, form: NetworksForm | None = None) -> HttpResponse:
    """The page, with the form of addresses as it was sent where it has mistakes."""
    since = source_checks.read_since(request.GET.get("seit", "")) or source_checks.begin(source)
    context = {
        "source": source,
        "since": str(since),
        "seen": source_checks.seen(source, since),
        "page": source_queries.reported(source, request.GET.get("seite")),
        "form": form or NetworksForm(initial={"networks": "\n".join(source.networks)}),
        **_entered(request, source),
    }
    return render(request, "telephony_bridge/source_detail.html", context, status=422 if form else 200)


def _entered(request: StaffRequest, source: Source) -> dict[str, Any]:
    """What is entered at the exchange: its address here and perhaps a secret, or why there is none to show."""
    signs = dialect_of(source.dialect).check is not None
    entered = {"address": "", "secret": "", "lost": False, "signs": signs}
    if source.dialect not in OVER_HTTP:
        return entered
    try:
        address = f"{on_host(request)}/api/v1/cti/{shown_token(source)}"
    except Refusal:
        return entered | {"lost": True}
    return entered | {"address": address, "secret": secret_of(source.pk, source.generation) if signs else ""}
