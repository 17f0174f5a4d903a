"""What is measured of the telephony with a real Asterisk, in parts; each has an exchange of its own and says itself what must hold."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import mean
from typing import Any

from telephony_bridge.bench import exchange, sipp, stage
from telephony_bridge.bench.exchange import Exchange, comes_true
from telephony_bridge.bench.load import spread_of
from telephony_bridge.bench.log import Ride, between, rides

AGENTS = 100  # at telephones: nobody waits for one
DESKS = 20  # open pages that hear what happens
TALK = 0.3  # seconds
FIRST_CALLS = 20  # not counted: they load code and open connections
SETTLES = 60.0  # seconds until all is in the database
BRIDGED_P50, BRIDGED_P95 = 25.0, 60.0  # milliseconds
SUSTAINED, SUSTAINED_RATE = 30.0, 32  # complete calls a second that must hold, and those that are made
WAITING, MEGABYTES = 500, 200.0
TAKEOVER, LINE_UP = 5.0, 12  # seconds; callers who wait meanwhile
FAIR, LARGE_TO_SMALL = 1.2, 10
Result = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """How much: calls of the parts `calls` and `sustained`, and the pace of `calls`."""

    calls: int
    per_second: float


def calls(place: stage.Stage, asked: Asked) -> Result:
    """From the entry into our application until caller and agent are together, at an even pace."""
    with exchange.running(place, "calls", AGENTS) as here:
        done, figures = _ride(here, asked.calls, asked.per_second)
    bridged = spread_of(filter(None, (ride.waited_ms for ride in done)))
    missed = asked.calls - int(bridged["count"])
    return {
        "per_second": asked.per_second,
        "bridged": bridged,
        "of_these": {
            "entered_to_asked": spread_of(filter(None, (between(r.entered, r.asked) for r in done))),
            "asked_to_picked_up": spread_of(filter(None, (between(r.asked, r.picked_up) for r in done))),
            "picked_up_to_bridged": spread_of(filter(None, (between(r.picked_up, r.bridged) for r in done))),
        },
        **figures,
        "missed": missed,
        "must_hold": {"bridged_p50_ms": BRIDGED_P50, "bridged_p95_ms": BRIDGED_P95, "missed": 0},
        "holds": not missed and bridged["p50_ms"] <= BRIDGED_P50 and bridged["p95_ms"] <= BRIDGED_P95,
    }


def sustained(place: stage.Stage, asked: Asked) -> Result:
    """Complete calls a second, and whether each of them is in the database, with a record made of the exchange's own log."""
    with exchange.running(place, "sustained", AGENTS) as here:
        done, figures = _ride(here, asked.calls, SUSTAINED_RATE)
    over = sorted(ride.over for ride in done if ride.over and ride.bridged)
    took = (over[-1] - over[0]).total_seconds() if len(over) > 1 else 0.0
    rate = round((len(over) - 1) / took, 1) if took else 0.0
    lost = {name: asked.calls - figures["database"][name] for name in ("calls", "ended", "answered", "records")}
    return {
        "made_per_second": SUSTAINED_RATE,
        "complete": len(over),
        "complete_per_second": rate,
        **figures,
        "lost": lost,
        "must_hold": {"complete_per_second": SUSTAINED, "lost": 0},
        "holds": rate >= SUSTAINED and len(over) == asked.calls and not any(lost.values()),
    }


def _ride(here: Exchange, count: int, per_second: float) -> tuple[list[Ride], Result]:
    """Calls at a pace, to both municipalities in turn; those of the exchange's log, and what it cost."""
    here.team.ready(AGENTS)
    phones = sipp.telephones(here.lab, talk=TALK)
    try:
        _call(here, FIRST_CALLS, 5.0)
        mark = here.team.figures()["last"]
        before = _spent(here)
        _call(here, count, per_second)
        figures = _settled(here, count, after=mark)
        spent = {name: round(seconds - before[name], 1) for name, seconds in _spent(here).items()}
    finally:
        phones.stop()
    stored = spread_of(figures.pop("stored_ms"))
    return rides(here.lab.cel)[FIRST_CALLS:], {"database": figures, "stored": stored, "processor_s": spent}


def _call(here: Exchange, count: int, per_second: float) -> None:
    numbers = [stage.NUMBERS[place % len(stage.NUMBERS)] for place in range(count)]
    _all_over(sipp.callers(here.lab, numbers, per_second=per_second), count / per_second + SETTLES)


def _all_over(callers: sipp.Sipp, within: float) -> None:
    try:
        callers.ended(within)
    finally:
        callers.stop()


def _settled(here: Exchange, count: int, *, after: int) -> Result:
    """What the database has once it has everything, or when our patience ends."""
    found: Result = {}

    def is_there() -> bool:
        found.update(here.team.figures(after))
        return all(found[name] >= count for name in ("ended", "records"))

    comes_true(is_there, within=SETTLES)
    return {name: value for name, value in found.items() if name != "last"}


def _spent(here: Exchange) -> dict[str, float]:
    processes = {"bridge": here.bridges[0].pid, "asterisk": here.lab.pid() or 0}
    return {name: exchange.processor_seconds(pid) for name, pid in processes.items()}


def memory(place: stage.Stage, asked: Asked) -> Result:
    """What the bridge holds while many wait: sampled until each of them has been there for a while."""
    with exchange.running(place, "memory", 1) as here:
        idle = exchange.memory(here.bridges[0])
        callers = sipp.callers(here.lab, [stage.NUMBERS[0]] * WAITING, per_second=25)
        try:
            comes_true(lambda: here.team.figures()["calls"] >= WAITING, within=SETTLES)
            samples = _each_second(lambda: exchange.memory(here.bridges[0]), 10)
            waiting = sum(ride.over is None and ride.caller_in is None for ride in rides(here.lab.cel))
        finally:
            callers.stop()
    return {
        "idle_mb": round(idle, 1),
        "waiting": waiting,
        "bridge_mb": round(max(samples), 1),
        "must_hold": {"bridge_mb": MEGABYTES, "waiting": WAITING},
        "holds": max(samples) <= MEGABYTES and waiting == WAITING,
    }


def _each_second(measure: Callable[[], float], count: int) -> list[float]:
    found = []
    for _second in range(count):
        time.sleep(1)
        found.append(measure())
    return found


def takeover(place: stage.Stage, asked: Asked) -> Result:
    """The active bridge is killed while callers wait; then somebody comes and takes them, one after the other."""
    with exchange.running(place, "takeover", 1) as here:
        here.bridge("second")
        comes_true((here.spool("second") / "id").exists)
        time.sleep(2)  # it has seen a sign of the first by then; the time is not measured
        callers = sipp.callers(here.lab, [stage.NUMBERS[0]] * LINE_UP, per_second=5)
        phones = sipp.telephones(here.lab, talk=TALK)
        try:
            comes_true(lambda: here.team.figures()["calls"] >= LINE_UP, within=SETTLES)
            here.bridges[0].kill()
            killed = datetime.now(UTC)
            took = (here.serves("second") - killed).total_seconds()
            here.team.ready(1)
            callers.ended(SETTLES)
        finally:
            callers.stop()
            phones.stop()
        done = [ride for ride in rides(here.lab.cel) if ride.bridged]
    in_order = [ride.channel for ride in done] == [ride.channel for ride in sorted(done, key=_bridged)]
    return {
        "takeover_s": round(took, 2),
        "answered": len(done),
        "in_order": in_order,
        "must_hold": {"takeover_s": TAKEOVER, "answered": LINE_UP, "in_order": True},
        "holds": took <= TAKEOVER and len(done) == LINE_UP and in_order,
    }


def _bridged(ride: Ride) -> datetime:
    assert ride.bridged
    return ride.bridged


def fairness(place: stage.Stage, asked: Asked) -> Result:
    """Two agents, more calls than they can take, ten for one municipality to one for the other, which calls in the middle of each eleven."""
    large, small = stage.NUMBERS
    block = [small if place == LARGE_TO_SMALL // 2 else large for place in range(LARGE_TO_SMALL + 1)]
    numbers = block * 10
    with exchange.running(place, "fairness", 2) as here:
        here.team.ready(2)
        phones = sipp.telephones(here.lab, talk=TALK)
        try:
            _all_over(sipp.callers(here.lab, numbers, per_second=8), len(numbers) + SETTLES)
        finally:
            phones.stop()
        done = rides(here.lab.cel)
    waits = {name: [r.waited_ms for r in done if r.number == name and r.waited_ms] for name in (large, small)}
    means = {name: round(mean(ms) / 1000, 2) if ms else 0.0 for name, ms in waits.items()}
    ratio = round(max(means.values()) / min(means.values()), 3) if all(means.values()) else None
    answered = sum(map(len, waits.values()))
    return {
        "calls": {"large": numbers.count(large), "small": numbers.count(small)},
        "mean_wait_s": {"large": means[large], "small": means[small]},
        "ratio": ratio,
        "answered": answered,
        "must_hold": {"ratio": FAIR, "answered": len(numbers)},
        "holds": ratio is not None and ratio <= FAIR and answered == len(numbers),
    }


PARTS: dict[str, Callable[[stage.Stage, Asked], Result]] = {
    "calls": calls,
    "sustained": sustained,
    "memory": memory,
    "takeover": takeover,
    "fairness": fairness,
}
