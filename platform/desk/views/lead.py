""" "Leitstand": whoever leads a team sees all calls and colleagues of a centre, live, and what they do there. Deeds are POSTs that may be repeated."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from accounts.access import StaffRequest
from desk.access import call_or_404, for_supervisors, presence_or_404, supervised, supervised_centre_or_404
from desk.lead import lead_board
from desk.listeners import position_text
from desk.views import regions
from telephony_bridge import actions
from telephony_bridge.models import Presence
from tenants import events
from tenants.errors import Refusal
from tenants.models import ServiceCentre

PARTS = ("unheard", "figures", "closing", "situation", "waiting", "talking", "team")
SAID = {
    "first": gettext_lazy("Der Anruf steht jetzt vorn."),
    "pull": gettext_lazy("Ihr Telefon klingelt gleich."),
    "take_over": gettext_lazy(
        "Ihr Telefon klingelt gleich. Sobald Sie abheben, sprechen Sie mit der anrufenden Person."
    ),
}
DeedView = Callable[..., str]


@require_GET
@for_supervisors
def lead(request: StaffRequest) -> HttpResponse:
    """The page for the centre that `?servicecenter=` names, else the first. Its position in the event streams is read first."""
    position = position_text(events.newest(f"c:{centre}" for centre in sorted(request.access.centres)))
    centres = list(ServiceCentre.objects.filter(pk__in=supervised(request)).order_by("pk"))
    named = request.GET.get("servicecenter", "")
    centre = next((one for one in centres if one.slug == named), centres[0])
    context = {"lead": lead_board(centre, int(request.user.pk)), "centres": centres, "position": position}
    response = render(request, "desk/lead.html", context)
    response["Cache-Control"] = "no-store"
    return response


@require_GET
@for_supervisors
def lead_parts(request: StaffRequest, slug: str) -> HttpResponse:
    """What changes, asked for when something happened."""
    return parts_of(request, supervised_centre_or_404(request, slug))


def parts_of(request: StaffRequest, centre: ServiceCentre, *, say: str = "", status: int = 200) -> HttpResponse:
    """The parts of the page, and a sentence to say."""
    context = {"lead": lead_board(centre, int(request.user.pk))}
    return regions.render_regions(request, tuple(f"lead_{name}" for name in PARTS), context, say=say, status=status)


def lead_deed(view: DeedView) -> Callable[..., HttpResponse]:
    """A POST about a centre: the view acts and returns what to say; a refusal is said, too, and changes nothing."""

    @require_POST
    @for_supervisors
    @wraps(view)
    def inner(request: StaffRequest, slug: str, **more: Any) -> HttpResponse:
        centre = supervised_centre_or_404(request, slug)
        try:
            say, status = view(request, centre, **more), 200
        except Refusal as refusal:
            say, status = str(refusal), 409
        if regions.FRAGMENT in request.headers:
            return parts_of(request, centre, say=say, status=status)
        messages.add_message(request, messages.ERROR if status >= 400 else messages.SUCCESS, say)
        return redirect(f"{reverse('lead')}?servicecenter={centre.slug}")

    return inner


@lead_deed
def lead_presence(request: StaffRequest, centre: ServiceCentre, pk: int, state: str) -> str:
    """Put somebody on a break (`break`), or sign them out (`away`)."""
    presence = presence_or_404(centre, pk)
    actions.lead_presence(presence, state, request.POST.get("reason", ""), acting_user=request.user)
    words = {"break": _("%(name)s ist in Pause."), "away": _("%(name)s ist abgemeldet.")}
    if presence.state in ("busy", "wrap-up"):
        words = {
            "break": _("%(name)s geht nach dem Anruf in Pause."),
            "away": _("%(name)s ist nach dem Anruf abgemeldet."),
        }
    return words[state] % {"name": presence.person_name}


@lead_deed
def lead_call(request: StaffRequest, centre: ServiceCentre, public_id: str, verb: str) -> str:
    """A caller who waits comes first (`first`), or to one's own telephone (`pull`), or a colleague's caller does (`take_over`)."""
    call = call_or_404(public_id)
    if call.centre_id != centre.pk or verb not in SAID:
        raise Http404
    actions.lead_call(call, verb, acting_user=request.user, telephone=telephone_of(request, centre))
    return str(SAID[verb])


def telephone_of(request: StaffRequest, centre: ServiceCentre) -> str:
    """Where the person sits: where they signed in, else their own."""
    here = Presence.objects.filter(centre=centre, person_id=request.user.pk).values_list("telephone", flat=True).first()
    return here or request.user.phone_user


@lead_deed
def close_centre(request: StaffRequest, centre: ServiceCentre) -> str:
    """Callers hear the text instead of being connected, until it is opened again, or until a time of today."""
    until = time_of_today(request.POST.get("until", ""))
    actions.set_notice(centre, "closing", request.POST.get("text", ""), acting_user=request.user, until=until)
    return _("%(name)s ist geschlossen.") % {"name": centre.name}


@lead_deed
def open_centre(request: StaffRequest, centre: ServiceCentre) -> str:
    """Open it again."""
    actions.end_notice(centre, "closing", acting_user=request.user)
    return _("%(name)s ist wieder geöffnet.") % {"name": centre.name}


@lead_deed
def set_situation(request: StaffRequest, centre: ServiceCentre) -> str:
    """What all desks of the centre shall know."""
    actions.set_notice(centre, "situation", request.POST.get("text", ""), acting_user=request.user)
    return _("Die Lage steht an allen Arbeitsplätzen.")


@lead_deed
def clear_situation(request: StaffRequest, centre: ServiceCentre) -> str:
    """And no more."""
    actions.end_notice(centre, "situation", acting_user=request.user)
    return _("Die Lage ist aufgehoben.")


def time_of_today(text: str) -> datetime | None:
    """ "16:30" as a moment of today (local time), None for nothing. Raises Refusal for anything else."""
    if not text:
        return None
    try:
        given = datetime.strptime(text[:5], "%H:%M")  # noqa: DTZ007  only its hours and minutes are used
    except ValueError:
        raise Refusal(_("Bitte eine Uhrzeit wie 16:30 angeben.")) from None
    return timezone.localtime().replace(hour=given.hour, minute=given.minute, second=0, microsecond=0)
