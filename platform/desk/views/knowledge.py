"""Search and answers."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.access import StaffRequest
from desk import hits
from desk.access import entry_or_404
from desk.contacts import reachable, with_hours, with_numbers
from knowledge.pool import queries as pool
from knowledge.pool.models import SearchEntry
from telephony_bridge import queries
from telephony_bridge.models import Call


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
    contacts = with_hours(with_numbers(pool.contacts_of(entry) if is_article else [entry]), timezone.now())
    talk = call if call and call.agent_id == request.user.pk and call.state != "ended" else None
    context = {
        "entry": entry,
        "m": entry.municipality,
        "contacts": contacts if is_article else reachable(contacts),
        "others": pool.same_service(entry) if is_article else [],
        "articles": [] if is_article else pool.articles_of(entry),
        "call": talk,
        "about": about(entry, talk),
    }
    return _fresh(render(request, "desk/answer.html", context))


def about(entry: SearchEntry, call: Call | None) -> str:
    """What a call is probably about when it goes on from here: the article that is open; beside a contact, what was open before."""
    if entry.kind == "article":
        return str(entry.title)
    return call.wish if call else ""


def _fresh(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    return response
