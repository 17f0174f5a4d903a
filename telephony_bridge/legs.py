"""Calls that pass another one on: a consultation, a transfer. What becomes of the citizen's call by what is heard of them.

Exchanges report such a leg as a call of its own. It is none of a citizen's: it is kept with the call that it belongs to (Call.told), and
moves that call to whoever answers it, once the caller is there. That is at its answer where the caller is on the leg itself (direct), and
otherwise (the agent asks a colleague first) when the agent's own call has been hung up while the leg goes on. Everything is derived from what
was gathered, in any order. Nothing here raises or knows a database.
"""

from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from typing import Any

from telephony_bridge.lifecycle import CallFacts, CallState, EndReason, Outcome, settled
from telephony_bridge.messages import CtiMessage, Event

MOST = 20  # legs of one call that are kept
_MOST_USERS = 20


@dataclass(frozen=True, slots=True)
class Leg:
    """What is known of one. The agent is who answered it, None where that is nobody of the centre."""

    is_direct: bool = False
    number: str = ""  # whom it rings
    users: tuple[str, ...] = ()  # who answered it, as reported
    is_answered: bool = False
    agent_id: int | None = None
    agent_name: str = ""
    is_over: bool = False
    has_caller: bool = False  # the caller went over to it: the call ends with it

    @property
    def carries(self) -> bool:
        """Whether the caller is on it now."""
        return self.has_caller and not self.is_over


Legs = dict[str, Leg]  # by the exchange's id of the leg
_NAMES = {field.name for field in fields(Leg)}


def read_legs(told: dict[str, Any]) -> Legs:
    """The legs in Call.told."""
    return {key: _read(values) for key, values in told.get("legs", {}).items()}


def _read(values: dict[str, Any]) -> Leg:
    known: dict[str, Any] = {name: value for name, value in values.items() if name in _NAMES}
    return Leg(**known | {"users": tuple(known.get("users", ()))})


def written(legs: Legs) -> dict[str, Any]:
    """What is stored in Call.told."""
    return {key: asdict(leg) | {"users": list(leg.users)} for key, leg in legs.items()}


def carried(legs: Legs) -> Leg | None:
    """The leg on which the caller is, None while it is the call itself."""
    return next((leg for leg in legs.values() if leg.carries), None)


def heard(legs: Legs, message: CtiMessage, agent: tuple[int, str] | None, *, is_direct: bool) -> Legs:
    """The legs after a message of one of them (its `call_id`); `agent` (id, name) is who answered it, where that is one of the centre's."""
    leg = legs.get(message.call_id)
    if leg is None and len(legs) >= MOST:
        return legs
    leg = leg or Leg(is_direct=is_direct)
    known = replace(leg, is_direct=leg.is_direct or is_direct, number=leg.number or message.to)
    if message.event is Event.ANSWER:
        person, name = agent or (known.agent_id, known.agent_name)
        users = tuple(dict.fromkeys((*known.users, *message.users)))[:_MOST_USERS]
        known = replace(known, is_answered=True, users=users, agent_id=person, agent_name=name)
    if message.event is Event.HANGUP:
        known = replace(known, is_over=True)
    return legs | {message.call_id: known}


def went_to(legs: Legs) -> str:
    """Who has the caller where that is nobody of the centre: the number that was dialled, else the exchange's name; "" for nobody."""
    gone = [leg for leg in legs.values() if leg.is_answered and leg.agent_id is None]
    return next((leg.number or next(iter(leg.users), "") for leg in reversed(gone)), "")


def follow(call: CallFacts, legs: Legs, *, at: datetime) -> tuple[CallFacts, Legs]:
    """The call, and its legs, after what was heard of either of them at `at` (aware). A call that an agent has closed stays closed."""
    for key, leg in legs.items():
        if leg.has_caller or leg.is_over:
            continue
        if _was_forwarded(call) and leg.is_direct:
            call, legs = _rings_there(call), legs | {key: replace(leg, has_caller=True)}
        elif leg.is_answered and (leg.is_direct or call.hung_up_at) and call.state is not CallState.ENDED:
            if leg.agent_id is None:
                call = replace(call, outcome=call.outcome or Outcome.TRANSFERRED)
            else:
                call, legs = _moved(call, leg), legs | {key: replace(leg, has_caller=True)}
    for leg in legs.values():
        if leg.carries and leg.is_answered and call.state is CallState.RINGING:  # forwarded, and answered there
            call = replace(_moved(call, leg), answered_at=at)
    is_left = any(leg.has_caller for leg in legs.values()) and carried(legs) is None
    if is_left and call.hung_up_at is None and call.state is not CallState.ENDED:
        call = settled(replace(call, hung_up_at=at), at)
    return call, legs


def _moved(call: CallFacts, leg: Leg) -> CallFacts:
    """The caller talks with who answered the leg; what the agent before has written goes along."""
    return replace(
        call,
        state=CallState.TALKING,
        agent_id=leg.agent_id,
        answered_by=tuple(dict.fromkeys((*call.answered_by, *leg.users))),
        hung_up_at=None,
        wrap_up_at=None,
        hangup_cause="",
    )


def _was_forwarded(call: CallFacts) -> bool:
    """Whether the exchange has sent the caller on before anybody answered; then the call goes on where it was sent."""
    return call.end_reason is EndReason.FORWARDED and call.answered_at is None


def _rings_there(call: CallFacts) -> CallFacts:
    return replace(
        call, state=CallState.RINGING, hung_up_at=None, ended_at=None, hangup_cause="", end_reason=EndReason.NONE
    )
