"""A call at an exchange of ours, as the desk knows it: what the routing has seen in, new facts and their effects out.

Unlike reports of strange exchanges (lifecycle.apply), what is seen is the whole state, in order: it is the truth, also where the call was ended on
the desk before. Nothing here raises or knows a database.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from telephony_bridge.lifecycle import CallFacts, CallState, EndReason, Outcome, Transition, effects, settled
from telephony_bridge.messages import Event
from telephony_bridge.routing.calls import State

WAITS = (State.NEW, State.QUEUED, State.OFFERED)
PHASES = {
    State.DIALLING: "dialling",
    State.CONSULTING: "consulting",
    State.BLIND: "blind",
    State.FALLBACK: "fallback",
    State.CLOSED: "closed",
}


@dataclass(frozen=True, slots=True)
class Seen:
    """Where a call is at the exchange: names are those of routing.calls.Routed; `agent_id` is the person at the agent's telephone."""

    state: State
    agent_id: int | None = None
    has_agent: bool = False  # also where nobody knows whose telephone it is
    waiting: bool = False
    agent_hung_up: bool = False  # just now, on a caller whom the dialplan had brought to them

    @property
    def is_with_agent(self) -> bool:
        """Whether it is an agent's call still: also while it is sent away and may come back."""
        if self.state is State.FALLBACK:
            return self.has_agent
        return self.state in (State.TALKING, State.DIALLING, State.CONSULTING, State.BLIND)

    @property
    def phase(self) -> str:
        """What the agent's talk is in (Call.PHASES), "" for the talk itself and where there is none."""
        if self.agent_hung_up:
            return ""
        if self.state is State.TALKING:
            return "held" if self.waiting else ""
        if self.state is State.DIALLING and not self.has_agent:
            return "blind"
        if self.state is State.CONSULTING and not self.waiting:
            return "swapped"
        return PHASES.get(self.state, "")


def follow(call: CallFacts, seen: Seen, *, at: datetime) -> Transition:
    """The call after the routing has seen it at `at` (aware). Its end at the exchange is final; only an end on the desk is not."""
    if call.hung_up_at is not None:
        facts = call
    elif seen.state is State.ENDED:
        facts = settled(replace(call, hung_up_at=at, heard=call.heard | {Event.HANGUP}), at)
    elif seen.is_with_agent:
        facts = _with_agent(call, seen, at)
    elif seen.state is State.TRANSFERRED:
        facts = _transferred(call, at)
    elif seen.agent_hung_up and call.state is CallState.TALKING:  # the caller's own end is told a moment later
        facts = replace(call, state=CallState.WRAP_UP, wrap_up_at=at)
    elif seen.agent_hung_up and call.state is not CallState.RINGING:
        facts = call
    else:
        facts = _waits(call)
    return Transition(facts, effects(call, facts), changed=facts != call)


def _with_agent(call: CallFacts, seen: Seen, at: datetime) -> CallFacts:
    """Who writes the wrap-up already, or has closed the call, is not called back by the exchange's being slower."""
    is_theirs = call.agent_id is not None and call.agent_id == seen.agent_id
    if is_theirs and call.state in (CallState.WRAP_UP, CallState.ENDED):
        return call
    goes_on = is_theirs or call.state is CallState.TALKING  # with somebody else, who has taken the talk over
    answered = call.answered_at if goes_on and call.answered_at else at
    return replace(
        call,
        state=CallState.TALKING,
        agent_id=seen.agent_id,
        answered_at=answered,
        heard=call.heard | {Event.ANSWER},
        ended_at=None,
        wrap_up_at=None,
        end_reason=EndReason.NONE,
    )


def _transferred(call: CallFacts, at: datetime) -> CallFacts:
    """The agent is rid of it, and the caller talks with somebody else."""
    if call.state in (CallState.WRAP_UP, CallState.ENDED):
        return call
    outcome = call.outcome if call.outcome is not Outcome.NONE else Outcome.TRANSFERRED
    if call.agent_id is None:
        return replace(call, state=CallState.ENDED, ended_at=at, end_reason=EndReason.FORWARDED, outcome=outcome)
    return replace(call, state=CallState.WRAP_UP, wrap_up_at=call.wrap_up_at or at, outcome=outcome)


def _waits(call: CallFacts) -> CallFacts:
    """It rings; one that was answered before is back."""
    if call.state is CallState.RINGING and call.agent_id is None:
        return call
    return replace(
        call,
        state=CallState.RINGING,
        agent_id=None,
        answered_at=None,
        wrap_up_at=None,
        ended_at=None,
        end_reason=EndReason.NONE,
        outcome=Outcome.NONE,
        heard=call.heard - {Event.ANSWER},
    )
