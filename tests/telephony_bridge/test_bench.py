"""The measuring itself is right."""

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.db import transaction

from accounts import sessions
from telephony_bridge.bench.commands import _pop_result
from telephony_bridge.bench.load import Sent, spread_of
from telephony_bridge.bench.streams import Desk
from telephony_bridge.management.commands.bench_stage import Command
from tenants import scope
from tests import loops


@pytest.mark.parametrize(
    ("values", "p50", "p95", "largest"),
    [
        ([7.0], 7.0, 7.0, 7.0),
        ([float(n) for n in range(1, 101)], 50.0, 95.0, 100.0),
        ([3.0, 1.0, 2.0], 2.0, 3.0, 3.0),
    ],
)
def test_percentiles(values, p50, p95, largest):
    assert spread_of(values) == {"count": len(values), "p50_ms": p50, "p95_ms": p95, "max_ms": largest}


def test_nothing_measured_is_no_figure():
    assert spread_of([]) == {"count": 0}


def line(call, op="new", kind="call"):
    return f'1e\r\nid: 1:1\ndata: {{"kind": "{kind}", "id": "{call}", "op": "{op}", "stream": "c:1"}}\n\n\r\n'.encode()


def test_a_stream_is_read_across_the_borders_of_packets():
    async def read():
        desk = Desk(b"")
        text = line("a") + line("7", kind="presence") + line("a", op="ended") + line("b")
        desk.received = [(float(n), text[n : n + 7]) for n in range(0, len(text), 7)]
        return desk.calls()

    heard = loops.run(read())
    assert list(heard) == ["a", "b"]
    assert heard["a"] < heard["b"]


def test_what_is_missing_is_said():
    sent = [Sent(f"pop-{n}", event, float(n), 5.0, 200) for n in (0, 1) for event in ("newCall", "hangup")]
    result = _pop_result(sent, {"x": 0.1}, [{"x": 0.02, "y": 1.03}, {"x": 0.04}])
    assert result["missed"] == {"cards": 1, "events": 1}
    assert result["card"]["p95_ms"] == 100.0
    assert result["streams"] == {"count": 3, "p50_ms": 30.0, "p95_ms": 40.0, "max_ms": 40.0}
    assert result["last_stream"]["count"] == 2
    assert result["webhook"]["count"] == 4
    assert result["holds"]


def test_an_agent_of_a_measurement_is_signed_in_at_the_desk(soest):
    with scope.front(), transaction.atomic():
        session = SessionStore(Command.sign_in(soest.centre, 7))
        assert session["_auth_user_id"]
        assert not sessions.is_foreign(session, "desk.localhost")
