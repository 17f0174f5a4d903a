"""Telling the indexes of OpenSearch what was published: each stream from where it was left, in order, at least once.

The position is stored after the bulk was written, in the transaction that holds its row: who dies in between leaves it where it was, and
what is written twice is refused by its version. What is written is what PostgreSQL has by then, so several changes of an entry are one.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import structlog
from django.db import connection, transaction
from django.db.models import Max

from knowledge.pool.index_models import IndexBuild, IndexPosition, IndexWork
from knowledge.search import index
from knowledge.search.engine import Unfit
from knowledge.search.index import Document
from tenants import scope
from tenants.models import OutboxEntry

log = structlog.get_logger(__name__)
LINES = 1000  # of a stream at once
PIECE = 500  # documents in one bulk
FEW = 20
KINDS = {"article", "person", "department"}
BEHIND = """SELECT m.id FROM public.tenants_municipality m
LEFT JOIN public.pool_indexposition p ON p.index = %s AND p.municipality_id = m.id
WHERE EXISTS (SELECT FROM public.tenants_outboxentry o WHERE o.stream = 'm:' || m.id AND o.number > coalesce(p.number, 0)) ORDER BY m.id"""
WAITING = """SELECT count(*) FROM public.tenants_municipality m
LEFT JOIN public.pool_indexposition p ON p.index = %s AND p.municipality_id = m.id
JOIN public.tenants_outboxentry o ON o.stream = 'm:' || m.id AND o.number > coalesce(p.number, 0)"""
CHOSEN = "(municipality_id, kind, key) IN (SELECT * FROM unnest(%s::bigint[], %s::text[], %s::text[]))"
Name = tuple[int, str, str]  # municipality, kind, key


MISSED = """SELECT m.id FROM public.tenants_municipality m
LEFT JOIN public.pool_indexposition p ON p.index = %s AND p.municipality_id = m.id
CROSS JOIN LATERAL (SELECT min(o.number) AS next FROM public.tenants_outboxentry o
    WHERE o.stream = 'm:' || m.id AND o.number > coalesce(p.number, 0)) o
WHERE o.next > coalesce(p.number, 0) + 1 ORDER BY m.id"""


class GoneError(Unfit):
    """The index is no more: somebody deleted it, or it missed lines that were forgotten since."""


def feed() -> int:
    """Tell every index what it does not know yet; returns how many documents were sent. Raises Unfit, or an OpenSearchException."""
    with scope.worker():
        names = list(IndexBuild.objects.values_list("index", flat=True))
        done = _feed_loans(names) if names else 0
        for name in names:
            for municipality in behind(name):
                while sent := _feed_stream(name, municipality):
                    done += sent
    return done


def behind(name: str) -> list[int]:
    """Municipalities of whose news the index does not know all. In the worker's scope."""
    with connection.cursor() as cursor:
        cursor.execute(BEHIND, [name])
        return [row[0] for row in cursor.fetchall()]


def waiting(name: str) -> int:
    """How many lines of news an index was not told yet. In the worker's scope."""
    with connection.cursor() as cursor:
        cursor.execute(WAITING, [name])
        return int(cursor.fetchone()[0])


def missed(name: str) -> list[int]:
    """Municipalities of whose news some were forgotten before the index was told: only a new one helps. In the worker's scope."""
    with connection.cursor() as cursor:
        cursor.execute(MISSED, [name])
        return [row[0] for row in cursor.fetchall()]


def begin(name: str) -> None:
    """Remember an index that is about to be filled: what is published from now on will be told to it."""
    with scope.worker(), transaction.atomic():
        IndexBuild.objects.create(index=name)
        newest = OutboxEntry.objects.filter(stream__startswith="m:").values("stream").annotate(last=Max("number"))
        IndexPosition.objects.bulk_create(
            [
                IndexPosition(index=name, municipality_id=int(row["stream"][2:]), number=row["last"])
                for row in newest.order_by()
            ]
        )


def forget(name: str) -> None:
    """The index is no more."""
    with scope.worker(), transaction.atomic():
        IndexBuild.objects.filter(index=name).delete()
        IndexPosition.objects.filter(index=name).delete()


def _feed_stream(name: str, municipality: int) -> int:
    """The next lines of a stream; 0 when there are none, or when another worker is at it."""
    with transaction.atomic():
        IndexPosition.objects.bulk_create(
            [IndexPosition(index=name, municipality_id=municipality, number=0)], ignore_conflicts=True
        )
        own = IndexPosition.objects.filter(index=name, municipality=municipality)
        position = own.select_for_update(skip_locked=True, of=("self",)).first()
        if position is None:
            return 0
        lines = OutboxEntry.objects.filter(stream=f"m:{municipality}", number__gt=position.number).order_by("number")
        news = list(lines.values_list("number", "kind", "object_id")[:LINES])
        if news and news[0][0] > position.number + 1:
            raise GoneError(f"{name} missed what was forgotten of m:{municipality}")
        changed = {(municipality, kind, key): number for number, kind, key in news if kind in KINDS}
        send(name, states(changed))
        if news:
            position.number = news[-1][0]
            position.save(update_fields=["number"])
        return len(news)


def _feed_loans(names: Sequence[str]) -> int:
    """Entries whose lent words have changed."""
    with transaction.atomic():
        work = list(IndexWork.objects.select_for_update(skip_locked=True, of=("self",)).order_by("id")[:LINES])
        wanted = [(row.municipality_id, row.kind, row.key) for row in work]
        found = _stored(dict.fromkeys(wanted))
        for name in names:
            send(name, found)
        IndexWork.objects.filter(pk__in=[row.pk for row in work]).delete()
        return len(work)


def states(changed: dict[Name, int]) -> list[Document]:
    """Entries as they are now; for one that is not there, a tombstone of the number that its stream had."""
    found = _stored(changed)
    present = {document.id for document in found}
    gone = [(name, number) for name, number in changed.items() if "/".join(map(str, name)) not in present]
    return found + [index.tombstone(*name, number) for name, number in gone]


def _stored(names: Iterable[Name]) -> list[Document]:
    columns = [list(column) for column in zip(*names, strict=True)]
    return index.documents(CHOSEN, columns) if columns else []


def send(name: str, found: Sequence[Document], version_type: str = "external") -> int:
    """Write documents, in pieces; returns for how many a later state was there. Raises Unfit when the index takes none now; one that it
    will never take is left out, and said."""
    later = 0
    refresh = "true" if len(found) <= FEW else "false"  # what people publish one by one is there at once
    params = {"require_alias": "true", "refresh": refresh, "timeout": "5s", "request_timeout": index.PATIENCE}
    for start in range(0, len(found), PIECE):
        piece = found[start : start + PIECE]
        lines = [line for document in piece for line in _lines(document, version_type)]
        answer = index.client().bulk(index=index.door(name), body="\n".join(lines) + "\n", params=params)
        for item in answer["items"] if answer["errors"] else []:
            later += _is_later(name, item["index"])
    return later


def _lines(document: Document, version_type: str) -> tuple[str, str]:
    head = {"_id": document.id, "version": document.version, "version_type": version_type}
    return json.dumps({"index": head}), json.dumps(document.source)


def _is_later(name: str, item: dict[str, Any]) -> bool:
    """What became of one document; true when a later state of it is there already, which is as it should be."""
    status, reason = item["status"], item.get("error", {})
    if status in (200, 201, 409):
        return bool(status == 409)
    if status == 404:
        raise GoneError(f"{name} is gone")
    if status != 400:
        raise Unfit(f"{name} takes nothing: {reason.get('type', status)}")
    log.error("search_index.refused", index=name, entry=item["_id"], reason=str(reason.get("reason"))[:200])
    return False
