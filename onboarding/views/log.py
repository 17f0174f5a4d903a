"""Pages of the log, newest first."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from onboarding.forms import AuditFilter
from tenants.models import AuditEntry

PER_PAGE = 50


def log_page(request: HttpRequest, found: QuerySet[AuditEntry]) -> dict[str, Any]:
    """What `onboarding/_audit.html` shows: those entries in whose person or object all the words of the address occur."""
    filters = AuditFilter(request.GET, auto_id="filter_%s")
    for word in filters.words:
        found = found.filter(Q(person_name__icontains=word) | Q(object_label__icontains=word))
    page = Paginator(found.order_by("-id"), PER_PAGE).get_page(request.GET.get("seite"))
    return {"filters": filters, "entries": page}
