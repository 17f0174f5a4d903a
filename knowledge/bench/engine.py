"""The engines' own time: what the judged queries take when complete, and at every keystroke from the second letter on."""

import gc
import random
import time
from collections.abc import Callable
from functools import cache
from typing import Any

from django.db import connection, transaction

from knowledge import demo
from knowledge.search import finding, lexicon, postgres
from knowledge.search.engine import Asked
from knowledge.search.slots import read
from tenants.models import Municipality

KEYSTROKES, ROUNDS, SEED = 2500, 2, 7  # the first round warms up
# With a million entries one of these takes a quarter of a second.
BASELINES, BASELINE = ("german_full_text", "pg_trgm"), 500
Typed = list[tuple[str, int]]
Asking = Callable[[str, int], int]  # query and municipality, answered with the number of hits


def queries() -> tuple[Typed, Typed]:
    """(complete, keystrokes): what was typed, and the municipality that was called."""
    dice = random.Random(SEED)  # noqa: S311  no secret
    called = list(
        Municipality.objects.filter(status="live").exclude(kind="kreis").order_by("pk").values_list("pk", flat=True)
    )
    complete = [(str(query["query"]), dice.choice(called)) for query in demo.judged_queries()]
    every = [(query[:end], place) for query, place in complete for end in range(2, len(query) + 1)]
    return complete, dice.sample(every, min(KEYSTROKES, len(every)))


def measure(progress: Callable[[str], None]) -> dict[str, Any]:
    """Milliseconds per engine and kind of typing; in the desk's scope, in one transaction, as a request has it."""
    figures: dict[str, Any] = {}
    with transaction.atomic():
        complete, keystrokes = queries()
        for name, asking in ENGINES.items():
            progress(name)
            typed = keystrokes[:BASELINE] if name in BASELINES else keystrokes
            figures[name] = {"complete": spread(asking, complete), "keystrokes": spread(asking, typed)}
    return figures


def spread(asking: Asking, typed: Typed) -> dict[str, float | int]:
    """Milliseconds of one engine; each question is asked ROUNDS times, and the last round counts."""
    gc.collect()
    gc.freeze()
    for _round in range(ROUNDS):
        took, hits = [], 0
        for query, place in typed:
            began = time.perf_counter()
            hits += asking(query, place) > 0
            took.append((time.perf_counter() - began) * 1000)
    took.sort()
    at = {f"p{share}_ms": round(took[min(len(took) - 1, len(took) * share // 100)], 2) for share in (50, 95, 99)}
    return {"queries": len(took), "with_hits": hits, **at, "max_ms": round(took[-1], 2)}


def product(query: str, called: int) -> int:
    """Vocabulary, plan and search: two round trips."""
    asked = read(query)
    if not asked.words:
        return 0
    return len(postgres.found(Asked(asked, lexicon.shared_synonyms(), called, named=False, at_most=10)).rows)


def whole(query: str, called: int) -> int:
    """The door as the desk goes through it, with the municipalities read anew."""
    return len(finding.search(query, called=_slug(called)).hits)


@cache
def _slug(pk: int) -> str:
    return Municipality.objects.get(pk=pk).slug


def full_text(query: str, called: int) -> int:
    """PostgreSQL's own `german` full text alone, all words, ranked: what the search is measured against."""
    return _count(
        "SELECT id FROM public.bench_plain WHERE municipality_id = ANY (%s) AND words @@ plainto_tsquery('german', %s)"
        " ORDER BY ts_rank(words, plainto_tsquery('german', %s)) DESC, id LIMIT 10",
        [[called, *_kreis()], query, query],
    )


def trigrams(query: str, called: int) -> int:
    """pg_trgm alone: titles that resemble what was typed."""
    return _count(
        "SELECT id FROM public.bench_plain WHERE municipality_id = ANY (%s) AND title OPERATOR(public.%%>) %s"
        " ORDER BY public.word_similarity(%s, title) DESC, id LIMIT 10",
        [[called, *_kreis()], query, query],
    )


@cache
def _kreis() -> tuple[int, ...]:
    return tuple(Municipality.objects.filter(kind="kreis").values_list("pk", flat=True))


def _count(statement: str, parameters: list[Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return len(cursor.fetchall())


ENGINES: dict[str, Asking] = {
    "postgres": product,
    "postgres_with_places": whole,
    "german_full_text": full_text,
    "pg_trgm": trigrams,
}
