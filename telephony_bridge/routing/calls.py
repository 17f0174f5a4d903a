"""What is known of a call at the exchange, what can happen to it, and what can be wanted of the exchange. Values only; see core.py.

    NEW -> CLOSED (hears why) -> ENDED
    NEW -> QUEUED <-> OFFERED -> TALKING
    TALKING -> BLIND -> TRANSFERRED | returned -> QUEUED (the same agent first)
    TALKING -> DIALLING -> CONSULTING -> TRANSFERRED | cancelled -> TALKING
    TALKING -> TALKING with somebody else, who takes over: their telephone rings (`leader_leg`) while caller and agent talk on
    any -> FALLBACK (the dialplan has it again) -> ENDED

A caller's channel has the id that Asterisk gave it; that is the id of the call. Ids of all else are ours and never used twice: of agents' legs
`<call>-a1`, of those who are asked `<call>-x2`, of bridges `<call>-b3`, of those who take a talk over `<call>-s4`. So Asterisk alone can tell what belongs to whom.
"""

import re
from dataclasses import dataclass, replace
from enum import StrEnum

NUMBER = re.compile(r"\+?[0-9]{1,20}")  # what may be dialled: anything else could say more to a dialplan than a number
OWN_ID = re.compile(r"(?P<call>.+)-(?P<kind>[axbs])(?P<count>[0-9]+)")


class State(StrEnum):
    """Where a call is."""

    NEW = "new"
    CLOSED = "closed"  # hears that nobody is there, or that somebody will call back; then it ends
    QUEUED = "queued"  # hears music, waits for an agent
    OFFERED = "offered"  # an agent's telephone rings
    TALKING = "talking"  # with an agent; `waiting`: held
    BLIND = "blind"  # in the dialplan, which dials the target
    DIALLING = (
        "dialling"  # the target's telephone rings, the agent hears that; no agent: whoever answers gets the caller
    )
    CONSULTING = "consulting"  # the agent talks with the target; `waiting` is False while they are swapped
    TRANSFERRED = "transferred"  # talks with the target
    FALLBACK = "fallback"  # the dialplan has taken the caller back
    ENDED = "ended"


class Role(StrEnum):
    """Whose telephone a leg is."""

    AGENT = "agent"
    TARGET = "target"
    LEADER = "leader"  # takes the talk over by answering; an agent's from then on


class Why(StrEnum):
    """Why an agent is free again."""

    CALL_OVER = "call_over"  # there was a talk: wrap-up
    CALLER_GONE = "caller_gone"  # while it rang
    NOT_ANSWERED = "not_answered"  # the telephone rang, and nobody came, or it was refused
    NOT_TAKEN = "not_taken"  # the same, of who was to take a talk over: caller and agent talk on
    TALK_OVER = "talk_over"  # the talk that was to be taken over has ended, or was passed on


@dataclass(frozen=True, slots=True)
class Routed:
    """A call. `waiting`: the caller hears music and is with nobody. `count` is the last number that an id of ours has."""

    id: str
    dialled: str = ""
    state: State = State.NEW
    agent: str | None = None  # who is taken by this call
    last_agent: str | None = None
    agent_leg: str | None = None
    target: str | None = None
    target_leg: str | None = None
    bridge: str | None = None
    waiting: bool = True
    count: int = 0
    playing: bool = False  # an announcement is heard in place of the music
    accepting: bool = False  # said so on the desk: as soon as the telephone is silent, it is rung to pick up by itself
    leader: str | None = None  # whose telephone rings to take the talk over
    leader_leg: str | None = None

    def with_id(self, kind: str) -> tuple["Routed", str]:
        """The call with one more id, and the id."""
        count = self.count + 1
        return replace(self, count=count), f"{self.id}-{kind}{count}"

    def role_of(self, leg: str) -> Role | None:
        """Whose leg it is; None: not (any more) one of this call."""
        return {self.agent_leg: Role.AGENT, self.target_leg: Role.TARGET, self.leader_leg: Role.LEADER}.get(leg)


# What happens


@dataclass(frozen=True, slots=True)
class Arrived:
    """A citizen's call has entered our application. `first` is heard before the music; where there is something in `closed`, that alone, and it ends.

    Both are media as Asterisk names them: `sound:/folder/file` without its ending.
    """

    first: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Played:
    """What the caller was to hear has been heard, or could not be played."""


@dataclass(frozen=True, slots=True)
class Told:
    """Who waits is to hear something: the place in the queue, how long it will take."""

    media: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WantsCallback:
    """Who waits has pressed the key for being called back, and hears `media` for an answer."""

    media: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shut:
    """The centre closes at once: who waits hears `media`, and the call ends."""

    media: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AgentFound:
    """The distribution gives an agent to a call that waits."""

    agent: str


@dataclass(frozen=True, slots=True)
class TakeOver:
    """Somebody who leads the team wants the caller whom an agent talks with. `name` as in Transfer."""

    agent: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Accept:
    """The agent takes the call that rings, without touching the telephone."""


@dataclass(frozen=True, slots=True)
class LegAnswered:
    """Somebody has picked up."""

    leg: str


@dataclass(frozen=True, slots=True)
class LegGone:
    """A leg is no more, or never came to be; `rang` is False where the telephone could not even be asked, so its owner has missed nothing."""

    leg: str
    rang: bool = True


@dataclass(frozen=True, slots=True)
class CallerGone:
    """The caller's channel is no more."""


@dataclass(frozen=True, slots=True)
class CallerLeft:
    """The caller's channel has left our application for the dialplan, without our doing: the lease was over."""


@dataclass(frozen=True, slots=True)
class Taken:
    """While we were away the agent has answered, and the dialplan has connected both."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """Caller and agent, who talk by the doing of the safety net, have come to us; they are together again as soon as we join them."""

    agent: str
    leg: str


@dataclass(frozen=True, slots=True)
class TargetAnswered:
    """The dialplan has connected the caller with the target of a blind transfer."""


@dataclass(frozen=True, slots=True)
class Returned:
    """The dialplan gives the caller back: the target of a blind transfer was busy, or nobody came."""


@dataclass(frozen=True, slots=True)
class Hold:
    """The agent lets the caller wait."""


@dataclass(frozen=True, slots=True)
class Resume:
    """And takes the caller back."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """The agent sends the caller to a number, without asking there. `name` is shown there: for whom it is and what about."""

    number: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Consult:
    """The agent asks somebody while the caller waits. `name` as in Transfer."""

    number: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Swap:
    """The agent talks with the other one of caller and target."""


@dataclass(frozen=True, slots=True)
class Complete:
    """The agent connects caller and target, and leaves."""


@dataclass(frozen=True, slots=True)
class Cancel:
    """The agent asks no longer, and is with the caller again."""


@dataclass(frozen=True, slots=True)
class HangUp:
    """The agent ends the call."""


Event = (
    Arrived | Played | Told | WantsCallback | Shut | AgentFound | TakeOver | Accept | LegAnswered | LegGone | CallerGone | CallerLeft | Taken | Fetched | TargetAnswered | Returned
    | Hold | Resume | Transfer | Consult | Swap | Complete | Cancel | HangUp
)  # fmt: skip


# What is wanted


@dataclass(frozen=True, slots=True)
class Answer:
    """Pick up the caller."""


@dataclass(frozen=True, slots=True)
class Music:
    """Let somebody hear music, or no longer."""

    channel: str
    on: bool = True


@dataclass(frozen=True, slots=True)
class Play:
    """Let the caller hear something, in place of the music."""

    media: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Silence:
    """End what is being played: nothing else can be done with a channel meanwhile."""


@dataclass(frozen=True, slots=True)
class CallBack:
    """Somebody is to call this caller later."""


@dataclass(frozen=True, slots=True)
class Lease:
    """Renew the caller's lease from now on, or end it: then no time takes the caller back."""

    on: bool


@dataclass(frozen=True, slots=True)
class Dial:
    """Let a telephone ring. Its leg begins in the dialplan, so that an answer while we are dead still reaches the caller."""

    leg: str
    role: Role
    whom: str  # an agent, or a number
    at_once: bool = False  # the telephone is asked to pick up by itself
    name: str = ""  # shown there


@dataclass(frozen=True, slots=True)
class Drop:
    """End a channel; one that is gone is as good."""

    channel: str


@dataclass(frozen=True, slots=True)
class Make:
    """Make a bridge."""

    bridge: str


@dataclass(frozen=True, slots=True)
class Remove:
    """Remove a bridge."""

    bridge: str


@dataclass(frozen=True, slots=True)
class Join:
    """Bring channels together."""

    bridge: str
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """Take a channel out of a bridge."""

    bridge: str
    channel: str


@dataclass(frozen=True, slots=True)
class Name:
    """What is shown of the caller from now on, beside the number."""

    name: str


@dataclass(frozen=True, slots=True)
class Send:
    """Give the caller to the dialplan, which dials the number."""

    number: str


@dataclass(frozen=True, slots=True)
class Seek:
    """Ask the distribution for an agent; the preferred one first, if that one is free."""

    preferred: str | None = None


@dataclass(frozen=True, slots=True)
class Forgo:
    """No agent is needed any more."""


@dataclass(frozen=True, slots=True)
class Release:
    """The agent is free of this call."""

    agent: str
    why: Why


Command = (
    Answer
    | Music
    | Play
    | Silence
    | CallBack
    | Lease
    | Dial
    | Drop
    | Make
    | Remove
    | Join
    | Part
    | Name
    | Send
    | Seek
    | Forgo
    | Release
)
