"""Suche erklären: what agents find of the municipality's entries, and why it stands where it stands."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import TownRequest, needs_role
from knowledge.access import WRITERS
from knowledge.explained import explained
from knowledge.search.finding import search
from knowledge.search.slots import LONGEST_QUERY

SHOWN = 10


@require_safe
@needs_role(*WRITERS)
def search_explain(request: TownRequest) -> HttpResponse:
    """The first hits for some words with a sentence for each reason."""
    query = request.GET.get("q", "").replace("\0", " ").strip()[:LONGEST_QUERY]
    result = search(query, called=request.municipality.slug, limit=SHOWN) if query else None
    return render(
        request,
        "knowledge/search_explain.html",
        {"query": query, "longest": LONGEST_QUERY, "hits": explained(result) if result else []},
    )
