"""What an exchange reports: stored as it came, and made into the state of a call, in one transaction (telephony scope)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models.functions import Lower
from django.utils import timezone

from accounts.models import CENTRE_ROLES, Membership
from telephony_bridge import times
from telephony_bridge.actions.presences import follow_calls
from telephony_bridge.called import who_was_called
from telephony_bridge.dialects import zammad
from telephony_bridge.dialects.body import storable
from telephony_bridge.messages import Cause, CtiMessage, Direction, Event
from telephony_bridge.models import Call, CtiEvent, Source
from telephony_bridge.numbers import to_e164
from tenants import events
from tenants.audit import SYSTEM, Actor

UNKNOWN_CALL = "unknown_call"  # kept until its newCall comes
SHORT_ABANDON = timedelta(seconds=5)
REASONS: dict[str, str] = {
    Cause.BUSY: "busy",
    Cause.NO_ANSWER: "no_answer",
    Cause.CONGESTION: "failed",
    Cause.NOT_FOUND: "failed",
    Cause.FORWARDED: "forwarded",
}
CHANGES = {"answered", "moved", "hung_up"}
CHANGED = [
    "state",
    "agent_id",
    "agent_name",
    "answered_at",
    "hung_up_at",
    "ended_at",
    "wrap_up_at",
    "wrap_up_until",
    "hangup_cause",
    "end_reason",
    "outcome",
    "short_abandon",
]
ORDER = {Event.NEW_CALL: 0, Event.ANSWER: 1, Event.HANGUP: 2}


class Agent(NamedTuple):
    """An agent whom the exchange names."""

    person_id: int
    name: str


def receive(source: Source, message: CtiMessage, raw: Mapping[str, object], *, acting_user: Actor = SYSTEM) -> CtiEvent:
    """Store a report and do what follows from it; the stored row's `result` says what that was.

    The same report twice, or late, changes nothing. An answer or hang-up that comes before its call waits for it.
    """
    with transaction.atomic(savepoint=False):
        now = timezone.now()
        event = CtiEvent(source=source, external_id=message.call_id, event=message.event, body=storable(raw))
        if message.direction is Direction.OUT:
            event.result = "outgoing"
        elif message.event is Event.NEW_CALL:
            event.call, event.result = _new_call(source, message, now)
        else:
            event.call, event.result = _later(source, message, now)
        event.save(force_insert=True)
    return event


def _alone(source: Source, now: datetime) -> None:
    """Until commit nobody else makes a call of this source, or finds that there is none. Always before a call is locked."""
    Source.objects.filter(pk=source.pk).update(last_event_at=now)


def _locked(source: Source, call_id: str) -> Call | None:
    return Call.objects.select_for_update().filter(source=source, external_id=call_id).first()


def _new_call(source: Source, message: CtiMessage, now: datetime) -> tuple[Call, str]:
    """The call rings, unless what came before it says otherwise."""
    _alone(source, now)
    told = list(
        CtiEvent.objects.filter(source=source, external_id=message.call_id).exclude(result="outgoing").order_by("pk")
    )
    if call := next((event.call for event in told if event.call_id), None):
        return call, "duplicate"
    called = who_was_called(source, message)
    call = Call.objects.create(
        centre_id=source.centre_id,
        source=source,
        external_id=message.call_id,
        municipality_id=called.municipality_id,
        ringing_at=now,
        from_number=to_e164(message.from_) or "",
        from_raw=message.from_,
        to_number=called.number,
        to_raw=message.to,
        evidence=called.evidence,
    )
    for event in sorted(told, key=lambda one: ORDER[Event(one.event)]):
        event.call, event.result = call, _apply(call, zammad.parse(event.body), now)
        event.save(update_fields=["call", "result"])
    _tell(call, "ended" if call.state == "ended" else "new")
    return call, "created"


def _later(source: Source, message: CtiMessage, now: datetime) -> tuple[Call | None, str]:
    call = _locked(source, message.call_id)
    if call is None:
        _alone(source, now)  # its newCall may be on the way at this moment
        call = _locked(source, message.call_id)
    if call is None:
        return None, UNKNOWN_CALL
    result = _apply(call, message, now)
    if result in CHANGES:
        _tell(call, "ended" if call.state == "ended" else "changed")
    return call, result


def _apply(call: Call, message: CtiMessage, now: datetime) -> str:
    """Change the locked call by an answer or hang-up; the presences of those concerned follow."""
    before = call.agent_id
    agent = _agent(call.centre_id, message) if message.event is Event.ANSWER else None
    result = _answered(call, agent, now) if message.event is Event.ANSWER else _hung_up(call, message.cause, now)
    if result in CHANGES:
        call.save(update_fields=CHANGED)
        for person in sorted({key for key in (before, call.agent_id) if key}):
            follow_calls(person, call.agent_name, call.centre_id if person == call.agent_id else None)
    return result


def _answered(call: Call, agent: Agent | None, now: datetime) -> str:
    """Somebody speaks: an agent of ours (their desk gets the call), or a telephone that is nobody's."""
    if call.state in {"ended", "wrap-up"}:
        return "late"
    moved = agent is not None and agent.person_id != call.agent_id
    if call.state == "talking" and not moved:
        return "duplicate"
    result = "answered" if call.state == "ringing" else "moved"
    call.state, call.answered_at = "talking", call.answered_at or now
    if agent:
        call.agent_id, call.agent_name = agent
    return result


def _hung_up(call: Call, cause: str, now: datetime) -> str:
    """While it rings: abandoned, or what the exchange says. While an agent speaks: their wrap-up begins."""
    if call.state == "ended" or call.hung_up_at:
        return "duplicate"
    call.hung_up_at, call.hangup_cause = now, cause
    if call.state == "ringing":
        call.state, call.ended_at, call.end_reason = "ended", now, REASONS.get(cause, "abandoned")
        call.outcome = "abandoned" if call.end_reason == "abandoned" else ""
        call.short_abandon = now - call.ringing_at < SHORT_ABANDON
    elif call.state == "talking" and call.agent_id:
        call.state, call.wrap_up_at, call.wrap_up_until = "wrap-up", now, now + times.WRAP_UP
    elif call.state == "talking":  # answered by somebody who has no desk here
        call.state, call.ended_at, call.end_reason = "ended", now, "closed"
    return "hung_up"


def _agent(centre_id: int, message: CtiMessage) -> Agent | None:
    """The first of those named who is an agent of this centre."""
    said = [text.strip().lower() for text in (*message.users, message.answering_number) if text.strip()]
    if not said:
        return None
    members = Membership.objects.filter(centre_id=centre_id, role__in=CENTRE_ROLES, person__is_active=True)
    rows = members.annotate(user=Lower("person__phone_user")).filter(user__in=said).order_by("person_id")
    found = {user: Agent(person, name) for user, person, name in rows.values_list("user", "person_id", "person__name")}
    return next((found[text] for text in said if text in found), None)


def _tell(call: Call, op: str) -> None:
    events.tell_centre(call.centre_id, "call", call.public_id, op)
