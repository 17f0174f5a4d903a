"""The measuring itself is right."""

import json
import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.db import transaction
from django.utils import timezone

from accounts import sessions
from telephony_bridge import actions
from telephony_bridge.bench.commands import _pop_result
from telephony_bridge.bench.load import Sent, spread_of
from telephony_bridge.bench.log import between, rides_of
from telephony_bridge.bench.streams import Desk
from telephony_bridge.management.commands.bench_stage import Command
from telephony_bridge.management.commands.bench_team import figures
from telephony_bridge.record.lines import Line
from telephony_bridge.routing.spool import Record
from tenants import scope
from tests import loops
from tests.thoroughness import THOROUGH


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


def cel(event, second, channel, extra=""):
    at = datetime(2026, 11, 30, 10, tzinfo=UTC) + timedelta(seconds=second)
    return Line(event, at, channel, "1.1", "", "", "", json.dumps({"extra": extra}) if extra else "")


def test_the_exchanges_own_log_tells_how_long_it_took():
    lines = [
        cel("CHAN_START", 0.0, "1.1"),
        cel("INBOUND", 0.5, "1.1", "029211030|"),
        cel("CHAN_START", 0.6, "1.1-a1"),
        cel("ANSWER", 0.7, "1.1-a1"),
        cel("BRIDGE_ENTER", 0.75, "1.1"),
        cel("BRIDGE_ENTER", 0.8, "1.1-a1"),
        cel("BRIDGE_ENTER", 5.0, "1.1"),
        cel("CHAN_END", 9.0, "1.1"),
        cel("INBOUND", 0.4, "1.2", "02921300|"),
        cel("CHAN_START", 0.6, "1.2-x1"),
    ]
    waits, ride = rides_of(lines)
    assert (waits.number, waits.bridged, waits.waited_ms, waits.asked) == ("02921300", None, None, None)
    assert (ride.number, ride.waited_ms) == ("029211030", 300.0)
    assert between(ride.asked, ride.picked_up) == 100.0
    assert ride.over is not None


def test_an_invite_has_no_answer_of_a_webhook():
    result = _pop_result([Sent("pop-0", "newCall", 0.0, 0.0, 0)], {"x": 0.1}, [{"x": 0.02}])
    assert "webhook" not in result
    assert result["must_hold"] == {"card_p95_ms": 150.0}
    assert result["holds"]


def test_the_team_says_what_the_database_has(soest):
    with scope.telephony():
        source = actions.asterisk_source(soest.centre_id)
        arrived = {"from": "+4917012345", "dialled": "029211030"}
        actions.store_records(source, "spool", [Record(1, timezone.now(), "inbound", "one", arrived)])
    told = figures(0)
    assert (told["calls"], told["ended"], told["answered"], told["records"]) == (1, 0, 0, 0)
    assert len(told["stored_ms"]) == 1
    assert figures(told["last"])["calls"] == 0


@pytest.mark.skipif(not THOROUGH, reason="a minute; SLOW=1 runs it")
def test_a_standby_takes_over_in_a_measurement_that_leaves_nothing():
    with tempfile.TemporaryDirectory(prefix="rv-") as short:  # pytest's own are too long for Asterisk's socket
        _measured(Path(short))


def _measured(tmp_path):
    command = [sys.executable, "-W", "ignore", "-m", "config.cli", "bench", "calls", "--source", "asterisk"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RUFVERBUND_", "DATABASE_"))}
    environment = kept | {"TMPDIR": str(tmp_path), "RUFVERBUND_HOME": str(tmp_path / "home")}
    done = subprocess.run(
        [*command, "--part", "takeover", "--json"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    part = json.loads(done.stdout)["parts"]["takeover"]
    assert part["in_order"]
    assert part["answered"] == part["must_hold"]["answered"]
    assert list(tmp_path.glob("rufverbund-bench-*")) == []
