"""A municipality's start page: what needs attention today."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import TownRequest
from knowledge import queries as knowledge
from knowledge.pool import queries as pool
from onboarding import readiness
from tenants.hours_wording import opening_text
from tenants.queries import hours_of

SHOWN = 5


@require_safe
def town_start(request: TownRequest) -> HttpResponse:
    """Gaps, reviews that are due, drafts, and the steps to the start; each with the page where it is done."""
    municipality = request.municipality
    steps = readiness.steps(municipality)
    counts, gaps = knowledge.counts(), pool.gap_counts()
    context = {
        "now": timezone.now(),
        "counts": counts,
        "unpublished": counts["article"]["draft"] + counts["article"]["changed"],
        "gap_counts": gaps,
        "gaps": pool.gaps(state="open")[:SHOWN],
        "due": knowledge.due_articles(SHOWN),
        "recent": knowledge.recent_versions(SHOWN),
        "steps": steps,
        "steps_done": sum(step.done for step in steps),
        "opening": opening_text(hours_of(municipality), timezone.now()),
    }
    return render(request, "onboarding/town_start.html", context)
