"""The one door to the search: words in, the best articles and contacts out.

PostgreSQL does the work (`desk_search` in knowledge/pool/sql/rights.sql) and shows each login what it may see: the desk the live
municipalities of its person's centres, the worker those of all, a municipality itself.
"""

import json
import re
import time
import unicodedata
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from tenants.models import Municipality

LONGEST_QUERY = 200  # characters that are read; nobody types more while a caller speaks
MOST_WORDS = 8
MOST_SYNONYMS = 6  # per word
SYNONYM_WEIGHT = 0.75
LIMIT = 50  # the most that anybody gets
STOP_WORDS = frozenset(
    [
        "aber",
        "als",
        "am",
        "an",
        "auf",
        "aus",
        "bei",
        "bin",
        "bitte",
        "das",
        "dass",
        "dem",
        "den",
        "der",
        "des",
        "die",
        "ein",
        "eine",
        "einem",
        "einen",
        "einer",
        "er",
        "es",
        "fuer",
        "habe",
        "hat",
        "ich",
        "ihr",
        "im",
        "in",
        "ist",
        "kann",
        "man",
        "mein",
        "meine",
        "meinem",
        "meinen",
        "meiner",
        "mich",
        "mir",
        "mit",
        "muss",
        "nach",
        "nicht",
        "oder",
        "sich",
        "sie",
        "sind",
        "so",
        "um",
        "und",
        "uns",
        "vom",
        "von",
        "vor",
        "war",
        "was",
        "wegen",
        "wenn",
        "wer",
        "wie",
        "will",
        "wir",
        "wo",
        "wohin",
        "zu",
        "zum",
        "zur",
    ]
)
KINDS_OF_PLACE = {"stadt", "kreis", "gemeinde", "hansestadt"}
UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
STROKES = str.maketrans("øłđı", "oldi")
SEARCH = "SELECT * FROM public.desk_search(%s::jsonb, %s::bigint, %s, %s)"


@dataclass(frozen=True, slots=True)
class Hit:
    """One found entry; `others` are the same service elsewhere as (municipality, key)."""

    municipality: Municipality
    kind: str
    key: str
    title: str
    subtitle: str
    ext: str
    score: float
    matched: list[str]
    others: list[tuple[Municipality, str]] = field(default_factory=list)

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
    took_ms: float
    backend: str = "postgres"

    def as_json(self) -> dict[str, Any]:
        """What `rufverbund search --json` prints."""
        return {
            "query": self.query,
            "called": self.called,
            "backend": self.backend,
            "took_ms": self.took_ms,
            "hits": [hit.as_json() for hit in self.hits],
        }


def search(
    query: str, *, called: str | None = None, limit: int = 10, articles: int = 6, contacts: int = 4
) -> SearchResult:
    """The best `limit` hits, the best `articles` and the best `contacts` for what somebody typed; any text is a query, none is an error.

    Runs in the scope of the desk, the worker or a municipality. `called` is the slug of the municipality that was called: it comes
    first, then the Kreis; one that cannot be seen counts for nothing. Bounded: see LONGEST_QUERY, MOST_WORDS and the SQL.
    """
    begun = time.perf_counter()
    limit = max(0, min(limit, LIMIT))
    words = query_words(query)
    found = _found(words, called, max(limit, articles, contacts)) if words else []
    return SearchResult(
        query=query,
        called=called,
        hits=found[:limit],
        articles=[hit for hit in found if not hit.is_contact][:articles],
        contacts=[hit for hit in found if hit.is_contact][:contacts],
        took_ms=round((time.perf_counter() - begun) * 1000, 2),
    )


def folded(text: str) -> str:
    """One spelling for all: small letters, ä = ae, ß = ss, no accents, nothing but letters and digits. As `folded` in the SQL."""
    text = unicodedata.normalize("NFKC", text).lower().translate(UMLAUTS)
    text = re.sub("[\u0300-\u036f]", "", unicodedata.normalize("NFD", text)).translate(STROKES)
    return " ".join(re.findall(r"[^\W_]+", text))


def query_words(query: str) -> list[str]:
    """The words that are looked for: folded, each once, numbers joined, without those that say nothing (unless nothing else is said)."""
    text = query[:LONGEST_QUERY].encode("utf-8", "ignore").decode("utf-8")  # lone surrogates cannot be sent
    text = re.sub(r"(?<=\d)[\s/()+.-]+(?=\d)", "", text)  # 02921 103-1243
    words = [word[:40] for word in dict.fromkeys(folded(text).split())]
    return ([word for word in words if word not in STOP_WORDS] or words)[:MOST_WORDS]


def _found(words: list[str], called: str | None, at_most: int) -> list[Hit]:
    with transaction.atomic(), connection.cursor() as cursor:
        places = {place.pk: place for place in Municipality.objects.filter(status__in=("live", "leaving"))}
        place = next((place for place in places.values() if place.slug == called), None)
        place, words = _named(words, list(places.values()), place)
        plan = [{"word": word, "synonyms": also} for word, also in zip(words, synonyms_of(words), strict=True)]
        cursor.execute(SEARCH, [json.dumps(plan), place and place.pk, at_most, timezone.localdate()])
        return [_hit(row, words, places) for row in cursor.fetchall()]


def _named(
    words: list[str], places: list[Municipality], called: Municipality | None
) -> tuple[Municipality | None, list[str]]:
    """A municipality that the query names is meant, whichever was called: "sperrmüll lippstadt". Its name is no longer searched for."""
    for place in sorted(places, key=lambda place: (place.kind == "kreis") != ("kreis" in words)):
        name = folded(place.name).split()
        own = [word for word in name if word not in KINDS_OF_PLACE]
        if own and set(own) <= set(words) and (rest := [word for word in words if word not in {*own, *KINDS_OF_PLACE}]):
            return place, rest
    return called, words


def _hit(row: tuple[Any, ...], words: list[str], places: dict[int, Municipality]) -> Hit:
    municipality, kind, key, title, subtitle, ext, score, matched, others = row
    return Hit(
        municipality=places[municipality],
        kind=kind,
        key=key,
        title=title,
        subtitle=subtitle,
        ext=ext,
        score=float(score),
        matched=[words[slot - 1] for slot in matched],
        others=[(places[pk], other) for pk, other in (json.loads(others) if isinstance(others, str) else others)],
    )


@cache
def synonym_table() -> dict[tuple[str, ...], list[str]]:
    """From words (one or several) to what else is said for them; from synonyms.txt, folded.

    A line "a, b" works both ways, "a => b" from a to b only.
    """
    table: dict[tuple[str, ...], list[str]] = {}
    for line in (Path(__file__).parent / "synonyms.txt").read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        left, arrow, right = line.partition("=>")
        sources = [folded(text) for text in left.split(",")]
        targets = [folded(text) for text in right.split(",")] if arrow else sources
        for source in sources:
            also = table.setdefault(tuple(source.split()), [])
            also += [target for target in targets if target != source and target not in also]
    return table


def synonyms_of(words: list[str]) -> list[list[tuple[str, float]]]:
    """For each word the texts that mean the same, with weights. A synonym of several words stands for each of them."""
    table, result = synonym_table(), []
    for place, word in enumerate(words):
        also = list(table.get((word,), []))
        for length in (2, 3):
            for start in range(max(0, place - length + 1), place + 1):
                also += table.get(tuple(words[start : start + length]), []) if start + length <= len(words) else []
        result.append([(text, SYNONYM_WEIGHT) for text in list(dict.fromkeys(also))[:MOST_SYNONYMS]])
    return result
