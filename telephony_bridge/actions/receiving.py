"""What an exchange reports: stored as it came, and made into the state of a call, in one transaction (telephony scope)."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from accounts.models import CENTRE_ROLES, Membership
from telephony_bridge import facts, lifecycle, times
from telephony_bridge.called import Called, who_was_called
from telephony_bridge.dialects.body import storable
from telephony_bridge.identify import Evidence, Identified
from telephony_bridge.lifecycle import CallState, Transition
from telephony_bridge.messages import CtiMessage, Direction, Event
from telephony_bridge.models import Call, CtiEvent, Source
from telephony_bridge.numbers import to_e164
from telephony_bridge.presence import follow_calls
from tenants import events
from tenants.audit import SYSTEM, Actor

OUTGOING = "outgoing"  # a call that a member of staff makes: no card, no row
NOT_SHOWN = {"ringing_at", "told"}
RESULTS = {Event.NEW_CALL: "completed", Event.ANSWER: "answered", Event.HANGUP: "hung_up"}


class Agent(NamedTuple):
    """An agent whom the exchange names."""

    person_id: int
    name: str


class Report(NamedTuple):
    """A message with what the database adds to it."""

    message: CtiMessage
    at: datetime
    agent: Agent | None
    called: Called | None

    def applied(self, call: Call | None) -> Transition:
        """What becomes of the call (None: not known yet)."""
        known = facts.facts_of(call) if call else None
        called, person = self.called, self.agent.person_id if self.agent else None
        identified = None
        if called:
            kind = called.evidence["kind"]
            evidence = Evidence(kind) if kind in set(Evidence) else Evidence.UNKNOWN
            identified = Identified(called.municipality_id, evidence, called.number or None)
        return lifecycle.apply(known, self.message, at=self.at, agent_id=person, identified=identified)


def receive(source: Source, message: CtiMessage, raw: Mapping[str, object], *, acting_user: Actor = SYSTEM) -> CtiEvent:
    """Store a report and do what follows from it; the stored row's `result` says what that was.

    The same report twice, late or out of order changes nothing that it should not: telephony_bridge.lifecycle.
    """
    with transaction.atomic(savepoint=False):
        now = timezone.now()
        event = CtiEvent(source=source, external_id=message.call_id, event=message.event, body=storable(raw))
        event.call, event.result = _made_of(source, message, now)
        event.save(force_insert=True)
        silent = Q(last_event_at=None) | Q(last_event_at__lt=now - times.HEARTBEAT_STEP)
        if message.event is Event.NEW_CALL:
            Source.objects.filter(silent, pk=source.pk).update(last_event_at=now)  # not a write per message
    return event


def _made_of(source: Source, message: CtiMessage, now: datetime) -> tuple[Call | None, str]:
    if message.direction is Direction.OUT:
        return None, OUTGOING
    call = None if message.event is Event.NEW_CALL else _locked(source, message.call_id)
    if call is None and message.event is not Event.NEW_CALL and _is_outgoing(source, message.call_id):
        return None, OUTGOING
    agent = _agent(source.centre_id, message) if message.event is Event.ANSWER else None
    called = who_was_called(source, message) if call is None else None
    report = Report(message, now, agent, called)
    if call is None:
        call, created = _found_or_created(source, report)
        if created:
            return call, "created" if message.event is Event.NEW_CALL else "unknown_call"
    return call, _changed(call, report)


def _locked(source: Source, call_id: str) -> Call | None:
    return Call.objects.select_for_update().filter(source=source, external_id=call_id).first()


def _is_outgoing(source: Source, call_id: str) -> bool:
    """Connectors may leave the direction out after the first message."""
    return CtiEvent.objects.filter(source=source, external_id=call_id, result=OUTGOING).exists()


def _found_or_created(source: Source, report: Report) -> tuple[Call, bool]:
    """The locked row. Of several messages of a new call that come at once, one makes it and the others wait for that."""
    transition, message = report.applied(None), report.message
    new = Call(source=source, centre_id=source.centre_id, external_id=message.call_id)
    _fill(new, transition, report)
    Call.objects.bulk_create([new], ignore_conflicts=True)
    call = Call.objects.select_for_update().get(source=source, external_id=message.call_id)
    created = call.public_id == new.public_id
    if created:
        _follow(call, None, transition)
        if call.state != CallState.ENDED:  # of a call that was over when it became known there is nothing to show
            events.tell_centre(call.centre_id, "call", call.public_id, "new")
    return call, created


def _changed(call: Call, report: Report) -> str:
    """Apply the report to the locked row of a known call."""
    before, transition = call.agent_id, report.applied(call)
    if not transition.changed:
        return "duplicate"
    was_over, columns = call.state == CallState.ENDED, _fill(call, transition, report)
    call.save(update_fields=columns)
    if not set(columns) - NOT_SHOWN:  # sent again at the same moment, and overtaken
        return "duplicate"
    _follow(call, before, transition)
    if not was_over:
        op = "ended" if call.state == CallState.ENDED else "changed"
        events.tell_centre(call.centre_id, "call", call.public_id, op)
    return RESULTS[report.message.event]


def _fill(call: Call, transition: Transition, report: Report) -> list[str]:
    """Put the transition into the row, with what is derived from it; the names of the columns that differ now."""
    before = {name: getattr(call, name) for name in ("state", "agent_id")}
    columns = facts.write(call, transition.facts)
    derived: dict[str, object] = {"from_number": to_e164(call.from_raw) or ""}
    if call.agent_id != before["agent_id"]:
        derived["agent_name"] = report.agent.name if report.agent else ""
    if call.state != before["state"]:
        derived["wrap_up_until"] = report.at + times.WRAP_UP if call.state == CallState.WRAP_UP else None
    if report.called:
        derived["to_number"] = call.to_number or report.called.number
        if not call.evidence or call.municipality_id == report.called.municipality_id:
            derived["evidence"] = report.called.evidence
    derived = {name: value for name, value in derived.items() if getattr(call, name) != value}
    for name, value in derived.items():
        setattr(call, name, value)
    return [*columns, *derived]


def _follow(call: Call, before: int | None, transition: Transition) -> None:
    """The presences of who has the call, and of who had it."""
    if transition.effects:
        for person in sorted({key for key in (before, call.agent_id) if key}):
            here = person == call.agent_id
            follow_calls(person, call.agent_name if here else "", call.centre_id if here else None)


def _agent(centre_id: int, message: CtiMessage) -> Agent | None:
    """The first of those named who is an agent of this centre."""
    said = [text.strip().lower() for text in (*message.users, message.answering_number) if text.strip()]
    if not said:
        return None
    members = Membership.objects.filter(centre_id=centre_id, role__in=CENTRE_ROLES, person__is_active=True)
    rows = members.annotate(user=Lower("person__phone_user")).filter(user__in=said).order_by("person_id")
    found = {user: Agent(person, name) for user, person, name in rows.values_list("user", "person_id", "person__name")}
    return next((found[text] for text in said if text in found), None)
