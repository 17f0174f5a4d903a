"""One object or 404, in the desk's scope: row-level security shows a person what their centres answer for, nothing else."""

from django.http import Http404

from accounts.access import Access
from knowledge.pool import queries as pool
from knowledge.pool.models import SearchEntry
from telephony_bridge import queries
from telephony_bridge.models import Call
from tenants.models import Municipality


def call_or_404(public_id: str) -> Call:
    """A call of the person's centres."""
    if (call := queries.call_of(public_id)) is None:
        raise Http404
    return call


def municipality_or_404(slug: str, *, access: Access) -> Municipality:
    """A municipality that the person's centres answer for."""
    found = Municipality.objects.filter(slug=slug, centre_id__in=access.centres, status__in=["live", "leaving"])
    if (municipality := found.select_related("centre").first()) is None:
        raise Http404
    return municipality


def entry_or_404(slug: str, *, kind: str, key: str, access: Access) -> SearchEntry:
    """A published entry that is valid today."""
    if (entry := pool.entry(municipality_or_404(slug, access=access).pk, kind, key)) is None:
        raise Http404
    return entry
