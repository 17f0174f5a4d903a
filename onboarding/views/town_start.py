"""A municipality's start page: what needs attention today."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import TownRequest
from accounts.models import ROLES
from knowledge import overviews
from knowledge import queries as knowledge
from knowledge.pool import queries as pool
from onboarding import readiness
from tenants.hours_wording import opening_text
from tenants.models import Municipality
from tenants.queries import hours_of

SHOWN = 5


@require_safe
def town_start(request: TownRequest) -> HttpResponse:
    """Gaps, reviews that are due, drafts, and the steps to the start; each with the page where it is done."""
    municipality, counts = request.municipality, knowledge.counts()
    context = {
        "now": timezone.now(),
        "opening": opening_text(hours_of(municipality), timezone.now()),
        "greeting": greeting_of(municipality),
        "counts": counts,
        "unpublished": counts["article"]["draft"] + counts["article"]["changed"],
        "contact_counts": overviews.contact_counts(),
        "gap_counts": pool.gap_counts(),
        "gaps": overviews.gaps(municipality, {"order": "newest"}, 1).object_list[:SHOWN],
        "due": overviews.articles({"due": True}, 1).object_list[:SHOWN],
        "recent": overviews.recent(SHOWN),
        "may_write": bool(request.roles & {ROLES.editor, ROLES.tenant_admin}),
    }
    return render(request, "onboarding/town_start.html", context | steps_of(request))


def steps_of(request: TownRequest) -> dict[str, Any]:
    """The steps, what holds up the start first; when the municipality is live only those that are still open."""
    steps = readiness.steps(request.municipality)
    shown = [step for step in steps if not step.done] if request.municipality.is_live else steps
    return {
        "steps": sorted(shown, key=lambda step: ("blocked", "open", "done").index(step.state)),
        "steps_done": sum(step.done for step in steps),
        "steps_total": len(steps),
        "reachable": readiness.reachable(request.roles),
    }


def greeting_of(municipality: Municipality) -> str:
    """The greeting with the municipality's name; dots stand for the agent's."""
    said = str(municipality.greeting).replace("{name}", municipality.name)
    return said.replace("{agent}.", "…").replace("{agent}", "…")
