"""How searches end: the desk hands it on, and who leads a team sees the numbers."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from accounts.access import StaffRequest
from desk.access import for_supervisors
from desk.forms import EndedSearchForm
from knowledge import searches
from knowledge.pool import queries as pool
from knowledge.pool.log_actions import record_search
from knowledge.pool.models import SearchEntry
from tenants.models import Municipality


@require_POST
def search_ended(request: StaffRequest) -> HttpResponse:
    """Keep how a search for a called municipality ended. The answer is empty whatever came: the page may be gone, and nobody waits."""
    form = EndedSearchForm(request.POST)
    if form.is_valid():
        found = form.cleaned_data
        answered = Municipality.objects.filter(status__in=["live", "leaving"], centre_id__in=request.access.centres)
        if municipality := answered.filter(slug=found["called"]).first():
            record_search(
                municipality, found["words"], hits=found["hits"], place=found["place"], entry=_entry(found["entry"])
            )
    return HttpResponse(status=204)


def _entry(named: str) -> SearchEntry | None:
    """`slug/kind/key` as the desk's addresses have it, of what the person may see; None for anything else."""
    slug, _slash, rest = named.partition("/")
    kind, _slash, key = rest.partition("/")
    return pool.shown().filter(municipality__slug=slug, kind=kind, key=key).first()


@require_GET
@for_supervisors
def search_weeks(request: StaffRequest) -> HttpResponse:
    """The success of searches by week and municipality."""
    return render(request, "desk/search_weeks.html", {"rows": searches.team_weeks()})
