"""Invented entries put straight into the pool of a measurement's own installation, as publishing would have left them."""

import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from knowledge.bench.entries import PER_MUNICIPALITY, Invention
from knowledge.search import documents
from knowledge.search.documents import KEYWORD, PART, TITLE, Lexemes, Source
from tenants import marks, scope
from tenants.models import Municipality, ServiceCentre

Progress = Callable[[str], None]
COLUMNS = (
    "municipality_id", "kind", "key", "number", "version", "title", "subtitle", "body", "synonyms", "group", "ext", "payload",
    "published_at", "first_published_at", "title_words", "body_words", "title_length", "lent", "analysis",
)  # fmt: skip
# More municipalities than that no centre has; here some look alike.
MARKED = len(marks.COLOURS) * len(marks.PATTERNS)
MARKS = (documents.FORM, documents.BEGINNING, documents.SOUND)


def fill(entries: int, progress: Progress) -> dict[str, Any]:
    """`entries` entries of one municipality per 7,000, with vocabulary and indexes; returns what that took in seconds and bytes."""
    began = time.perf_counter()
    with scope.owner(), transaction.atomic(), connection.cursor() as cursor:
        places = _municipalities(max(2, round(entries / PER_MUNICIPALITY)))
        cursor.execute("ALTER TABLE public.pool_searchentry DISABLE TRIGGER USER")
        indexes = _without_indexes(cursor)
        progress(f"{entries} Einträge für {len(places)} Kommunen werden erfunden")
        with cursor.copy(f"COPY public.pool_searchentry ({', '.join(map(_quoted, COLUMNS))}) FROM STDIN") as copy:
            for row in _rows(places, entries, progress):
                copy.write_row(row)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        analysed = time.perf_counter()
        progress("Indizes und Wortschatz werden aufgebaut")
        for statement in indexes:
            cursor.execute(statement)
        indexed = time.perf_counter()
        cursor.execute("SELECT public.recount_terms()")
        cursor.execute("ALTER TABLE public.pool_searchentry ENABLE TRIGGER USER")
    with scope.owner(), connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE) public.pool_searchentry, public.pool_term, public.pool_termchange")
    return {
        "entries": entries,
        "municipalities": len(places),
        "analysis_s": round(analysed - began, 1),
        "indexes_s": round(indexed - analysed, 1),
        "vocabulary_s": round(time.perf_counter() - indexed, 1),
        **_sizes(),
    }


def _quoted(name: str) -> str:
    return f'"{name}"'


def _municipalities(count: int) -> list[int]:
    """The two of the stage, and towns without a schema: the search reads the pool alone."""
    centre = ServiceCentre.objects.get()
    taken = list(Municipality.objects.values_list("colour", "pattern"))
    if count > MARKED:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE public.tenants_municipality DROP CONSTRAINT mark_once_in_a_centre")
    for number in range(count - len(taken)):
        colour, pattern = marks.next_free_mark(taken) if len(taken) < MARKED else taken[number % MARKED]
        taken.append((colour, pattern))
        Municipality.objects.create(
            slug=f"ort{number}", schema_name=f"t_ort{number}", name=f"Gemeinde Ort {number}", kind="gemeinde",
            ags=f"05974{number + 100:03d}", initials=f"{number:03d}", colour=colour, pattern=pattern, centre=centre, status="live",
        )  # fmt: skip
    return list(Municipality.objects.order_by("pk").values_list("pk", flat=True))[:count]


def _without_indexes(cursor: Any) -> list[str]:
    """Drops what is built faster afterwards; returns how."""
    cursor.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename = 'pool_searchentry'"
        " AND indexdef NOT LIKE 'CREATE UNIQUE%'"
    )
    found = cursor.fetchall()
    for name, _definition in found:
        cursor.execute(f"DROP INDEX public.{_quoted(name)}")
    return [definition for _name, definition in found]


def _rows(places: list[int], entries: int, progress: Progress) -> Iterator[tuple[Any, ...]]:
    """Two rounds over the same entries, from the same seed: what the municipalities lend each other comes from the first."""
    each = [entries // len(places) + (at < entries % len(places)) for at in range(len(places))]
    known: dict[str, dict[int, set[str]]] = defaultdict(dict)
    for place, _key, group, source in _invented(places, each):
        if group:
            known[group][place] = _own_words(documents.analysed(_without_body(source)))
    now, version = timezone.now(), documents.version()
    for number, (place, key, group, source) in enumerate(_invented(places, each), 1):
        found = documents.analysed(source)
        lent = _lent(found, place, known[group]) if group else []
        for word in lent:
            found.title[word].add(PART)
        yield (
            place, source.kind, key, number, 1, source.title, source.department, source.body, json.dumps(list(source.keywords)),
            group, source.numbers[0] if source.numbers else "", "{}", now, now,
            documents.vector(found.title), documents.vector(found.body), found.length, lent, version,
        )  # fmt: skip
        if number % 10_000 == 0:
            progress(f"{number} Einträge")


def _invented(places: list[int], each: list[int]) -> Iterator[tuple[int, str, str, Source]]:
    invention = Invention()
    for place, count in zip(places, each, strict=True):
        for key, group, source in invention.entries_of(count):
            yield place, key, group, source


def _without_body(source: Source) -> Source:
    return Source(source.kind, source.title, source.keywords)


def _own_words(found: Lexemes) -> set[str]:
    return {word for word, fields in found.title.items() if fields & {TITLE, KEYWORD} and not word.startswith(MARKS)}


def _lent(found: Lexemes, place: int, known: dict[int, set[str]]) -> list[str]:
    """As public.lent_words gives them."""
    words = {word for other, own in known.items() if other != place for word in own}
    return sorted(words - set(found.title))


def _sizes() -> dict[str, int]:
    with scope.owner(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_table_size('public.pool_searchentry'), pg_indexes_size('public.pool_searchentry'),"
            " pg_total_relation_size('public.pool_term')"
        )
        table, indexes, terms = cursor.fetchone() or (0, 0, 0)
    return {"table_bytes": table, "index_bytes": indexes, "vocabulary_bytes": terms}
