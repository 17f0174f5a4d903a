"""What is still missing before go-live."""

from itertools import groupby

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import TownRequest
from onboarding import readiness


@require_safe
def joining(request: TownRequest) -> HttpResponse:
    """The list of steps, computed from the data."""
    steps = readiness.steps(request.municipality)
    numbered = enumerate(steps, start=1)
    groups = [(name, list(part)) for name, part in groupby(numbered, key=lambda numbered: str(numbered[1].group))]
    context = {
        "groups": groups,
        "reachable": readiness.reachable(request.roles),
        "done": sum(step.done for step in steps),
        "total": len(steps),
        "blocking": [step for step in steps if step.required and not step.done],
    }
    return render(request, "onboarding/joining.html", context)
