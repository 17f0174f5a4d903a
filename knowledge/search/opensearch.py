"""The engine for installations that have outgrown one server. It ranks by lexemes alone; what it found is read again from PostgreSQL, which
alone decides who may see what: an index that is late, forged or broken can show nothing that was withdrawn.

Whatever goes wrong is an Unfit: PostgreSQL answers then (engines.py).
"""

import itertools
import json
import threading
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db import connection
from django.utils import timezone
from opensearchpy.exceptions import ConnectionError as Unreachable
from opensearchpy.exceptions import ConnectionTimeout, OpenSearchException

from knowledge.search import index, postgres
from knowledge.search.breaker import Breaker
from knowledge.search.engine import Answer, Asked, Unfit
from knowledge.search.opensearch_query import WHOLE, Place, question
from knowledge.search.plan import Plan
from knowledge.search.slots import Slot

LIMIT = 0.06  # seconds that it has, all in all
TRIES, TRIAL = (
    20,
    2.0,
)  # how often one that was left alone is asked when it is tried again, and seconds that an answer may take then
MOST = 60  # hits that are read again
FEW = 3  # hits of the called municipality and the Kreis, below which the others are asked as well
KINDS = {"article", "person", "department"}
LEAST_SCORE, MOST_SCORE, MOST_NUMBER = 1e-30, 1e30, 2**63  # PostgreSQL has no number for what is beyond: real, bigint
REREAD = (
    "SELECT public.index_is_behind(%s, %s), r.* FROM (SELECT 1) one LEFT JOIN LATERAL "
    "public.pool_reread(%s::bigint[], %s::text[], %s::text[], %s::float8[], %s::jsonb, %s::bigint, %s, %s) r ON true"
)
_breakers: dict[str, Breaker] = {}
_turn = itertools.count()


class Found(NamedTuple):
    """A hit as the index has it."""

    source: str
    municipality: int
    kind: str
    key: str
    score: float
    whole: bool  # whether it has all words


def found(asked: Asked, limit: float = LIMIT) -> Answer:
    """The best articles and contacts, as postgres.found has them. Raises Unfit."""
    slots, instructions, _mean = postgres.understood(asked.query, asked.synonyms)
    if not asked.visible:
        return Answer([], slots)
    hits, homes = ranked(rarities(slots, instructions), asked, time.monotonic() + limit)
    typed = [slot.word for slot in slots if slot.weight == 1.0]
    places, kinds, keys, scores = (
        (list(column) for column in zip(*(hit[1:5] for hit in hits), strict=True)) if hits else ([],) * 4
    )
    plan: list[Any] = [json.dumps(instructions.as_json()), asked.called, asked.at_most, timezone.localdate()]
    with connection.cursor() as cursor:
        cursor.execute(REREAD, [hits[0].source if hits else "", homes, places, kinds, keys, scores, *plan])
        rows = cursor.fetchall()
    if hits and rows[0][0]:
        raise Unfit("the index is behind, or none of ours")
    if hits and (rows[0][-1] or 0) * 2 < len(hits):
        raise Unfit("most of what was found does not exist")
    return Answer([postgres.as_row(row[1:-1], typed) for row in rows if row[1] is not None], slots)


def rarities(slots: Sequence[Slot], instructions: Plan) -> list[tuple[Slot, float]]:
    """The slots of a query, each with how rare PostgreSQL says that it is."""
    return [(slot, float(told["rarity"])) for slot, told in zip(slots, instructions.slots, strict=True)]


def ranked(slots: Sequence[tuple[Slot, float]], asked: Asked, deadline: float) -> tuple[list[Found], list[int]]:
    """What OpenSearch says, in one request or two: what the called municipality and the Kreis have; when that is little, or a Kreis was called and
    nothing of its own has all words, what all have, of others only what has all words. And whose entries were asked for."""
    called = asked.called if asked.called in asked.visible else None
    homes = list(asked.visible) if called is None else list(dict.fromkeys([called, *asked.kreise]))
    place = Place(homes, called, asked.kreise, asked.named and called is not None)
    hits = _ask(question(slots, place, timezone.localdate()), deadline)
    is_little = len(hits) < FEW or (called in asked.kreise and not any(hit.whole for hit in hits))
    if is_little and len(homes) < len(asked.visible):
        first, homes = set(homes), list(asked.visible)
        hits = _ask(question(slots, place._replace(homes=homes), timezone.localdate()), deadline)
        hits = [hit for hit in hits if hit.whole or hit.municipality in first]
    return hits, homes


def _ask(query: dict[str, Any], deadline: float) -> list[Found]:
    """Ask one node after the other, those that fail at once; one that does not answer in time has used up the time of all."""
    hosts: list[str] = index.configured()["hosts"]
    start = next(_turn)
    reason = "it is left alone for a while"
    cause: Exception | None = None
    for host in (hosts[(start + at) % len(hosts)] for at in range(len(hosts))):
        breaker = _breakers.setdefault(host, Breaker())
        left = deadline - time.monotonic()
        if breaker.due():
            threading.Thread(target=_try, args=(host, breaker, query), name="opensearch-trial", daemon=True).start()
        if left <= 0 or not breaker.allows():
            continue
        try:
            hits = _read(_send(host, query, left))
        except (OpenSearchException, Unfit, ValueError, RecursionError) as error:
            breaker.failed()
            reason, cause = type(error).__name__ if isinstance(error, OpenSearchException) else str(error), error
            if isinstance(error, ConnectionTimeout) or not isinstance(error, Unreachable):
                break
        else:
            breaker.succeeded()
            return hits
    raise Unfit(reason) from cause


def _try(host: str, breaker: Breaker, query: dict[str, Any]) -> None:
    """Ask a node that was left alone, beside the agents, until it is quick: one that has just started is slow at first."""
    try:
        for _again in range(TRIES):
            begun = time.monotonic()
            _read(_send(host, query, TRIAL))
            if time.monotonic() - begun < LIMIT / 2:
                breaker.succeeded()
                return
    except (OpenSearchException, Unfit, ValueError, RecursionError):
        pass
    breaker.failed()


def _send(host: str, query: dict[str, Any], left: float) -> Any:
    body = {
        "size": MOST,
        "timeout": f"{max(1, int(left * 1000))}ms",
        "track_total_hits": False,
        "stored_fields": "_none_",  # columns are read much faster than documents
        "docvalue_fields": ["municipality", "kind", "key"],
        "query": query,
    }
    client = index.client([host], retries=0)
    return client.search(
        index=index.alias(), body=body, params={"request_timeout": left, "allow_partial_search_results": "false"}
    )


def _read(answer: Any) -> list[Found]:
    """The hits of an answer. Raises Unfit for one that is not whole, or no answer at all."""
    try:
        if answer["timed_out"] or answer["_shards"]["failed"]:
            raise Unfit("it did not get to the end")
        return [_hit(hit) for hit in answer["hits"]["hits"][:MOST]]
    except (KeyError, TypeError, AttributeError, ValueError, OverflowError) as error:
        raise Unfit("it answers nonsense") from error


def _hit(hit: dict[str, Any]) -> Found:
    """Raises ValueError and the like for what PostgreSQL could not even be asked about: it would be the search that fails."""
    (municipality,), (kind,), (key,) = (hit["fields"][name] for name in ("municipality", "kind", "key"))
    source, score = str(hit["_index"]), float(hit["_score"])
    is_told = score == 0 or LEAST_SCORE < score < MOST_SCORE
    is_number = isinstance(municipality, int) and 0 < municipality < MOST_NUMBER
    if kind not in KINDS or not is_told or not is_number or "\0" in source + key:
        raise ValueError(str(municipality))
    (source + key).encode()  # half a character has no place in a text
    return Found(source, municipality, kind, key, score, WHOLE in hit.get("matched_queries", ()))
