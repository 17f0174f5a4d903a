"""What the exchange itself has written down of each call (CEL): its clock alone says how long things took."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from telephony_bridge.record.lines import Line, all_parsed
from telephony_bridge.routing.calls import OWN_ID


@dataclass
class Ride:
    """A citizen's call: when it entered our application, when a telephone was asked, picked up, and heard the caller; when it was over."""

    channel: str
    number: str
    entered: datetime
    asked: datetime | None = None
    picked_up: datetime | None = None
    caller_in: datetime | None = None
    agent_in: datetime | None = None
    over: datetime | None = None

    @property
    def bridged(self) -> datetime | None:
        """When both were together at an agent's telephone."""
        return max(self.caller_in, self.agent_in) if self.caller_in and self.agent_in else None

    @property
    def waited_ms(self) -> float | None:
        """Milliseconds from the entry until both were together."""
        return between(self.entered, self.bridged)


def between(first: datetime | None, second: datetime | None) -> float | None:
    """Milliseconds; None where one of the two did not happen."""
    return (second - first).total_seconds() * 1000 if first and second else None


def rides(cel: Path) -> list[Ride]:
    """All calls in the log, in the order in which they entered."""
    return rides_of(all_parsed(cel.read_text(encoding="utf-8", errors="replace").splitlines()) if cel.exists() else ())


def rides_of(lines: Iterable[Line]) -> list[Ride]:
    """The same of lines."""
    found: dict[str, Ride] = {}
    for line in lines:
        if line.event == "INBOUND":
            found[line.channel] = Ride(line.channel, line.told("extra").partition("|")[0], line.at)
        elif line.channel in found:
            _of_caller(found[line.channel], line)
        elif (own := OWN_ID.fullmatch(line.channel)) and own["kind"] == "a" and own["call"] in found:
            _of_leg(found[own["call"]], line)
    return sorted(found.values(), key=lambda ride: ride.entered)


def _of_caller(ride: Ride, line: Line) -> None:
    if line.event == "BRIDGE_ENTER":
        ride.caller_in = ride.caller_in or line.at
    elif line.event == "CHAN_END":
        ride.over = line.at


def _of_leg(ride: Ride, line: Line) -> None:
    if line.event == "CHAN_START":
        ride.asked = ride.asked or line.at
    elif line.event == "ANSWER":
        ride.picked_up = ride.picked_up or line.at
    elif line.event == "BRIDGE_ENTER":
        ride.agent_in = ride.agent_in or line.at
