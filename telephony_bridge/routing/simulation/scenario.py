"""What is simulated: how often a municipality is called, who works, how long things take. The same seed plans the same calls.

Callers come by chance (a Poisson process); talk, wrap-up and patience are exponentially distributed, as in the formulas with which the results are
compared. Each municipality draws from a source of its own, so what one more municipality or another rule changes is not the callers.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from random import Random

from telephony_bridge.routing.skills import ANYBODY, Skills

HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Scenario:
    """Times in seconds, and all of them means. No `patience`: everybody waits till answered; no `trained` for a municipality: all agents are."""

    loads: Mapping[str, float]  # municipality -> calls per hour
    agents: int
    talk: float = 180.0
    wrap_up: float = 30.0
    patience: float | None = 300.0
    trained: Mapping[str, int] = field(default_factory=dict)  # municipality -> how many of the agents
    priorities: Mapping[str, int] = field(default_factory=dict)
    hours: float = 500.0
    warm_up: float = 1.0  # hours at the beginning that do not count: it begins with nobody there
    seed: int = 1

    @property
    def load(self) -> float:
        """Agents who would be busy all the time, if nobody hung up (erlang)."""
        return sum(self.loads.values()) * (self.talk + self.wrap_up) / HOUR


@dataclass(slots=True)
class Caller:
    """One call. `waited` is None as long as the caller does."""

    id: str
    municipality: str
    came: float
    talk: float
    wrap_up: float
    patience: float | None
    waited: float | None = None
    answered: bool = False
    suited: bool = False  # by somebody who is trained for the municipality
    announced: float | None = None  # seconds that were told to the caller, where there was a wait


def callers(scenario: Scenario, municipality: str) -> Iterator[Caller]:
    """All calls of a municipality, in the order in which they come."""
    rng = Random(f"{scenario.seed}/{municipality}")  # noqa: S311  drawn, not secret
    now, number = 0.0, 0

    def about(mean: float) -> float:
        return rng.expovariate(1 / mean) if mean else 0.0

    while (now := now + about(HOUR / scenario.loads[municipality])) < scenario.hours * HOUR:
        number += 1
        talk, wrap_up = about(scenario.talk), about(scenario.wrap_up)
        patience = None if scenario.patience is None else about(scenario.patience)
        yield Caller(f"{municipality}-{number}", municipality, now, talk, wrap_up, patience)


def team(scenario: Scenario) -> dict[str, Skills]:
    """The agents. Who is trained for what is spread over them: those for the second municipality begin where those for the first end."""
    skills: dict[str, set[str]] = {f"agent{number}": set() for number in range(scenario.agents)}
    names, begin = list(skills), 0
    for municipality in scenario.loads:
        trained = min(scenario.trained.get(municipality, scenario.agents), scenario.agents)
        for number in range(begin, begin + trained):
            skills[names[number % len(names)]].add(municipality)
        begin += trained
    return {name: _skills(what, len(scenario.loads)) for name, what in skills.items()}


def _skills(municipalities: set[str], of: int) -> Skills:
    """No municipality would mean all of them."""
    return ANYBODY if len(municipalities) == of else Skills(frozenset(municipalities or {"none of these"}))
