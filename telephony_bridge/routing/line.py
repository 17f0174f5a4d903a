"""A call with its own task, and who is told of it."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from telephony_bridge.routing.ari import Json
from telephony_bridge.routing.calls import AgentFound, Event, Release, Routed, TakeOver, Why
from telephony_bridge.routing.skills import ANYTHING, Wants

log = structlog.get_logger(__name__)
Note = Callable[
    [str, str, Json], int | None
]  # what, of which call, with what; the number under which it is kept, if it is


def log_note(what: str, call: str, details: Json) -> None:
    """What becomes of a note that nobody keeps."""
    log.info("exchange", what=what, call=call, **details)


class ReplacedError(Exception):
    """Another client took our application's name: this one would hear nothing more, and must end loudly."""


@dataclass
class Line:
    """A call with its own task."""

    call: Routed
    events: asyncio.Queue[Event] = field(default_factory=asyncio.Queue)
    leased: bool = False
    torn: bool = False  # Asterisk did not do what was wanted: how the call is, only it knows
    wants: Wants = ANYTHING  # of the distribution
    caller: str = ""  # as the exchange names the number
    since: float = field(default_factory=time.time)  # when the caller came, also where another bridge was there then
    told_at: float = field(default_factory=time.monotonic)
    hanging_up: bool = False  # the caller has; what comes then is no lease that is over

    def unheard(self) -> list[Release]:
        """Who was given to the call, or was to take it over, when it was over already: they are free again. Empties what is still to happen."""
        released = []
        while not self.events.empty():
            match self.events.get_nowait():
                case AgentFound(agent):
                    released.append(Release(agent, Why.CALLER_GONE))
                case TakeOver(agent):
                    released.append(Release(agent, Why.TALK_OVER))
        return released
