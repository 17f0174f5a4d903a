"""What an exchange reports about a call, in our words; every dialect (telephony_bridge.dialects) is read into these."""

from dataclasses import dataclass
from enum import StrEnum


class Event(StrEnum):
    """What happened to the call."""

    NEW_CALL = "new_call"
    ANSWER = "answer"
    HANGUP = "hangup"


class Direction(StrEnum):
    """Whether a citizen calls (in) or a member of staff (out)."""

    IN = "in"
    OUT = "out"


class Cause(StrEnum):
    """Why a call ended, where the exchange says one of the known reasons."""

    NORMAL_CLEARING = "normalClearing"
    BUSY = "busy"
    CANCEL = "cancel"
    NO_ANSWER = "noAnswer"
    CONGESTION = "congestion"
    NOT_FOUND = "notFound"
    FORWARDED = "forwarded"


@dataclass(frozen=True, slots=True)
class CtiMessage:
    """One report. Texts are clean (no control characters, bounded), "" where nothing was said; numbers are as they came."""

    event: Event
    call_id: str
    from_: str = ""
    to: str = ""
    direction: Direction | None = None
    users: tuple[str, ...] = ()
    queue: str = ""
    answering_number: str = ""
    request_uri: str = ""  # and what SIP says besides, where the exchange is ours
    diversion: tuple[str, ...] = ()
    history_info: tuple[str, ...] = ()
    cause: str = ""  # a Cause where it is a known one, else what the exchange says
    part_of: str = ""  # the call that is passed on by this one, where the exchange says so


class BadMessage(Exception):
    """A report that cannot be understood: the HTTP status to answer with, and one German sentence that says why."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
