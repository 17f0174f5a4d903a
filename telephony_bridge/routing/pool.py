"""Who gets the next call: the one who has been free longest; who was promised to a caller gets that caller first.

Values only, no clock: the order in which things are told is the order in time.
"""

from collections.abc import Iterable, Mapping


class Pool:
    """Agents who are free, in the order in which they came, and calls that wait, in the order in which they first did.

    Somebody is free who is `present`, not `taken` by a call, and whose telephone has no leg (of whatever call): who is ready once more while talking gets
    no second call, who has left none afterwards, and a telephone is not rung before the call before is down.
    """

    def __init__(self, agents: Iterable[str] = ()) -> None:
        self.free = list(dict.fromkeys(agents))
        self.present, self.taken = set(self.free), set[str]()
        self.legs: dict[str, str] = {}  # channel -> whose telephone
        self.waiting: dict[str, str | None] = {}  # call -> the agent who is preferred
        self.places: dict[str, int] = {}  # call -> its number in the queue, kept while somebody's telephone rings
        self.last = 0

    def come(self, agent: str) -> None:
        """Somebody is ready; who was so already keeps the place."""
        self.present.add(agent)
        self._look_at(agent)

    def leave(self, agent: str) -> None:
        """And is not any more."""
        self.present.discard(agent)
        self._look_at(agent)

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

    def seek(self, call: str, preferred: str | None = None) -> None:
        """A call waits, at the place that it had."""
        if call not in self.places:
            self.last += 1
            self.places[call] = self.last
        self.waiting[call] = preferred

    def forgo(self, call: str) -> None:
        """And waits no longer."""
        self.waiting.pop(call, None)

    def over(self, call: str) -> None:
        """Its place is free: it is with somebody, or has ended."""
        self.forgo(call)
        self.places.pop(call, None)

    def pairs(self) -> list[tuple[str, str]]:
        """(call, agent) for all who can be brought together now; they neither wait nor are free afterwards."""
        found = []
        while self.free and self.waiting:
            calls = sorted(self.waiting, key=self.places.__getitem__)
            call = next((call for call in calls if self.waiting[call] in self.free), calls[0])
            preferred = self.waiting.pop(call)
            agent = preferred if preferred in self.free else self.free[0]
            assert agent is not None
            self.take(agent)
            found.append((call, agent))
        return found
