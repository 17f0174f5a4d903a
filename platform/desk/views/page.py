"""The desk's page, and the parts of it that are fetched again when something happened."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.access import StaffRequest
from desk import board
from desk.access import supervised
from desk.forms import GapForm
from desk.listeners import position_text
from desk.views import regions
from tenants import events
from tenants.models import ServiceCentre


@require_GET
def desk(request: StaffRequest) -> HttpResponse:
    """The whole page. Its position in the event streams is read first: what happens while it is being made is delivered afterwards."""
    centres = sorted(request.access.centres)
    position = position_text(events.newest(f"c:{centre}" for centre in centres))
    municipalities = board.answered_for(centres)
    context = regions.context_of(request)
    context |= {
        "position": position,
        "centres": list(ServiceCentre.objects.filter(pk__in=centres)),
        "gap_form": GapForm(municipalities=municipalities),
        "municipalities": municipalities,
        "leads": bool(supervised(request)),
        "settings": {
            name: request.user.preferences.get(name) for name in ("sentence", "tone", "device", "keys", "notify")
        },
    }
    response = render(request, "desk/desk.html", context)
    response["Cache-Control"] = "no-store"
    return response


@require_GET
def call_area(request: StaffRequest) -> HttpResponse:
    """Everything around the call, and the queue in the same moment, so that no call is in both or in neither. `?seen=` is the call that was on the screen: what became of it is said in a sentence."""
    context = regions.context_of(request)
    seen = request.GET.get("seen", "")[:40]
    if words := board.farewell(seen, context["board"]):
        context |= {"ended": seen, "farewell": words}
    return regions.render_regions(request, (*regions.CALL, *regions.QUEUE), context)


@require_GET
def queue(request: StaffRequest) -> HttpResponse:
    """Who waits, and the team."""
    return regions.render_regions(request, regions.QUEUE, regions.queue_context(request))


@require_GET
def places(request: StaffRequest) -> HttpResponse:
    """The municipalities to which missing knowledge can be reported; asked for when one came or went."""
    municipalities = board.answered_for(sorted(request.access.centres))
    return regions.render_regions(request, ("places",), {"gap_form": GapForm(municipalities=municipalities)})
