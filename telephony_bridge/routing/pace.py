"""How long calls take lately, talk and wrap-up, and what those who wait are told of it."""

from collections import deque
from collections.abc import Iterable, Iterator

from telephony_bridge.routing import spoken
from telephony_bridge.routing.line import Line
from telephony_bridge.routing.waiting import REMEMBERED, cautious_wait

TOLD_EVERY = 30.0  # seconds between two announcements to one caller


class Pace:
    """Times are seconds of a clock that never goes back."""

    def __init__(self) -> None:
        self.begun: dict[str, float] = {}  # telephone -> when the call came that it has, or whose wrap-up runs
        self.durations: deque[float] = deque(maxlen=REMEMBERED)

    def begins(self, agent: str, now: float) -> None:
        """An agent has got a call."""
        self.begun[agent] = now

    def ends(self, agent: str, now: float) -> None:
        """And takes the next one."""
        if agent in self.begun:
            self.durations.append(now - self.begun.pop(agent))

    def due(self, waiting: Iterable[Line], agents: int, now: float) -> Iterator[tuple[Line, str]]:
        """Who of those who wait, the first one first, is to be told something now, and what: each their place and time, every half a minute."""
        for position, line in enumerate(waiting, start=1):
            if now - line.told_at >= TOLD_EVERY:
                line.told_at = now
                yield line, spoken.told(position, cautious_wait(position, self.durations, agents))
