"""What came of a simulation, by municipality."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from telephony_bridge.routing.simulation.run import Run
from telephony_bridge.routing.simulation.scenario import HOUR, Caller

IN_TIME = 20.0  # seconds of the usual aim: 80 % of the calls within 20 s


@dataclass(frozen=True, slots=True)
class Figures:
    """Waits in seconds, of everybody: until answered, or until hung up. `in_time`: share of all calls that was answered within 20 s.

    `suited`: share of the answered ones that came to somebody who is trained for the municipality.
    """

    calls: int
    answered: int
    mean: float
    p50: float
    p95: float
    in_time: float
    suited: float

    @property
    def abandoned(self) -> int:
        """Who hung up before anybody answered."""
        return self.calls - self.answered


def percentile(sorted_values: Sequence[float], share: float) -> float:
    """The smallest value that this share of them does not exceed; 0 of none."""
    if not sorted_values:
        return 0.0
    return sorted_values[max(0, math.ceil(share * len(sorted_values)) - 1)]


def figures(callers: Iterable[Caller]) -> Figures:
    """Of some callers, all of whom are served."""
    served = list(callers)
    waits = sorted(caller.waited or 0.0 for caller in served)
    in_time = sum(caller.answered and (caller.waited or 0.0) <= IN_TIME for caller in served)
    answered = sum(caller.answered for caller in served)
    return Figures(
        calls=len(served),
        answered=answered,
        mean=_share(sum(waits), len(served)),
        p50=percentile(waits, 0.5),
        p95=percentile(waits, 0.95),
        in_time=_share(in_time, len(served)),
        suited=_share(sum(caller.suited for caller in served), answered),
    )


def _share(value: float, of: int) -> float:
    return value / of if of else 0.0


def by_municipality(run: Run) -> dict[str, Figures]:
    """In the order of the scenario."""
    return {
        municipality: figures(caller for caller in run.served if caller.municipality == municipality)
        for municipality in run.scenario.loads
    }


def ratio(waits: Iterable[float]) -> float | None:
    """The longest mean wait by the shortest; None where somebody did not wait at all."""
    means = list(waits)
    return max(means) / min(means) if means and min(means) > 0 else None


def occupancy(run: Run) -> tuple[float, float, float]:
    """Share of the time that agents were busy: mean, of the least busy, of the busiest. More than 1 where they worked after the end."""
    time = (run.scenario.hours - run.scenario.warm_up) * HOUR
    shares = [run.busy[agent] / time for agent in run.pool.skills]
    return sum(shares) / len(shares), min(shares), max(shares)


def kept(callers: Iterable[Caller]) -> float | None:
    """Share of those who were told how long it may take, and were answered, that waited no longer."""
    told = [caller for caller in callers if caller.announced is not None and caller.answered]
    return sum((caller.waited or 0.0) <= (caller.announced or 0.0) for caller in told) / len(told) if told else None
