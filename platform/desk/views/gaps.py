"""Reports of missing knowledge, and the answers to one's own."""

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import StaffRequest
from desk import board
from desk.access import municipality_or_404
from desk.forms import GapForm
from desk.views.regions import after_action
from knowledge.pool import actions
from knowledge.pool import queries as pool
from knowledge.pool.models import Gap, SearchEntry
from telephony_bridge import queries
from telephony_bridge.models import Call
from tenants.errors import Refusal


def report_from(request: StaffRequest, call: Call | None) -> Gap:
    """Report what the form says, to the call's municipality or to the one that was chosen. Raises Refusal with what is missing."""
    municipalities = board.answered_for(sorted(request.access.centres))
    data = request.POST.copy()
    if call is not None and call.municipality is not None and not data.get("gap_municipality"):
        data["gap_municipality"] = call.municipality.slug
    form = GapForm(data, municipalities=municipalities)
    if not form.is_valid():
        raise Refusal(_("Wissenslücke: ") + " ".join(str(error) for errors in form.errors.values() for error in errors))
    municipality = municipality_or_404(form.cleaned_data["gap_municipality"], access=request.access)
    return actions.report_gap(
        municipality=municipality,
        centre=municipality.centre,
        title=form.cleaned_data["gap_title"],
        text=form.cleaned_data["gap_text"],
        query=request.POST.get("gap_query", "")[:200],
        call_id=call.public_id if call else "",
        entry=_open_entry(request, municipality.pk),
        acting_user=request.user,
    )


def _open_entry(request: StaffRequest, municipality: int) -> SearchEntry | None:
    """The article that was open while something was missing, if it is this municipality's."""
    slug, _colon, key = request.POST.get("gap_entry", "").partition(":")
    entry = pool.entry(municipality, "article", key) if key else None
    return entry if entry and entry.municipality.slug == slug else None


@require_POST
def report(request: StaffRequest) -> HttpResponse:
    """Report missing knowledge."""
    try:
        gap = report_from(request, queries.call_of(request.POST.get("call", "")[:40]))
    except Refusal as refusal:
        return after_action(request, say=str(refusal), status=409)
    return after_action(
        request, say=_("Wissenslücke gemeldet an die Redaktion von %(name)s.") % {"name": gap.municipality.name}
    )


@require_POST
def seen(request: StaffRequest, pk: int) -> HttpResponse:
    """The answer to one's own report has been read."""
    gap = Gap.objects.filter(pk=pk, reported_by=request.user.pk).first()
    if gap is not None:
        actions.mark_gap_seen(gap, acting_user=request.user)
    return after_action(request) if "X-Fragment" in request.headers else redirect("desk")
