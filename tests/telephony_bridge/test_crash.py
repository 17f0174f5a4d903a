"""What was answered 200 is there after a crash, once: the server is killed and connections are cut while exchanges report calls."""

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from telephony_bridge.simulation.exchange import Line
from tests import database, environment
from tests.server import Server

NAME = f"{environment.DATABASE}_crash"
CALLS = 80
CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'telephony'"


@pytest.fixture
def server():
    with database.cloned(NAME) as url:
        made = Server(url)
        made.start()
        yield made
        made.stop()


def admin():
    return psycopg.connect(environment.SERVER.superuser_url, dbname=NAME, autocommit=True)


@pytest.fixture
def token(server):
    """Stored as the command line does; derived from the same secret as in the server."""
    from telephony_bridge.tokens import hash_of, token_of

    with admin() as connection:
        row = connection.execute(
            "INSERT INTO telephony_bridge_source (centre_id, name, dialect, networks, generation, token_hash, created_at, refused_why)"
            " SELECT id, 'Anlage', 'zammad', '[]', 1, 'x', now(), '' FROM tenants_servicecentre WHERE slug = 'soest' RETURNING id"
        ).fetchone()
        assert row
        token = token_of(row[0], 1)
        connection.execute("UPDATE telephony_bridge_source SET token_hash = %s", [hash_of(token)])
    return token


def disturb(server, until):
    """Cut connections often, kill the server twice."""
    for turn in range(1000):
        if until.wait(0.15):
            return
        if turn in {2, 8}:
            server.kill()
            server.start()
            continue
        with admin() as connection:
            connection.execute(CUT)


@pytest.mark.slow
def test_nothing_that_was_accepted_is_missing_or_doubled(server, token):
    over = threading.Event()
    line = Line(server.base_url, token, threading.Event(), patience=60)

    def one_call(number):
        said = [{"event": "newCall", "to": "029211030"}, {"event": "hangup", "cause": "cancel"}]
        accepted = []
        for message in said:
            accepted.append(line.post(message | {"callId": f"c{number}"}))
            time.sleep(0.05)
        return accepted

    nuisance = threading.Thread(target=disturb, args=(server, over))
    nuisance.start()
    try:
        with ThreadPoolExecutor(4) as pool:
            accepted = list(pool.map(one_call, range(CALLS)))
    finally:
        over.set()
        nuisance.join()
    assert accepted == [[True, True]] * CALLS
    with admin() as connection:
        calls = connection.execute("SELECT external_id, state FROM telephony_bridge_call").fetchall()
        told = connection.execute("SELECT object_id, op FROM tenants_outboxentry WHERE kind = 'call'").fetchall()
        numbers = [
            n
            for (n,) in connection.execute(
                "SELECT number FROM tenants_outboxentry WHERE stream ~ '^c:' ORDER BY number"
            ).fetchall()
        ]
    assert sorted(calls) == sorted((f"c{number}", "ended") for number in range(CALLS))
    assert Counter(op for _call, op in told) == {"new": CALLS, "ended": CALLS}
    assert numbers == list(range(1, len(numbers) + 1))
