"""Search and answers."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.access import StaffRequest
from desk import hits
from desk.access import entry_or_404
from desk.contacts import reachable, with_numbers
from knowledge.pool import queries as pool
from telephony_bridge import queries


@require_GET
def search(request: StaffRequest) -> HttpResponse:
    """The hits for some words as two lists; `called` is the municipality whose entries come first."""
    query, called = request.GET.get("q", "")[:400], request.GET.get("called", "")[:40]
    return _fresh(render(request, "desk/hits.html", {"found": hits.find(query, called=called)}))


@require_GET
def answer(request: StaffRequest, slug: str, kind: str, key: str) -> HttpResponse:
    """An article or a contact with everything that belongs to it. `call` is the running call: a contact elsewhere says so."""
    entry = entry_or_404(slug, kind=kind, key=key, access=request.access)
    call = queries.call_of(request.GET.get("call", "")[:40])
    is_article = entry.kind == "article"
    contacts = with_numbers(pool.contacts_of(entry) if is_article else [entry])
    context = {
        "entry": entry,
        "m": entry.municipality,
        "contacts": contacts if is_article else reachable(contacts),
        "others": pool.same_service(entry) if is_article else [],
        "articles": [] if is_article else pool.articles_of(entry),
        "call": call if call and call.agent_id == request.user.pk and call.state != "ended" else None,
    }
    return _fresh(render(request, "desk/answer.html", context))


def _fresh(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    return response
