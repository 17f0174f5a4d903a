"""Who gets the next call: the one who has been free longest; who was promised to a caller gets that caller first.

Values only, no clock: the order in which things are told is the order in time.
"""

from dataclasses import dataclass, field


@dataclass
class Pool:
    """Agents who are free, in the order in which they came, and calls that wait, in the order in which they first did."""

    free: list[str] = field(default_factory=list)
    waiting: dict[str, str | None] = field(default_factory=dict)  # call -> the agent who is preferred
    places: dict[str, int] = field(
        default_factory=dict
    )  # call -> its number in the queue, kept while somebody's telephone rings
    last: int = 0

    def come(self, agent: str) -> None:
        """Somebody is ready; who was so already keeps the place."""
        if agent not in self.free:
            self.free.append(agent)

    def leave(self, agent: str) -> None:
        """And is not any more."""
        if agent in self.free:
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
            self.free.remove(agent)
            found.append((call, agent))
        return found
