"""Entries that were published with another version of the analyser are analysed again: after an update, in pieces, by the worker."""

from collections.abc import Callable

from django.db import transaction
from django.db.models import Q

from knowledge.models import Publication
from knowledge.pool.models import SearchEntry
from knowledge.search import documents
from tenants import scope
from tenants.models import Municipality

AT_ONCE = 200  # entries in one transaction
Progress = Callable[[str, int], None]  # municipality, entries done so far


def run(progress: Progress = lambda slug, done: None) -> int:
    """Analyse whatever is behind; returns how many entries were. May be stopped at any time and goes on where it was."""
    with scope.worker(), transaction.atomic():
        version = documents.version()
        other = Q(analysis__lt=version) | Q(
            analysis__gt=version
        )  # two ends of the index; "not equal" would read every entry
        behind = SearchEntry.objects.filter(other).values("municipality")
        places = list(Municipality.objects.filter(pk__in=behind).exclude(status__in=("provisioning", "left")))
    total = 0
    for place in places:
        done = 0
        while piece := _piece(place):
            done += piece
            progress(place.slug, done)
        total += done
    return total


def _piece(place: Municipality) -> int:
    """Some entries of a municipality, departments first: their search words are those of their people, too."""
    with scope.municipality(place.schema_name), transaction.atomic():
        rows = Publication.objects.exclude(analysis=documents.version()).order_by("kind", "key")
        found = list(rows.select_for_update(skip_locked=True)[:AT_ONCE])
        for row in found:
            row.analyse()
            row.save(update_fields=Publication.ANALYSED)
        return len(found)
