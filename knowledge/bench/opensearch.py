"""OpenSearch measured beside PostgreSQL, with the entries that the pool has been filled with: how long an index takes, a keystroke, and how long it
is until what is published is found. Nothing of it is left on the server."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.db import transaction
from opensearchpy.exceptions import AuthorizationException

from knowledge import actions
from knowledge.bench.engine import Typed, queries, spread
from knowledge.models import Article
from knowledge.pool import rebuilding
from knowledge.pool.index_models import IndexBuild
from knowledge.pool.keeping import Keeper
from knowledge.search import index, lexicon, opensearch, postgres
from knowledge.search.engine import Answer, Asked, Row, Unfit
from knowledge.search.slots import Slot, read
from tenants import scope
from tenants.audit import SYSTEM
from tenants.errors import Refusal
from tenants.models import Municipality

MUST_HOLD = {"opensearch_round_trip_p95_ms": 8.0, "opensearch_rebuild_s": 180.0, "opensearch_findable_p95_s": 1.5}
PUBLISHED = 40
PATIENCE = 60.0  # seconds until what was published must be found
AGAIN = 0.005  # seconds between two questions
SYLLABLES = ("ba", "de", "fi", "go", "ku", "la", "me", "ni", "po", "ru")
Engine = Callable[[Asked], Answer]


def measure(person: int, progress: Callable[[str], None]) -> dict[str, Any]:
    """What `rufverbund bench search` tells about OpenSearch; agents' questions are asked as `person` asks them."""
    with _indexed(progress) as built:
        with scope.desk(person), transaction.atomic():
            progress("opensearch")
            asking = Asking(list(Municipality.objects.filter(status="live").values_list("pk", "kind")))
            asked = _asked(asking)
        progress("Von der Veröffentlichung bis zum Treffer")
        return {**built, **asked, "findable": _findable(person, asking)}


def _asked(asking: "Asking") -> dict[str, Any]:
    complete, keystrokes = queries()
    prepared = {typed: asking.prepared(*typed) for typed in keystrokes}

    def requested(query: str, called: int) -> int:
        ready = prepared[query, called]
        return len(opensearch.ranked(*ready, time.monotonic() + PATIENCE)[0]) if ready else 0

    return {
        # With what PostgreSQL does before and after; first, since they warm the server up.
        "keystrokes": spread(asking.count, keystrokes),
        "complete": spread(asking.count, complete),
        "round_trip": spread(requested, keystrokes),  # to OpenSearch and back
        **asking.compared(complete),
    }


@contextmanager
def _indexed(progress: Callable[[str], None]) -> Iterator[dict[str, Any]]:
    """An index of all entries for the length of a block, and what building it took."""
    progress("Der Index von OpenSearch wird aufgebaut")
    try:
        began = time.perf_counter()
        name = rebuilding.rebuild()
        figures: dict[str, Any] = {"rebuild_s": round(time.perf_counter() - began, 1)}
        with suppress(AuthorizationException):  # the user of an installation need not have the right
            size = index.client().indices.stats(index=name, metric="store")["_all"]["primaries"]["store"]
            figures["index_bytes"] = size["size_in_bytes"]
        yield figures
    finally:
        with scope.worker():
            ours = list(IndexBuild.objects.values_list("index", flat=True))
        for name in ours:
            rebuilding.remove(name)


def _alone(asked: Asked) -> Answer:
    return opensearch.found(asked, limit=PATIENCE)


class Asking:
    """Questions of somebody who may see all municipalities; those are (number, kind)."""

    def __init__(self, places: list[tuple[int, str]]) -> None:
        self.visible = tuple(pk for pk, _kind in places)
        self.kreise = tuple(pk for pk, kind in places if kind == "kreis")

    def asked(self, query: str, called: int) -> Asked | None:
        """As engines get it; None without a word."""
        words, synonyms = read(query), lexicon.shared_synonyms()
        if not words.words:
            return None
        return Asked(words, synonyms, called, named=False, at_most=10, visible=self.visible, kreise=self.kreise)

    def rows(self, engine: Engine, query: str, called: int) -> list[Row]:
        """What one engine finds."""
        asked = self.asked(query, called)
        return engine(asked).rows if asked else []

    def count(self, query: str, called: int) -> int:
        """How many hits OpenSearch has."""
        return len(self.rows(_alone, query, called))

    def prepared(self, query: str, called: int) -> tuple[list[tuple[Slot, float]], Asked] | None:
        """What OpenSearch is asked, as PostgreSQL understands the words."""
        asked = self.asked(query, called)
        if asked is None:
            return None
        slots, instructions, _mean = postgres.understood(asked.query, asked.synonyms)
        return opensearch.rarities(slots, instructions), asked

    def compared(self, typed: Typed) -> dict[str, float]:
        """In how many of the queries for which PostgreSQL finds something the first hit is the same."""
        firsts = [tuple(_first(self.rows(engine, *one)) for engine in (postgres.found, _alone)) for one in typed]
        found = [pair for pair in firsts if pair[0] is not None]
        return {"same_first_share": round(sum(ours == theirs for ours, theirs in found) / max(1, len(found)), 3)}


def _first(rows: list[Row]) -> tuple[int, str, str] | None:
    return (rows[0].municipality, rows[0].kind, rows[0].key) if rows else None


def _findable(person: int, asking: Asking) -> dict[str, float]:
    """Seconds from the click to the hit, with the worker's thread that feeds the index; the first one waits for it to have looked around."""
    keeper = Keeper()
    keeper.start()
    try:
        took = sorted([_published(person, asking, number) for number in range(PUBLISHED + 1)][1:])
    finally:
        keeper.stop()
        keeper.join(PATIENCE)
    at = {f"p{share}_s": round(took[min(len(took) - 1, len(took) * share // 100)], 3) for share in (50, 95)}
    return {"published": len(took), **at, "max_s": round(took[-1], 3)}


def _published(person: int, asking: Asking, number: int) -> float:
    word = "".join(SYLLABLES[int(digit)] for digit in f"{number:03d}") + "quastenflosser"
    with scope.front():
        town = Municipality.objects.exclude(kind="kreis").earliest("pk")
    began = time.perf_counter()
    with scope.municipality(town.schema_name), transaction.atomic():
        article = actions.save_article(Article(title=f"{word.capitalize()} melden"), acting_user=SYSTEM)
        actions.publish(article, acting_user=SYSTEM)
    while time.perf_counter() - began < PATIENCE:
        with suppress(Unfit), scope.desk(person), transaction.atomic():
            if any(row.key == article.key for row in asking.rows(_alone, word, town.pk)):
                return time.perf_counter() - began
        time.sleep(AGAIN)
    raise Refusal(f"Was veröffentlicht wurde, findet OpenSearch nach {PATIENCE:.0f} Sekunden noch nicht.")
