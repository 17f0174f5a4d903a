"""The front page, error pages and health."""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

from accounts.demo import demo_entries
from config.places import places, towns
from knowledge.search import engines
from knowledge.search.finding import search
from tenants import scope

log = structlog.get_logger(__name__)
PATIENCE = 2000  # milliseconds that a component has for a statement, before it is down
SLOW = 500  # milliseconds after which an answer of the search is one that agents wait for


@require_safe
@login_not_required
def front(request: HttpRequest) -> HttpResponse:
    """What this is, and where to go."""
    shown = towns()
    context = {
        "towns": shown if settings.DEMO else [],
        "groups": demo_entries(request),
        "places": places(request, shown),
    }
    return render(request, "front/front.html", context)


@login_not_required
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when requests can be served, else 503; each component with ok, degraded (slow, or PostgreSQL instead of OpenSearch) or down (broken,
    or no answer in time)."""
    database = _database()
    components = {"database": database, "search": "down" if database == "down" else _search()}  # it runs on PostgreSQL
    ready = all(state != "down" for state in components.values())
    return JsonResponse({"ready": ready, "components": components}, status=200 if ready else 503)


def _database() -> str:
    try:
        with scope.front(), _in_time() as cursor:
            cursor.execute("SELECT rights_version FROM tenants_installation WHERE id = 1")
            return "ok" if cursor.fetchone() else "down"
    except Exception as error:  # noqa: BLE001  whatever is wrong with it, it is down
        log.warning("readyz.database_down", error=str(error)[:200])
        return "down"


def _search() -> str:
    """Through the door that agents use; as the worker, who sees what all municipalities have published."""
    try:
        with scope.worker(), _in_time():
            found = search("Personalausweis", limit=1)
    except Exception as error:  # noqa: BLE001  as above
        log.warning("readyz.search_down", error=str(error)[:200])
        return "down"
    return "ok" if found.took_ms < SLOW and found.backend == engines.usual() else "degraded"


@contextmanager
def _in_time() -> Iterator[CursorWrapper]:
    """A transaction with an end that is near, and undone: the limit stays in it."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = {int(PATIENCE)}")
        yield cursor
        transaction.set_rollback(True)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400"""
    return render(request, "400.html", status=400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403; at the desk without a role in a centre, with words about that and a way to sign out."""
    stranger = getattr(request, "area", "") == "desk" and not request.access.centres  # type: ignore[attr-defined]
    return render(request, "403_desk.html" if stranger else "403.html", status=403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form whose token is missing or old."""
    return render(request, "403_csrf.html", status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404"""
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """500, without context: whatever failed may be needed for it."""
    return HttpResponse(render_to_string("500.html"), status=500)
