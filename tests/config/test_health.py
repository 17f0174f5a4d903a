"""`/readyz`: each component is asked itself, and has not for ever to answer."""

import pytest
from django.db import connection, transaction
from django.test import Client

from config import views
from tenants import scope


@pytest.fixture
def state(db):
    """The status and the components."""

    def ask():
        answer = Client(headers={"host": "localhost"}).get("/readyz")
        return answer.status_code, answer.json()["components"]

    return ask


def does(monkeypatch, statement):
    """The search does this instead."""

    def replaced(*_args, **_options):
        with connection.cursor() as cursor:
            cursor.execute(statement)

    monkeypatch.setattr(views, "search", replaced)


def test_all_is_well(state):
    assert state() == (200, {"database": "ok", "search": "ok"})
    with scope.front(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("0",)  # the limit was for the question only


def test_a_search_that_is_broken_is_down_while_the_database_is_not(state):
    with scope.owner(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("ALTER FUNCTION public.pool_search RENAME TO pool_search_gone")
    assert state() == (503, {"database": "ok", "search": "down"})


def test_a_search_that_does_not_answer_is_down(state, monkeypatch):
    monkeypatch.setattr(views, "PATIENCE", 50)
    does(monkeypatch, "SELECT pg_sleep(30)")
    assert state() == (503, {"database": "ok", "search": "down"})


def test_a_slow_search_is_degraded_and_requests_are_still_served(state, monkeypatch):
    monkeypatch.setattr(views, "SLOW", 0)
    assert state() == (200, {"database": "ok", "search": "degraded"})


def test_without_a_database_all_is_down(state, monkeypatch):
    monkeypatch.setattr(views, "_database", lambda: "down")
    assert state() == (503, {"database": "down", "search": "down"})
