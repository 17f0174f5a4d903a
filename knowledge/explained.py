"""Explanations of a search's hits, with their entries read from the pool."""

from django.db import transaction
from django.utils.translation import gettext as _

from knowledge.pool import queries
from knowledge.pool.models import SearchEntry
from knowledge.search.explaining import Entry, Text, why
from knowledge.search.finding import Hit, SearchResult


def explained(result: SearchResult) -> list[tuple[Hit, list[str]]]:
    """Each hit with its sentences. Reads in the caller's scope; a hit that was withdrawn meanwhile is left out."""
    wanted = {(hit.municipality.pk, hit.kind, hit.key): hit for hit in result.hits}
    with transaction.atomic():
        found = {
            (entry.municipality_id, entry.kind, entry.key): entry
            for entry in queries.shown().filter(
                municipality__in={place for place, _kind, _key in wanted},
                key__in={key for _place, _kind, key in wanted},
            )
        }
    return [(hit, why(result, hit, _texts(found[place]))) for place, hit in wanted.items() if place in found]


def _texts(entry: SearchEntry) -> Entry:
    """What of an entry is searched, in the order in which it counts (documents.py)."""
    details = entry.payload
    is_name = entry.kind == "person"
    title = Text(_("Name") if is_name else _("Titel"), entry.title, is_name)
    texts = [title, *(Text(_("Suchwort"), word) for word in entry.synonyms)]
    for name, label in (("function", _("Funktion")), ("dept", _("Abteilung"))):
        texts += [Text(label, details[name])] if details.get(name) else []
    texts += [Text(_("Durchwahl"), number) for number in (entry.ext, details.get("phone")) if number]
    return Entry([*texts, Text(_("Text"), entry.body)], frozenset(entry.lent))
