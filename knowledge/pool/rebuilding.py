"""Indexes of OpenSearch from the first document on: built beside the one that serves, compared, swapped in one step, and looked after."""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import structlog
from django.db import transaction
from django.utils import timezone
from opensearchpy import helpers
from opensearchpy.exceptions import NotFoundError

from knowledge.pool import feeding
from knowledge.pool.index_models import IndexBuild
from knowledge.pool.models import SearchEntry
from knowledge.search import index
from knowledge.search.engine import Unfit
from knowledge.search.index import LOANS, Document
from tenants import scope

log = structlog.get_logger(__name__)
RETURN = 15  # seconds that a lost part of an index has to come back
Progress = Callable[[int, int], None]  # entries done, entries in all


@dataclass
class Compared:
    """What was found when an index was compared with PostgreSQL, entry by entry; all but `ahead` is repaired."""

    checked: int = 0
    missing: int = 0  # not in the index
    stale: int = 0  # there in an older or another state
    extra: int = 0  # in the index only: withdrawn, or never published
    ahead: int = 0  # there in a state that PostgreSQL never had; only building anew helps
    refused: int = 0  # could not be put right now: the index remembers for a minute what was deleted there

    @property
    def repaired(self) -> int:
        """How many were put right."""
        return self.missing + self.stale + self.extra - self.refused

    def as_json(self) -> dict[str, int]:
        """What `search-index reconcile --json` prints."""
        return {**asdict(self), "repaired": self.repaired}


def serving() -> str | None:
    """The index that is searched; None when there is none."""
    with suppress(NotFoundError):
        ours = f"{index.alias()}-*"  # to ask for those of others takes rights on all
        return next(iter(sorted(index.client().indices.get_alias(index=ours, name=index.alias()))), None)
    return None


def rebuild(progress: Progress = lambda done, total: None) -> str:
    """Build an index beside the one that serves, or go on with one that was begun, and let it serve. Returns its name.

    Raises Unfit or an OpenSearchException; may be run again at any time.
    """
    drop_missed()
    build = _begun() or _begin()
    with scope.worker():
        total, done = SearchEntry.objects.count(), SearchEntry.objects.filter(pk__lte=build.cursor).count()
    while sent := _piece(build.index):
        done += sent
        progress(done, total)
        feeding.feed()
        if sent < feeding.PIECE:  # what comes later comes by the outbox
            break
    feeding.feed()
    compared = reconcile(build.index, lambda _done, _total: feeding.feed())
    if compared.ahead:
        raise Unfit(f"{build.index} has {compared.ahead} entries that nobody has published")
    _serve(build.index)
    return build.index


def drop_missed() -> None:
    """Remove the indexes that were not told all before it was forgotten (pruning.py): what they lack, nobody could say."""
    with scope.worker():
        lost = [name for name in IndexBuild.objects.values_list("index", flat=True) if feeding.missed(name)]
    for name in lost:
        log.warning("search_index.missed", index=name)
        remove(name)


def _begun() -> IndexBuild | None:
    """One that somebody began and did not finish, if it can still be used."""
    with scope.worker():
        for build in IndexBuild.objects.filter(filled_at=None).order_by("-pk"):
            if revision(build.index) == index.REVISION and usable(build.index):
                return build
            remove(build.index)
    return None


def _begin() -> IndexBuild:
    name = f"{index.alias()}-{datetime.now(UTC):%Y%m%d%H%M%S}-{secrets.token_hex(3)}"
    body = {**index.definition(), "aliases": {index.door(name): {}}}
    wait = {
        "wait_for_active_shards": "all"
    }  # else one that loses a node at once is lost; said to have failed, it goes on without
    index.client().indices.create(index=name, body=body, params=wait)
    feeding.begin(name)
    with scope.worker():
        return IndexBuild.objects.get(index=name)


def revision(name: str) -> int | None:
    """By which definition an index was made; None when it is not there."""
    with suppress(NotFoundError):
        found = index.client().indices.get_mapping(index=name)[name]["mappings"]
        return int(found.get("_meta", {}).get("revision", 0))
    return None


def usable(name: str) -> bool:
    """Whether all parts of an index have a copy on some node; one that a node took along may come back within a little while."""
    for _second in range(RETURN):
        if index.client().cluster.health(index=name)["status"] != "red":
            return True
        time.sleep(1)
    return False


def _piece(name: str) -> int:
    """Copy the next entries; returns how many. Several may do so at once: whoever holds the row."""
    with scope.worker(), transaction.atomic():
        build = IndexBuild.objects.select_for_update().get(index=name)
        found = index.documents("id > %s ORDER BY id LIMIT %s", [build.cursor, feeding.PIECE])
        feeding.send(name, found)
        if found:
            build.cursor = found[-1].row
            build.save(update_fields=["cursor"])
        return len(found)


def _serve(name: str) -> None:
    """Swap in one step, then remove all others."""
    with scope.worker():
        IndexBuild.objects.filter(index=name).update(filled_at=timezone.now())
        others = list(IndexBuild.objects.exclude(index=name).values_list("index", flat=True))
    swap = [
        {"remove": {"index": f"{index.alias()}-*", "alias": index.alias(), "must_exist": False}},
        {"add": {"index": name, "alias": index.alias()}},
    ]
    index.client().indices.update_aliases(body={"actions": swap})
    log.info("search_index.serves", index=name)
    for other in others:
        remove(other)


def remove(name: str) -> None:
    """Forget an index first, so that it is not believed any more, then delete it."""
    feeding.forget(name)
    with suppress(NotFoundError):
        index.client().indices.delete(index=name)


def reconcile(name: str, progress: Callable[[int, int], object] = lambda done, total: None) -> Compared:
    """Compare an index with PostgreSQL, entry by entry, and repair it."""
    found = Compared()
    index.client().indices.refresh(index=name)
    with scope.worker():
        total = SearchEntry.objects.count()
        places = set(SearchEntry.objects.order_by().values_list("municipality_id", flat=True).distinct())
    for place in sorted(places | _places_of(name)):
        _reconcile_place(name, place, found)
        progress(found.checked, total)
    if found.repaired or found.ahead:
        log.warning("search_index.repaired", index=name, **found.as_json())
        index.client().indices.refresh(index=name)
    return found


def _places_of(name: str) -> set[int]:
    buckets = {"places": {"terms": {"field": "municipality", "size": 10_000}}}
    answer = index.client().search(index=name, body={"size": 0, "aggs": buckets})
    return {int(bucket["key"]) for bucket in answer["aggregations"]["places"]["buckets"]}


def _reconcile_place(name: str, place: int, found: Compared) -> None:
    """The index is read first: what is newer there than what PostgreSQL says afterwards was not written by us."""
    has = {hit["_id"]: (int(hit["_version"]), hit.get("_source", {})) for hit in _all(name, place)}
    with scope.worker():
        for piece in _pieces(place):
            found.checked += len(piece)
            wrong = [one for one in piece if _differs(one, has.pop(one.id, None), found)]
            found.refused += feeding.send(name, wrong, "external_gte")
    extra = [(key, version) for key, (version, source) in has.items() if not source.get("withdrawn")]
    found.extra += len(extra)
    found.refused += feeding.send(name, [_buried(key, version) for key, version in extra], "external_gte")


def _all(name: str, place: int) -> Iterator[dict[str, Any]]:
    query = {"query": {"term": {"municipality": place}}, "_source": ["digest", "withdrawn"], "version": True}
    return iter(helpers.scan(index.client(), index=name, query=query, size=2000, scroll="2m"))


def _pieces(place: int) -> Iterator[list[Document]]:
    last = 0
    while piece := index.documents("municipality_id = %s AND id > %s ORDER BY id LIMIT 1000", [place, last]):
        last = piece[-1].row
        yield piece


def _differs(document: Document, there: tuple[int, dict[str, Any]] | None, found: Compared) -> bool:
    """Whether it has to be written; counts why."""
    if there is None:
        found.missing += 1
        return True
    version, source = there
    if version > document.version:
        found.ahead += 1
        return False
    if version < document.version or source.get("digest") != document.source["digest"]:
        found.stale += 1
        return True
    return False


def _buried(key: str, version: int) -> Document:
    """A tombstone over a document that nobody has published, with its own version."""
    municipality, kind, name = key.split("/", 2)
    made = index.tombstone(int(municipality), kind, name, version // LOANS)
    return Document(0, key, version, made.source)


def counts(name: str) -> tuple[int, int]:
    """Entries in PostgreSQL and in an index."""
    with scope.worker():
        here = SearchEntry.objects.count()
    query = {"query": {"term": {"withdrawn": False}}}
    return here, int(index.client().count(index=name, body=query)["count"])


def status() -> dict[str, Any]:
    """How the index stands. Keys are a contract with scripts."""
    name = serving()
    health = index.client().cluster.health()
    with scope.worker():
        entries = SearchEntry.objects.count()
        behind = feeding.behind(name) if name else []
        waiting = feeding.waiting(name) if name else 0
        building = [
            {"index": build.index, "done": SearchEntry.objects.filter(pk__lte=build.cursor).count(), "of": entries}
            for build in IndexBuild.objects.filter(filled_at=None)
        ]
    return {
        "index": name,
        "documents": counts(name)[1] if name else 0,
        "entries": entries,
        "behind": len(behind),  # municipalities
        "waiting": waiting,  # news that it was not told
        "building": building,
        "nodes": int(health["number_of_nodes"]),
        "health": str(health["status"]),
    }
