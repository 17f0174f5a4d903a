"""The desk's page in parts: each is an element with an id that stands in the page and can be fetched again by itself."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string

from accounts.access import StaffRequest
from desk import board
from telephony_bridge.notices import notices_of

CALL = ("state", "notices", "calls", "presence", "closing", "info", "below")
QUEUE = ("waiting", "side")
FRAGMENT = "X-Fragment"  # a script asks: it gets parts; a plain form gets a redirect


def context_of(request: StaffRequest) -> dict[str, Any]:
    """What the parts around the call need."""
    shown = board.board(request.access, declined=request.session.get(board.DECLINED, []))
    active = shown.active
    team = board.team(request.access)
    context: dict[str, Any] = {
        "board": shown,
        "team": team,
        "notices": notices_of(sorted(request.access.centres)),
        "many_centres": len(request.access.centres) > 1,
        "ended": "",
        "presences": board.PRESENCES,
        "idle": None,
        "last": None,
        "news": None,
        "frequent": None,
    }
    if active is None:
        context |= {"idle": board.idle(request.access), "last": board.last_calls(request.access)}
    if active is not None and active.municipality is not None:
        context["frequent"] = board.frequent(active.municipality)
    if not context["frequent"]:
        context["news"] = board.news()
    return context


def queue_context(request: StaffRequest) -> dict[str, Any]:
    """What queue and team need."""
    shown = board.board(request.access, declined=request.session.get(board.DECLINED, []))
    return {"board": shown, "team": board.team(request.access)}


def render_regions(
    request: StaffRequest, names: tuple[str, ...], context: dict[str, Any], *, say: str = "", status: int = 200
) -> HttpResponse:
    """The named parts one after the other, and a sentence to say, if there is one."""
    parts = [render_to_string(f"desk/regions/{name}.html", context, request) for name in names]
    if say:
        parts.append(render_to_string("desk/say.html", {"say": say, "failed": status >= 400}, request))
    response = HttpResponse("".join(parts), status=status)
    response["Cache-Control"] = "no-store"
    return response


def after_action(request: StaffRequest, *, say: str = "", status: int = 200) -> HttpResponse:
    """The answer to a POST: the parts around the call with a sentence, or, without scripts, the whole page again."""
    if FRAGMENT in request.headers:
        return render_regions(request, (*CALL, *QUEUE), context_of(request), say=say, status=status)
    if say:
        messages.add_message(request, messages.ERROR if status >= 400 else messages.SUCCESS, say)
    return redirect("desk")
