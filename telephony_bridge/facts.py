"""Between the row of a call and the facts that the lifecycle works with."""

from typing import Any

from telephony_bridge.identify import Evidence, Identified
from telephony_bridge.legs import Legs, written
from telephony_bridge.lifecycle import CallFacts, CallState, EndReason, Outcome
from telephony_bridge.messages import Direction, Event
from telephony_bridge.models import Call

# Facts that are columns of the same name and type (texts and their enumerations are equal in Python).
COLUMNS = (
    "state", "ringing_at", "from_raw", "to_raw", "municipality_id", "chosen_by_agent", "agent_id", "answered_at", "wrap_up_at", "hung_up_at",
    "ended_at", "hangup_cause", "end_reason", "outcome", "short_abandon",
)  # fmt: skip


def facts_of(call: Call) -> CallFacts:
    """What the row says."""
    told: dict[str, Any] = call.told
    columns = {name: getattr(call, name) for name in COLUMNS}
    columns |= {
        "state": CallState(call.state),
        "end_reason": EndReason(call.end_reason),
        "outcome": Outcome(call.outcome),
    }
    return CallFacts(
        external_id=call.external_id,
        heard=frozenset(Event(name) for name in told.get("heard", ())),
        direction=Direction(told["direction"]) if told.get("direction") else None,
        queue=told.get("queue", ""),
        answered_by=tuple(told.get("answered_by", ())),
        identified=_identified(call),
        **columns,
    )


def write(call: Call, facts: CallFacts, legs: Legs | None = None) -> list[str]:
    """Put the facts into the row, and its legs where they are given; the names of the columns that differ now."""
    kept = written(legs) if legs is not None else call.told.get("legs")
    values = {name: getattr(facts, name) for name in COLUMNS}
    values["told"] = _told(facts) | ({"legs": kept} if kept else {})
    values |= {name: str(values[name]) for name in ("state", "end_reason", "outcome")}
    changed = [name for name, value in values.items() if getattr(call, name) != value]
    for name in changed:
        setattr(call, name, values[name])
    return changed


def _told(facts: CallFacts) -> dict[str, Any]:
    told = {
        "heard": sorted(str(event) for event in facts.heard),
        "direction": str(facts.direction or ""),
        "queue": facts.queue,
        "answered_by": list(facts.answered_by),
    }
    return {name: value for name, value in told.items() if value}


def _identified(call: Call) -> Identified[int] | None:
    """What the numbers said; who was chosen by the agent was not recognised."""
    kind = call.evidence.get("kind")
    if kind is None:
        return None
    evidence = Evidence(kind) if kind in set(Evidence) else Evidence.UNKNOWN
    return Identified(None if call.chosen_by_agent else call.municipality_id, evidence, call.evidence.get("number"))
