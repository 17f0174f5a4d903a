"""Who gets the next call: of those who can serve it, the one who has been free longest; who was promised to a caller gets that caller first.

Calls of all municipalities stand in one queue (docs/adr/0112). Values only, no clock: times come as arguments, in seconds of whatever clock.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from telephony_bridge.routing.calls import OWN_ID
from telephony_bridge.routing.skills import ANYBODY, ANYTHING, SUITED_WITHIN, Skills, Wants


@dataclass(frozen=True, slots=True)
class Place:
    """A call's place in the queue: first whom a supervisor put there, the last one foremost (`front`); then by priority, by how long it waits, and
    in the order in which the calls were told."""

    number: int
    since: float
    wants: Wants
    front: int = 0

    @property
    def key(self) -> tuple[int, int, float, int]:
        """Smaller comes first."""
        return (-self.front, -self.wants.priority, self.since, self.number)


class Pool:
    """Agents who are free, in the order in which they came, and calls that wait.

    Somebody is free who is `present`, not `taken` by a call, and whose telephone has no leg (of whatever call): who is ready once more while talking gets
    no second call, who has left none afterwards, and a telephone is not rung before the call before is down.
    """

    def __init__(self, agents: Iterable[str] = (), *, suited_within: float = SUITED_WITHIN) -> None:
        self.free = list(dict.fromkeys(agents))
        self.present, self.taken = set(self.free), set[str]()
        self.known = set(self.free)  # whoever has been present or promised: whose telephone is of interest
        self.legs: dict[str, str] = {}  # channel -> whose telephone
        self.skills: dict[str, Skills] = {}
        self.suited_within = suited_within
        self.waiting: dict[str, str | None] = {}  # call -> the agent who is preferred
        self.places: dict[str, Place] = {}  # kept while somebody's telephone rings
        self.promised: dict[str, str] = {}  # call -> the agent to whom it comes back
        self.last = 0

    def come(self, agent: str) -> None:
        """Somebody is ready; who was so already keeps the place."""
        self.present.add(agent)
        self.known.add(agent)
        self._look_at(agent)

    def leave(self, agent: str, *, for_good: bool = False) -> None:
        """And is not any more; `for_good`: cannot be reached by what was promised to come back either (a break, signed out, nobody answers)."""
        self.present.discard(agent)
        if for_good:
            self.promised = {call: whom for call, whom in self.promised.items() if whom != agent}
        self._look_at(agent)

    def learn(self, agent: str, skills: Skills) -> None:
        """What somebody can do from now on."""
        self.skills[agent] = skills

    def learn_all(self, skills: Mapping[str, Skills]) -> None:
        """What everybody can do from now on; who is not among them is trained for all, speaks German and belongs to the usual team."""
        self.skills = dict(skills)

    def take(self, agent: str) -> None:
        """Somebody has a call."""
        self.taken.add(agent)
        self._look_at(agent)

    def release(self, agent: str) -> None:
        """And has it no more."""
        self.taken.discard(agent)
        self._look_at(agent)

    def in_use(self, agent: str, channel: str) -> None:
        """A telephone rings or is off the hook."""
        self.legs[channel] = agent
        self._look_at(agent)

    def hung_up(self, channel: str) -> None:
        """And is not any more; a channel that is no telephone's is none of ours."""
        if agent := self.legs.pop(channel, None):
            self._look_at(agent)

    def are_in_use(self, legs: Mapping[str, str]) -> None:
        """These are all that there are (channel -> agent), whatever was known before."""
        for channel in [channel for channel in self.legs if channel not in legs]:
            self.hung_up(channel)
        for channel, agent in legs.items():
            self.in_use(agent, channel)

    def _look_at(self, agent: str) -> None:
        is_free = agent in self.present and agent not in self.taken and agent not in self.legs.values()
        if is_free and agent not in self.free:
            self.free.append(agent)
        elif not is_free and agent in self.free:
            self.free.remove(agent)

    def promise(self, call: str, agent: str) -> None:
        """A call that is sent away comes back to this agent first, also while not present; till then nobody else's call goes there.

        The promise ends when the call is given to somebody, with `over`, and when the agent leaves for good.
        """
        self.promised[call] = agent
        self.known.add(agent)

    def seek(self, call: str, preferred: str | None = None, *, wants: Wants | None = None, since: float = 0.0) -> None:
        """A call waits, at the place that it had. `since` counts the first time; `wants` can be told again, and then count anew."""
        place = self.places.get(call)
        if place is None:
            self.last += 1
            place = Place(self.last, since, ANYTHING)
        self.places[call] = replace(place, wants=wants) if wants else place
        self.waiting[call] = preferred

    def want(self, call: str, wants: Wants) -> None:
        """What a call needs, known only now; one that does not wait needs nothing."""
        if call in self.places:
            self.places[call] = replace(self.places[call], wants=wants)

    def put_first(self, call: str) -> bool:
        """Before all others, until it is over; False for a call that does not wait."""
        if call in self.waiting:
            front = 1 + max(place.front for place in self.places.values())
            self.places[call] = replace(self.places[call], front=front)
        return call in self.waiting

    def give(self, call: str, agent: str) -> bool:
        """To somebody who need not be present, whoever else waits; False where the call does not wait or the telephone is in use."""
        if call not in self.waiting or agent in self.taken or agent in self.legs.values():
            return False
        self.known.add(agent)
        self._pair(call, agent)
        return True

    def reserve(self, agent: str) -> bool:
        """For a call that somebody else has; the agent need not be present. False where the telephone is in use."""
        if agent in self.taken or agent in self.legs.values():
            return False
        self.known.add(agent)
        self.take(agent)
        return True

    def forgo(self, call: str) -> None:
        """And waits no longer."""
        self.waiting.pop(call, None)

    def over(self, call: str) -> None:
        """Its place is free: it is with somebody, or has ended."""
        self.forgo(call)
        self.places.pop(call, None)
        self.promised.pop(call, None)

    def order(self) -> list[str]:
        """The calls that wait, the first one first."""
        return self._in_order(self.waiting)

    def _in_order(self, calls: Iterable[str]) -> list[str]:
        return sorted(calls, key=lambda call: self.places[call].key)

    def position(self, call: str) -> int | None:
        """A call's number in the queue, the first: 1; None for one that does not wait."""
        if call not in self.waiting:
            return None
        own = self.places[call].key
        return 1 + sum(self.places[other].key < own for other in self.waiting)

    def pairs(self, now: float = math.inf) -> list[tuple[str, str]]:
        """(call, agent) for all who can be brought together now; they neither wait nor are free afterwards.

        Callers whose own agent can be had come first, all others in their order. Whoever has waited for `suited_within` seconds goes to one
        who does not suit, too, rather than wait on; without a time everybody has.
        """
        own = self._in_order(call for call in self.waiting if self._own(call))
        found = [self._pair(call, agent) for call in own if (agent := self._own(call))]
        somebody = self._for_all()
        for call in self.order() if somebody else ():
            if not self._is_about_to_be_free(call) and (best := self._best(call, somebody, now)):
                found.append(self._pair(call, best))
                somebody = self._for_all()
                if not somebody:
                    break
        return found

    def _pair(self, call: str, agent: str) -> tuple[str, str]:
        self.waiting.pop(call)
        self.promised.pop(call, None)
        self.take(agent)
        return call, agent

    def _for_all(self) -> list[str]:
        """Who is free and kept for nobody, the longest idle first."""
        kept = set(self.promised.values())
        return [agent for agent in self.free if agent not in kept]

    def _own(self, call: str) -> str | None:
        """The agent who was promised to a call, or whom it prefers, where that one can be had."""
        if agent := self.promised.get(call):
            can_be_had = agent not in self.taken and agent not in self.legs.values()
            return agent if can_be_had else None
        preferred = self.waiting[call]
        return preferred if preferred in self.free and preferred not in self.promised.values() else None

    def _is_about_to_be_free(self, call: str) -> bool:
        """Whether only the old leg of this very call is in the way: a target that is busy is so within milliseconds."""
        agent = self.promised.get(call)
        if agent is None or agent in self.taken:
            return False
        legs = [OWN_ID.fullmatch(channel) for channel, whose in self.legs.items() if whose == agent]
        return bool(legs) and all(own and own["call"] == call for own in legs)

    def _best(self, call: str, somebody: list[str], now: float) -> str | None:
        place = self.places[call]
        suited = [agent for agent in somebody if self._suits(agent, place.wants)]
        if not suited and now - place.since >= self.suited_within:
            suited = somebody
        return min(suited, key=lambda agent: self.skills.get(agent, ANYBODY).line, default=None)

    def _suits(self, agent: str, wants: Wants) -> bool:
        return self.skills.get(agent, ANYBODY).suit(wants)
