"""`rufverbund bench isolation`: what one login per municipality costs a transaction, measured on a scratch database.

Three figures: a bare transaction on a connection at hand against one with the municipality's path in its BEGIN; the same through Django and
the pool; and the average over requests for 350 municipalities (falling on them as on cities of different size, Zipf) with 60 connections.
"""

import random
import statistics
import time
from collections.abc import Callable
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection, transaction

from tenants import scope
from tenants.backend.base import login_password, pool_of
from tenants.backend.keyed_pool import KeyedPool
from tenants.prepare import verifier

MUNICIPALITIES, CONNECTIONS, REQUESTS = 350, 60, 3000
ROLE = """CREATE ROLE {0} LOGIN PASSWORD '{1}'; GRANT tenant TO {0} WITH INHERIT TRUE, SET FALSE;
CREATE SCHEMA {0}; GRANT USAGE ON SCHEMA {0} TO {0}"""


def isolation(progress: Callable[[str], None] = lambda line: None) -> dict[str, Any]:
    """All figures in microseconds; `added_per_transaction_us` and `zipf_350_mean_us` are what the limits are about."""
    names = [f"t_bench{number:03d}" for number in range(MUNICIPALITIES)]
    progress(f"{MUNICIPALITIES} Anmeldungen werden angelegt")
    _make(names)
    progress("Eine Verbindung, viele Transaktionen")
    bare, bound = _one_connection(names[0])
    progress("Viele Kommunen, wenige Verbindungen")
    zipf, hits = _zipf(names)
    return {
        "transaction_us": round(bare, 1),
        "transaction_with_municipality_us": round(bound, 1),
        "added_per_transaction_us": round(bound - bare, 1),
        "through_django_us": round(_through_django(names[0]), 1),
        "zipf_municipalities": MUNICIPALITIES,
        "zipf_connections": CONNECTIONS,
        f"zipf_{MUNICIPALITIES}_mean_us": round(statistics.mean(zipf), 1),
        f"zipf_{MUNICIPALITIES}_p95_us": round(statistics.quantiles(zipf, n=20)[-1], 1),
        "zipf_hits": round(hits, 3),
    }


def _make(names: list[str]) -> None:
    with scope.owner(), connection.cursor() as cursor:
        cursor.execute("SET scram_iterations = 1")
        raw: psycopg.Connection[object] = connection.connection
        for name in names:
            with transaction.atomic():
                cursor.execute(ROLE.format(name, verifier(raw, name)))


def _params(login: str) -> dict[str, Any]:
    database = settings.DATABASES["default"]
    return {
        "host": database["HOST"] or None,
        "port": database["PORT"] or None,
        "dbname": database["NAME"],
        "user": login,
        "password": login_password(login),
        "autocommit": True,
        "prepare_threshold": None,
    }


def _run(session: psycopg.Connection[Any], begin: str) -> None:
    session.execute(begin.encode())
    session.execute("SELECT 1").fetchone()
    session.execute("COMMIT")


def _best(*works: Callable[[], None], rounds: int = 40, times: int = 50) -> list[float]:
    """Microseconds of a call of each: the best of many short rounds in turn, since the machine does other things as well."""
    found: list[list[float]] = [[] for _work in works]
    for _round in range(rounds):
        for work, took in zip(works, found, strict=True):
            started = time.perf_counter()
            for _time in range(times):
                work()
            took.append((time.perf_counter() - started) / times * 1e6)
    return [min(took) for took in found]


def _one_connection(name: str) -> list[float]:
    with psycopg.connect(**_params(name)) as session:
        begin = f"BEGIN;{scope.of_municipality(name).begin}"
        return _best(lambda: _run(session, "BEGIN"), lambda: _run(session, begin))


def _through_django(name: str) -> float:
    def work() -> None:
        with scope.municipality(name):
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            connection.close()

    took = _best(work)[0]
    pool_of(connection.get_connection_params()).clear()
    return took


def _zipf(names: list[str]) -> tuple[list[float], float]:
    pool, drawn = (
        KeyedPool(CONNECTIONS),
        random.Random(1).choices(names, [1 / rank for rank in range(1, len(names) + 1)], k=REQUESTS),
    )
    took = []
    for name in drawn:
        started = time.perf_counter()
        session = pool.take(name, _params(name))
        _run(session, f"BEGIN;{scope.of_municipality(name).begin}")
        pool.give(session)
        took.append((time.perf_counter() - started) * 1e6)
    hits = pool.hits / len(drawn)
    pool.clear()
    return took, hits
