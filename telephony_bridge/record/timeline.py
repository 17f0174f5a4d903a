"""From the events of one call to its legs and intervals. No clock, no database: the same events give the same record.

A call begins with the caller's channel and ends with it. At each moment between it is one of these, so that its intervals add up to its time:

    waiting      with nobody: in the queue, while a telephone rings, sent away and not yet answered, come back
    talking      with an agent
    held         the agent is still on the line, and lets the caller wait: from the desk, or by a key of the telephone
    consulting   the same, and somebody else is being asked
    transferred  with somebody whom the call was given to

Who is with whom is told by bridges: Asterisk writes who enters and leaves each. A telephone that holds leaves the caller in the bridge, with
music. Channels of ours tell by their ids what they are
(routing/calls.py); those that the dialplan has made, by where their telephone is: behind a trunk, or at an agent's desk.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from telephony_bridge.record.lines import Line
from telephony_bridge.routing.calls import OWN_ID
from telephony_bridge.routing.resync import endpoint

INBOUND = "INBOUND"  # what the dialplan writes when a citizen calls; calls that staff make have none and are no record's matter
FROM_TRUNK = "from-trunk"  # the context in which channels of a trunk begin, also those that we dial there
MUSIC = ("STREAM_BEGIN", "STREAM_END", "BRIDGE_ENTER", "BRIDGE_EXIT")  # after which a caller has music or has not
MOMENT = timedelta(milliseconds=100)  # from one bridge to the next; shorter ones are no interval
HELPERS = (
    "Surrogate/",
    "Local/",
    "Announcer/",
    "Recorder/",
    "Snoop/",
    "CBAnn/",
    "CBRec/",
    "OutgoingSpoolFailed/",
)  # no telephones


class Kind(StrEnum):
    """What a caller's time is."""

    WAITING = "waiting"
    TALKING = "talking"
    HELD = "held"
    CONSULTING = "consulting"
    TRANSFERRED = "transferred"


class Who(StrEnum):
    """Whose channel a leg is."""

    CALLER = "caller"
    AGENT = "agent"
    TARGET = "target"


class End(StrEnum):
    """How a call ended. `lost`: Asterisk ended without saying so, and the call with it."""

    OPEN = "open"
    HANGUP = "hangup"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Leg:
    """A channel of a call. `cause` is the hang-up cause of Q.850 (16 normal, 17 busy, 19 no answer …); None: not told."""

    channel: str
    who: Who
    endpoint: str  # agent1, trunk
    began: datetime
    answered: datetime | None = None
    ended: datetime | None = None
    cause: int | None = None


@dataclass(frozen=True, slots=True)
class Interval:
    """A time of a call. `agent` is the endpoint of who has the call; of a transferred one, who had it last."""

    kind: Kind
    began: datetime
    ended: datetime
    agent: str = ""

    @property
    def length(self) -> timedelta:
        """Never negative."""
        return self.ended - self.began


@dataclass(frozen=True, slots=True)
class Recorded:
    """A call. `ended` of an open one is None, and its intervals reach to the last event."""

    linked: str
    dialled: str
    began: datetime
    last: datetime  # when something was heard of it last
    ended: datetime | None
    end: End
    legs: tuple[Leg, ...]
    intervals: tuple[Interval, ...]

    @property
    def answered(self) -> datetime | None:
        """When an agent first talked with the caller."""
        return next((interval.began for interval in self.intervals if interval.kind is Kind.TALKING), None)

    @property
    def agent(self) -> str:
        """The endpoint of the agent who talked with the caller last; empty for nobody."""
        return next((i.agent for i in reversed(self.intervals) if i.kind is Kind.TALKING), "")


def recorded(lines: Sequence[Line], *, lost: bool = False) -> Recorded | None:
    """The record of a call by the events that have its linked id, in the order of the file; None when no citizen has called.

    Events that come twice count once. A clock that is set back stands still instead. `lost`: Asterisk runs no longer as it did then; a
    call without an end has ended with the last that was heard of it.
    """
    if not any(line.event == INBOUND or OWN_ID.fullmatch(line.channel) for line in lines):
        return None
    if not any(line.channel == line.linked for line in lines):
        return None
    story, now = _Story(lines[0].linked), lines[0].at
    for line in dict.fromkeys(lines):
        now = max(now, line.at)
        story.happens(line, now)
    return story.told(now, lost=lost)


@dataclass
class _Story:
    """What is known while the events are read."""

    linked: str
    dialled: str = ""
    legs: dict[str, Leg] = field(default_factory=dict)
    bridges: dict[str, str] = field(default_factory=dict)  # channel -> the bridge it is in
    talked: set[str] = field(default_factory=set)  # agents' channels that had the caller
    agent: str = ""
    has_music: bool = False  # the caller, in a bridge: a telephone there holds
    since: datetime | None = None
    current: tuple[Kind, str] = (Kind.WAITING, "")
    intervals: list[Interval] = field(default_factory=list)

    @property
    def caller(self) -> Leg | None:
        return self.legs.get(self.linked)

    def happens(self, line: Line, now: datetime) -> None:
        if line.event == INBOUND:
            self.dialled = line.told("extra").partition("|")[0] or line.exten
        if not line.channel or line.name.startswith(HELPERS):
            return
        if line.channel not in self.legs:
            self.legs[line.channel] = Leg(line.channel, _who(line), endpoint({"name": line.name}), now)
        if self.caller and self.since is None:
            self.since = now
        over = bool(self.caller and self.caller.ended)
        if line.event == "LINKEDID_END":  # all of them are gone, should one not have said so
            self._all_gone(now)
        else:
            self._leg(line, now)
        if not over:
            self._move(now)

    def _leg(self, line: Line, now: datetime) -> None:
        leg = self.legs[line.channel]
        if line.channel == self.linked and line.event in MUSIC:  # music of before goes with entering a bridge
            self.has_music = line.event == "STREAM_BEGIN" and self.linked in self.bridges
        if line.event == "ANSWER" and leg.answered is None:
            self.legs[leg.channel] = replace(leg, answered=now)
        elif line.event == "BRIDGE_ENTER" and leg.ended is None:
            self.bridges[leg.channel] = line.told("bridge_id")
            self.legs[leg.channel] = replace(leg, answered=leg.answered or now)
        elif line.event == "BRIDGE_EXIT" and self.bridges.get(leg.channel) == line.told("bridge_id"):
            del self.bridges[leg.channel]
        elif line.event in ("HANGUP", "CHAN_END") and leg.ended is None:
            self.bridges.pop(leg.channel, None)
            cause = line.told("hangupcause")
            self.legs[leg.channel] = replace(leg, ended=now, cause=int(cause) if cause.isdecimal() else None)

    def _all_gone(self, now: datetime) -> None:
        self.bridges.clear()
        self.legs = {channel: replace(leg, ended=leg.ended or now) for channel, leg in self.legs.items()}

    def _move(self, now: datetime) -> None:
        """Close an interval where what the caller's time is has changed, or where it is over."""
        if self.since is None or self.caller is None:
            return
        found = self._now()
        if found == self.current and self.caller.ended is None:
            return
        self._close(now)
        self.current = found

    def _close(self, now: datetime) -> None:
        if self.since is not None and now > self.since:
            self.intervals.append(Interval(self.current[0], self.since, now, self.current[1]))
            self.since = now

    def _now(self) -> tuple[Kind, str]:
        with_caller = [self.legs[channel] for channel in self._company()]
        if agent := next((leg for leg in with_caller if leg.who is Who.AGENT), None):
            self.talked.add(agent.channel)
            self.agent = agent.endpoint
            return (Kind.HELD if self.has_music else Kind.TALKING), self.agent
        if with_caller:
            return Kind.TRANSFERRED, self.agent
        there = [leg for leg in self.legs.values() if leg.ended is None and leg.who is not Who.CALLER]
        if not any(leg.channel in self.talked for leg in there):
            return Kind.WAITING, ""
        asked = any(leg.who is Who.TARGET for leg in there)
        return (Kind.CONSULTING if asked else Kind.HELD), self.agent

    def _company(self) -> list[str]:
        """The channels that are in the caller's bridge."""
        bridge = self.bridges.get(self.linked)
        return [one for one, other in self.bridges.items() if bridge and other == bridge and one != self.linked]

    def told(self, last: datetime, *, lost: bool) -> Recorded | None:
        caller = self.caller
        if caller is None:
            return None
        ended = caller.ended or (last if lost else None)
        if caller.ended is None:
            self._close(last)
        end = End.HANGUP if caller.ended else End.LOST if lost else End.OPEN
        legs = tuple(self.legs.values())
        return Recorded(self.linked, self.dialled, caller.began, last, ended, end, legs, _smooth(self.intervals))


def _who(line: Line) -> Who:
    if line.channel == line.linked:
        return Who.CALLER
    if own := OWN_ID.fullmatch(line.channel):
        return Who.TARGET if own["kind"] == "x" else Who.AGENT
    return Who.TARGET if line.context == FROM_TRUNK else Who.AGENT


def _smooth(intervals: Sequence[Interval]) -> tuple[Interval, ...]:
    """Moments between two states belong to what comes then, the last one to what was before; the first may be short. Equal neighbours are one."""
    kept: list[Interval] = []
    begin: datetime | None = None  # of moments that wait for what comes then
    for number, interval in enumerate(intervals):
        if number and interval.length < MOMENT:
            begin = begin or interval.began
            continue
        whole = replace(interval, began=begin or interval.began)
        begin = None
        if kept and (kept[-1].kind, kept[-1].agent) == (whole.kind, whole.agent):
            kept[-1] = replace(kept[-1], ended=whole.ended)
        else:
            kept.append(whole)
    if begin and kept:
        kept[-1] = replace(kept[-1], ended=intervals[-1].ended)
    return tuple(kept)
