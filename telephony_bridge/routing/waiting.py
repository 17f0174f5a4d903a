"""How long somebody who waits will do so, from what is known: the place in the queue, how long calls took lately, and how many work.

While all agents are busy, one of c agents whose calls take s seconds on average is free every s/c seconds; the k-th in the queue waits for the k-th
of these. Were durations exponential, that is a sum of k exponential times (an Erlang distribution): its mean is k·s/c, its standard deviation √k·s/c
(W. Whitt, "Predicting Queueing Delays", Management Science 45 (1999) 870-888, who also proposes to tell callers a percentile). Who hangs up before is not
taken off, so it errs on the long side.
"""

import math
from collections.abc import Collection

REMEMBERED = 50  # calls lately, whose durations are looked at
FEWEST = 5  # of less than these nothing is concluded
LONGEST_CALL = 1800.0  # seconds; a telephone that was not put down says nothing about the others
FOUR_OF_FIVE = (
    0.8416  # standard deviations above the mean that 80 % do not exceed (normal distribution; an Erlang one is below)
)


def expected_wait(position: int, durations: Collection[float], agents: int) -> float | None:
    """Seconds that the caller at a position (the first: 1) waits on average; None where it cannot be said: nobody works, or too few calls are known.

    `durations`: seconds of talk and wrap-up together. `agents`: all who work, whether they talk, wrap up or are ready.
    """
    pace = _pace(durations, agents)
    return None if pace is None else position * pace


def cautious_wait(position: int, durations: Collection[float], agents: int) -> float | None:
    """Seconds that four of five callers at this position do not exceed: what may be told to a caller."""
    pace = _pace(durations, agents)
    return None if pace is None else (position + FOUR_OF_FIVE * math.sqrt(position)) * pace


def _pace(durations: Collection[float], agents: int) -> float | None:
    """Seconds from one agent who is free to the next."""
    if agents < 1 or len(durations) < FEWEST:
        return None
    return sum(min(duration, LONGEST_CALL) for duration in durations) / len(durations) / agents
