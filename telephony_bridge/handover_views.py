"""In the town hall: who was put through to me, and what about. The page asks every few seconds whether there is something new."""

import hashlib
from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import condition, require_POST, require_safe

from accounts.access import TownRequest, needs_role
from accounts.models import MUNICIPALITY_ROLES
from telephony_bridge import actions
from telephony_bridge.handover_models import Handover
from telephony_bridge.handover_queries import handovers, page_of, stand_of


@require_safe
@needs_role(*MUNICIPALITY_ROLES)
def handover_list(request: TownRequest) -> HttpResponse:
    """One's own cards, the newest first."""
    return _fresh(render(request, "telephony_bridge/handover_list.html", {"page_obj": _page(request)}))


def _stand(request: HttpRequest) -> str:
    """What a copy of the cards is compared by. Asked before the view is: a stranger has none."""
    town = cast("TownRequest", request)
    told = f"{get_language()} {request.GET.get('seite', '')} {stand_of(town.municipality.pk, town.user.pk)}"
    return f'"{hashlib.sha256(told.encode()).hexdigest()[:20]}"'


@require_safe
@needs_role(*MUNICIPALITY_ROLES)
@condition(etag_func=_stand)
def handover_cards(request: TownRequest) -> HttpResponse:
    """The cards alone, for the page that shows them already; 304 where they are as before (If-None-Match)."""
    return _fresh(render(request, "telephony_bridge/_handovers.html", {"page_obj": _page(request)}))


@require_POST
@needs_role(*MUNICIPALITY_ROLES)
def finish_handover(request: TownRequest, pk: int) -> HttpResponse:
    """Tick one off; `undo`: not after all."""
    handover = _handover_or_404(request, pk)
    done = "undo" not in request.POST
    if not actions.finish_handover(handover, done=done, acting_user=request.user):
        raise Http404
    messages.success(request, _("Der Anruf ist abgehakt.") if done else _("Der Anruf ist wieder offen."))
    page = request.POST.get("seite", "")
    return redirect(reverse("handover_list") + (f"?seite={page}" if page.isdecimal() else ""))


def _page(request: TownRequest) -> object:
    return page_of(request.municipality.pk, request.user.pk, request.GET.get("seite"))


def _handover_or_404(request: TownRequest, pk: int) -> Handover:
    """One of one's own cards."""
    handover = handovers(request.municipality.pk, request.user.pk).filter(pk=pk).first()
    if handover is None:
        raise Http404
    return handover


def _fresh(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    return response
