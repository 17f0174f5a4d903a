"""Time passes from event to event; who gets which call is decided by the very Pool that the exchange uses."""

import heapq
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from telephony_bridge.routing.pool import Pool
from telephony_bridge.routing.simulation.scenario import HOUR, Caller, Scenario, callers, team
from telephony_bridge.routing.skills import Wants
from telephony_bridge.routing.waiting import REMEMBERED, cautious_wait


@dataclass
class Run:
    """One simulation. `served`: everybody who called after the warm-up; `busy`: seconds of talk and wrap-up by agent, since then."""

    scenario: Scenario
    pool: Pool = field(default_factory=Pool)
    now: float = 0.0
    served: list[Caller] = field(default_factory=list)
    busy: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    def __post_init__(self) -> None:
        self.agenda: list[tuple[float, int, Callable[..., None], Any]] = []
        self.numbers = count()
        self.waiting: dict[str, Caller] = {}
        self.durations: deque[float] = deque(maxlen=REMEMBERED)
        self.skilled = any(trained < self.scenario.agents for trained in self.scenario.trained.values())

    def __call__(self) -> "Run":
        """Until the last caller is served."""
        for agent, skills in team(self.scenario).items():
            self.pool.learn(agent, skills)
            self.pool.come(agent)
        for municipality in self.scenario.loads:
            self._expect(callers(self.scenario, municipality))
        while self.agenda:
            self.now, _number, happens, what = heapq.heappop(self.agenda)
            happens(what)
        return self

    def _at(self, time: float, happens: Callable[..., None], what: Any = None) -> None:
        heapq.heappush(self.agenda, (time, next(self.numbers), happens, what))

    def _expect(self, coming: Iterator[Caller]) -> None:
        if caller := next(coming, None):
            self._at(caller.came, self._comes, (caller, coming))

    def _comes(self, what: tuple[Caller, Iterator[Caller]]) -> None:
        caller, coming = what
        self._expect(coming)
        if self.now >= self.scenario.warm_up * HOUR:
            self.served.append(caller)
        self.waiting[caller.id] = caller
        wants = Wants(caller.municipality, priority=self.scenario.priorities.get(caller.municipality, 0))
        self.pool.seek(caller.id, wants=wants, since=self.now)
        if caller.patience is not None:
            self._at(self.now + caller.patience, self._loses_patience, caller)
        if self.skilled:
            self._at(self.now + self.pool.suited_within, self._distribute)
        self._distribute()
        self._announce(caller)

    def _announce(self, caller: Caller) -> None:
        """As the exchange would: whoever is not answered at once hears how long it may take."""
        if place := self.pool.position(caller.id):
            caller.announced = cautious_wait(place, self.durations, self.scenario.agents)

    def _distribute(self, _what: None = None) -> None:
        for call, agent in self.pool.pairs(self.now):
            caller = self._waits_no_longer(call)
            caller.answered = True
            caller.suited = self.pool.skills[agent].suit(Wants(caller.municipality))
            self._at(self.now + caller.talk, self._hangs_up, (caller, agent))

    def _waits_no_longer(self, call: str) -> Caller:
        self.pool.over(call)
        caller = self.waiting.pop(call)
        caller.waited = self.now - caller.came
        return caller

    def _loses_patience(self, caller: Caller) -> None:
        if caller.id in self.waiting:
            self._waits_no_longer(caller.id)

    def _hangs_up(self, what: tuple[Caller, str]) -> None:
        caller, agent = what
        self.durations.append(caller.talk + caller.wrap_up)
        if self.now >= self.scenario.warm_up * HOUR:
            self.busy[agent] += caller.talk + caller.wrap_up
        if caller.wrap_up:
            self.pool.leave(agent)
            self._at(self.now + caller.wrap_up, self._is_ready, agent)
        self.pool.release(agent)
        self._distribute()

    def _is_ready(self, agent: str) -> None:
        self.pool.come(agent)
        self._distribute()
