"""Forgetting old lines of the outbox, once everybody who reads it has passed them.

Of each stream the oldest ones go, so that what is left has no gaps, and the newest one stays. Who comes too late all the same finds that the
line after their position is not there, and begins anew: pages fetch everything (desk/listeners.py, tenants/events.py), an index is built
(rebuilding.py), and one that missed lines is not believed (index_is_behind).
"""

from django.conf import settings
from django.db import connection, transaction

PIECE = 5000  # lines deleted in one transaction
# Streams and the last line of each that everybody has passed. Pages keep no position here; an index has told us its own, or begins at 0.
PASSED = """SELECT o.stream, o.oldest, least(o.newest - 1, r.passed)
FROM (SELECT stream, min(number) AS oldest, max(number) AS newest FROM public.tenants_outboxentry GROUP BY stream) o
CROSS JOIN LATERAL (SELECT min(coalesce(p.number, 0)) AS passed FROM public.tenants_municipality m
    CROSS JOIN public.pool_indexbuild b LEFT JOIN public.pool_indexposition p ON p.index = b.index AND p.municipality_id = m.id
    WHERE %s AND o.stream = 'm:' || m.id) r"""
# By the clock of the database, which gave the lines theirs. Transactions may be older than their numbers say: nothing is left out in between.
TOO_YOUNG = """SELECT number FROM public.tenants_outboxentry
WHERE stream = %s AND number <= %s AND at >= statement_timestamp() - make_interval(days => %s) ORDER BY number LIMIT 1"""
FORGET = "DELETE FROM public.tenants_outboxentry WHERE stream = %s AND number >= %s AND number < %s"


def prune() -> int:
    """Forget lines older than RUFVERBUND_OUTBOX_DAYS, as the worker; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(PASSED, [settings.OPENSEARCH is not None])
        return sum(_prune_stream(*row) for row in cursor.fetchall())


def _prune_stream(stream: str, oldest: int, passed: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(TOO_YOUNG, [stream, passed, settings.RUFVERBUND_OUTBOX_DAYS])
        young = cursor.fetchone()
    return sum(_forget(stream, oldest, young[0] if young else passed + 1))


def _forget(stream: str, oldest: int, end: int) -> list[int]:
    gone = []
    for start in range(oldest, end, PIECE):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(FORGET, [stream, start, min(start + PIECE, end)])
            gone.append(cursor.rowcount)
    return gone
