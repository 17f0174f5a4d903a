"""Simulated calls: plausible, repeatable, and never lost on the way."""

import http.server
import json
import re
import threading
from collections import Counter
from datetime import datetime
from random import Random
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from telephony_bridge import cli
from telephony_bridge.numbers import read, to_e164
from telephony_bridge.simulation import exchange
from telephony_bridge.simulation.citizens import PlannedCall, Town, plan, spelled
from telephony_bridge.simulation.clock import ShiftClock
from telephony_bridge.simulation.exchange import Exchange, Line
from tenants.errors import Refusal

TOWNS = [Town("Stadt Soest", 1, "+492921103", 3.0), Town("Kreis Soest", 1, "+49292130", 1.0)]
RESERVED = re.compile(r"\+49171392\d{4}|\+492921555\d{2,3}")


def test_the_same_seed_plans_the_same_calls():
    def plans(seed):
        rng = Random(seed)
        return [plan(rng, TOWNS, f"c{n}") for n in range(50)]

    assert plans(1) == plans(1)
    assert plans(1) != plans(2)


def test_callers_are_fictional_and_towns_are_weighted():
    rng = Random(7)
    calls = [plan(rng, TOWNS, str(n)) for n in range(2000)]
    assert all(RESERVED.fullmatch(call.number) or not call.number for call in calls)
    towns = Counter(call.town for call in calls)
    assert 2.3 < towns["Stadt Soest"] / towns["Kreis Soest"] < 3.9
    assert 20 < towns["unbekannt"] < 120
    assert 100 < sum(not call.number for call in calls) < 230
    assert all(12 <= call.patience <= 180 and 20 <= call.talk <= 420 for call in calls)


@given(st.integers(0, 2**32), st.sampled_from(["+491713920047", "+49292155512", "+492921555123", "+4929211030"]))
def test_every_spelling_is_the_same_number(seed, number):
    assert to_e164(spelled(Random(seed), number)) == number


@given(st.integers(0, 2**32))
def test_withheld_numbers_are_understood_as_such(seed):
    call = plan(Random(seed), TOWNS, "x")
    assert to_e164(call.from_) == (call.number or None)
    assert bool(call.number) or read(call.from_).anonymous


class Recorder:
    """Instead of a line."""

    patience = 1.0

    def __init__(self):
        self.said = []

    def post(self, message):
        self.said.append((message["callId"], message["event"], message.get("cause") or message.get("user") or ""))
        return True


class Nobody:
    """A team in which everybody is at lunch; calls in `answered` were taken at a desk."""

    def __init__(self, user="", answered=()):
        self.user, self.answered, self.wrapped = user, set(answered), []

    def someone_answered(self, call_id):
        return call_id in self.answered

    def pick_up(self, centre_id):
        return self.user

    def wrap_up(self, call):
        self.wrapped.append(call.call_id)

    def beat(self):
        pass


def run(monkeypatch, team, *, limit=3, patience=0.05, answer_after=None, stop=None):
    def quick(_rng, _towns, call_id):
        return PlannedCall(
            call_id, "Stadt Soest", 1, "", "anonymous", "029211030", patience, 0.05, answer_after, "x", "answered"
        )

    monkeypatch.setattr(exchange, "plan", quick)
    line = Recorder()
    made = Exchange(
        TOWNS, {1: line}, team, Random(1), rate=600.0, stop=stop or threading.Event(), run_id="r", limit=limit
    )
    made.run()
    return line.said


def test_a_caller_whom_nobody_answers_gives_up(monkeypatch):
    said = run(monkeypatch, Nobody())
    for number in (1, 2, 3):
        assert [s for s in said if s[0] == f"sim-r-{number}"] == [
            (f"sim-r-{number}", "newCall", ""),
            (f"sim-r-{number}", "hangup", "cancel"),
        ]


def test_a_caller_whom_a_desk_answered_speaks_before_hanging_up(monkeypatch):
    said = run(monkeypatch, Nobody(answered={"sim-r-1"}), limit=1)
    assert said == [("sim-r-1", "newCall", ""), ("sim-r-1", "hangup", "normalClearing")]


def test_a_colleague_answers_by_telephone(monkeypatch):
    said = run(monkeypatch, Nobody(user="23"), limit=1, answer_after=0.02)
    assert said == [("sim-r-1", "newCall", ""), ("sim-r-1", "answer", "23"), ("sim-r-1", "hangup", "normalClearing")]


def test_nobody_is_free_so_the_caller_waits_on(monkeypatch):
    said = run(monkeypatch, Nobody(user=""), limit=1, answer_after=0.02)
    assert said[-1] == ("sim-r-1", "hangup", "cancel")


def test_stopped_it_hangs_up_for_everybody_who_waits(monkeypatch):
    stop = threading.Event()
    threading.Timer(1.5, stop.set).start()
    said = run(monkeypatch, Nobody(), limit=None, patience=60, stop=stop)
    calls = {call for call, _event, _more in said}
    assert calls
    assert {call for call, event, _more in said if event == "hangup"} == calls


@pytest.fixture
def platform():
    """A server that answers what it is told to, in order; `seen` are the bodies."""
    answers, seen = [], []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            seen.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(answers.pop(0) if answers else 200)
            self.end_headers()

        def log_message(self, *_args):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", answers, seen
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_platform_that_is_away_gets_the_message_later(platform):
    url, answers, seen = platform
    answers += [503, 502, 200]
    assert Line(url, "t", threading.Event()).post({"callId": "1", "event": "newCall"})
    assert len(seen) == 3


@pytest.mark.parametrize("status", [401, 422])
def test_what_is_refused_is_not_sent_again(platform, status):
    url, answers, seen = platform
    answers.append(status)
    assert not Line(url, "t", threading.Event()).post({"callId": "1", "event": "newCall"})
    assert len(seen) == 1


def test_no_server_at_all_ends_with_patience():
    assert not Line("http://127.0.0.1:9", "t", threading.Event(), patience=0.0).post(
        {"callId": "1", "event": "newCall"}
    )


@pytest.mark.parametrize(
    ("began", "passed", "text"),
    [
        ((2026, 11, 25, 10, 41), 60, "10:42"),
        ((2026, 11, 25, 23, 0), 0, "08:00"),
        ((2026, 11, 25, 23, 0), 3600 * 9 + 60, "08:01"),
        ((2026, 11, 28, 11, 0), 120, "08:02"),
        ((2026, 11, 25, 16, 59), 120, "08:02"),
    ],
)
def test_it_is_always_service_time(began, passed, text):
    seconds = iter([0.0, float(passed)])
    clock = ShiftClock(datetime(*began, tzinfo=ZoneInfo("Europe/Berlin")), monotonic=lambda: next(seconds))
    assert clock() == text


def test_the_command_line_prints_the_token_and_nothing_else(places):
    first, again = (CliRunner().invoke(cli.cti, ["token", "--centre", "soest"]) for _ in range(2))
    assert first.exit_code == 0
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}\n", first.stdout)
    assert first.stdout == again.stdout
    own = CliRunner().invoke(cli.cti, ["token", "--municipality", "soest"])
    rotated = CliRunner().invoke(cli.cti, ["token", "--centre", "soest", "--rotate"])
    assert len({first.stdout, own.stdout, rotated.stdout}) == 3


@pytest.mark.parametrize("arguments", [[], ["--centre", "soest", "--municipality", "soest"]])
def test_wrong_usage(places, arguments):
    assert CliRunner().invoke(cli.cti, ["token", *arguments]).exit_code == 2


@pytest.mark.parametrize("option", ["--centre", "--municipality"])
def test_unknown_places_are_named_with_what_there_is(places, option):
    error = CliRunner().invoke(cli.cti, ["token", option, "atlantis"]).exception
    assert isinstance(error, Refusal)
    assert "soest" in str(error)


@pytest.mark.parametrize(("text", "rate"), [("4", 4.0), ("4/min", 4.0), ("0,5/min", 0.5), (" 60 / min ", 60.0)])
def test_rates_as_people_write_them(text, rate):
    assert cli._per_minute(None, None, text) == rate


def test_live_municipalities_are_called(places):
    assert {town.name for town in cli._towns()} == {"Stadt Soest", "Kreis Soest", "Stadt Unna"}
