"""The one door to the search: words in, the best articles and contacts out.

Each login is shown what it may see: the desk the live municipalities of its person's centres, the worker those of all, a municipality
itself (knowledge/pool/sql/search.sql).
"""

import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db import connection, transaction

from knowledge.search import engines, synonyms
from knowledge.search.engine import Answer, Asked, Details, Row
from knowledge.search.folding import words
from knowledge.search.lexicon import Synonyms
from knowledge.search.slots import Query, Slot, read
from tenants import scope
from tenants.models import Municipality

LIMIT = 50  # the most that anybody gets
MOST_OTHERS = 24  # as in pool/sql/search.sql
COPY = 0.5  # what another municipality's entry on the same service is worth beside the one that is shown
# Of a hit's municipality; what is not named here costs a query each. Plain SQL, since this is asked with every letter that is typed.
NEEDED = {"id", "slug", "schema_name", "name", "kind", "status", "state", "initials", "colour", "pattern", "centre_id"}
SHOWN = tuple(
    field.attname for field in Municipality._meta.concrete_fields if field.attname in NEEDED
)  # in the order that from_db wants
PLACES = (
    f"SELECT {', '.join(SHOWN)}, {synonyms.DIGEST} FROM public.tenants_municipality "  # noqa: S608  constants
    "WHERE status IN ('live', 'leaving') OR schema_name = %s ORDER BY name"  # one that is joining sees itself
)
KINDS_OF_PLACE = {"stadt", "kreis", "gemeinde", "hansestadt"}


@dataclass(frozen=True, slots=True)
class Hit:
    """One found entry; `others` are the same service elsewhere as (municipality, key), at most MOST_OTHERS."""

    municipality: Municipality
    kind: str
    key: str
    title: str
    subtitle: str
    ext: str
    score: float
    matched: list[str]
    others: list[tuple[Municipality, str]]
    details: Details

    @property
    def id(self) -> str:
        """`slug:key`, how imports, links and answers name an entry."""
        return f"{self.municipality.slug}:{self.key}"

    @property
    def is_contact(self) -> bool:
        """Person, function or department, as opposed to an article."""
        return self.kind != "article"

    def as_json(self) -> dict[str, Any]:
        """One hit as `rufverbund search --json` prints it."""
        return {
            "id": self.id,
            "kind": self.kind,
            "municipality": self.municipality.slug,
            "title": self.title,
            "score": round(self.score, 4),
            "matched": self.matched,
            "others": [{"municipality": other.slug, "id": f"{other.slug}:{key}"} for other, key in self.others],
        }


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What was found, best first: `hits` in one list, and as the desk shows it, `articles` and `contacts` apart."""

    query: str
    called: str | None
    hits: list[Hit]
    articles: list[Hit]
    contacts: list[Hit]
    slots: list[Slot]  # how the words were understood
    took_ms: float
    backend: str = "postgres"
    degraded: bool = False  # the engine that should have answered is away, and has been for a while
    first: int | None = None  # number of the municipality whose entries come first
    named: bool = False  # because the query names it

    def ranking(self, limit: int) -> list[str]:
        """Ids in one list as judged sets have them: entries of other municipalities that were folded into a hit stand by themselves."""
        rows = [(hit.score, hit.id) for hit in self.hits]
        rows += [(hit.score * COPY, f"{other.slug}:{key}") for hit in self.hits for other, key in hit.others]
        return [found for _score, found in sorted(rows, key=lambda row: -row[0])][:limit]

    def as_json(self) -> dict[str, Any]:
        """What `rufverbund search --json` prints."""
        return {
            "query": self.query,
            "called": self.called,
            "backend": self.backend,
            "took_ms": self.took_ms,
            "hits": [hit.as_json() for hit in self.hits],
        }


def search(  # noqa: PLR0913  what may be wished for
    query: str,
    *,
    called: str | None = None,
    limit: int = 10,
    articles: int = 6,
    contacts: int = 4,
    tried: Synonyms | None = None,
    backend: str | None = None,
) -> SearchResult:
    """The best `limit` hits, the best `articles` and the best `contacts` for what somebody typed; any text is a query, none is an error.

    Runs in the scope of the desk, the worker or a municipality. `called` is the slug of the municipality that was called: it comes
    first, then the Kreis; one that cannot be seen counts for nothing. `tried` are synonyms instead of those that hold. `backend` asks one
    engine and no other (raises Refusal when it cannot answer). Bounded: see slots.py and the SQL.
    """
    begun = time.perf_counter()
    limit = max(0, min(limit, LIMIT))
    asked = read(query)
    found: list[Hit] = []
    answer, engine, degraded = Answer([], []), backend or engines.usual(), False
    wanted: Asked | None = None
    if asked.words:
        with transaction.atomic(savepoint=False):  # reads only: a savepoint would be two round trips
            places, wanted = _asked(asked, called, max(limit, articles, contacts), tried)
            answer, engine, degraded = engines.answered(wanted, backend)
        found = [
            _hit(row, places) for row in answer.rows if row.municipality in places
        ]  # it may have gone live just now
    return SearchResult(
        query=query,
        called=called,
        hits=found[:limit],
        articles=[hit for hit in found if not hit.is_contact][:articles],
        contacts=[hit for hit in found if hit.is_contact][:contacts],
        slots=answer.slots,
        took_ms=round((time.perf_counter() - begun) * 1000, 2),
        backend=engine,
        degraded=degraded,
        first=wanted.called if wanted else None,
        named=wanted is not None and wanted.named,
    )


def _asked(
    asked: Query, called: str | None, at_most: int, tried: Synonyms | None
) -> tuple[dict[int, Municipality], Asked]:
    """The municipalities whose entries may be found, by number, and the query with all that engines need to know."""
    with connection.cursor() as cursor:
        cursor.execute(PLACES, [*[called] * 3, scope.required().schema])
        rows = cursor.fetchall()
    places: dict[int, Municipality] = {row[0]: Municipality.from_db("default", SHOWN, row[:-1]) for row in rows}
    own = next((place for place in places.values() if place.slug == called), None)
    digest = rows[0][-1] if rows else None
    known = synonyms.of(called, digest) if tried is None else tried
    named, asked = named_place(asked, list(places.values()))
    place = named or own
    kreise = tuple(pk for pk, other in places.items() if other.kind == "kreis")
    return places, Asked(
        asked, known, place and place.pk, named is not None, at_most, visible=tuple(places), kreise=kreise
    )


def _hit(row: Row, places: dict[int, Municipality]) -> Hit:
    return Hit(
        municipality=places[row.municipality],
        kind=row.kind,
        key=row.key,
        title=row.title,
        subtitle=row.subtitle,
        ext=row.ext,
        score=row.score,
        matched=row.matched,
        others=[(places[pk], key) for pk, key in row.others if pk in places],
        details=row.details,
    )


@lru_cache(1000)
def _name(name: str) -> frozenset[str]:
    """The words by which somebody names a municipality: "Stadt Soest" is "soest"."""
    return frozenset(words(name)) - KINDS_OF_PLACE


def named_place(asked: Query, places: list[Municipality]) -> tuple[Municipality | None, Query]:
    """A municipality that the query names is meant, whichever was called: "sperrmüll lippstadt". Its name is no longer searched for."""
    typed = set(asked.words)
    for place in sorted(places, key=lambda place: (place.kind == "kreis") != ("kreis" in typed)):
        own = _name(place.name)
        rest = tuple(word for word in asked.words if word not in own | KINDS_OF_PLACE)
        if own and own <= typed and rest:
            return place, Query(rest, asked.last, asked.hyphened)
    return None, asked
