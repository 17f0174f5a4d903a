"""`rufverbund check`: what would go wrong only under load is said beforehand."""

import pytest

from config.commands import check

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("processes", "pool", "is_too_much"), [("1", 30, False), ("9", 30, False), ("10", 30, True), ("2", 200, True)]
)
def test_all_web_processes_together_must_find_room_on_the_server(monkeypatch, settings, processes, pool, is_too_much):
    monkeypatch.setenv("RUFVERBUND_PROCESSES", processes)  # the tests' server has 300
    settings.RUFVERBUND_DB_POOL = pool
    found = list(check.connection_checks())
    assert bool(found) == is_too_much
    if found:
        assert found[0].status == "warning"
        assert f"{int(processes) * (pool + 1)} Verbindungen" in found[0].message
        assert "RUFVERBUND_DB_POOL" in found[0].todo


def test_where_nothing_is_set_it_is_the_usual_number(monkeypatch):
    monkeypatch.delenv("RUFVERBUND_PROCESSES", raising=False)
    monkeypatch.setattr("config.serving.usual", lambda: 50)
    assert "(50)" in next(check.connection_checks()).message
