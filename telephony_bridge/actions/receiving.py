"""What an exchange reports: stored as it came, and made into the state of a call, in one transaction (telephony scope)."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from django.db import connection, transaction
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

DUPLICATE = "duplicate"
OUTGOING = "outgoing"  # a call that a member of staff makes: no card, no row
NOT_SHOWN = {"ringing_at", "told"}
RESULTS = {Event.NEW_CALL: "completed", Event.ANSWER: "answered", Event.HANGUP: "hung_up"}


class Agent(NamedTuple):
    """An agent whom the exchange names."""

    person_id: int
    name: str


class Made(NamedTuple):
    """What became of a message: its call (None: no card), the stored row's `result`, and the news for the desks ("": none)."""

    call: Call | None
    result: str
    news: str = ""


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


def receive(
    source: Source,
    message: CtiMessage,
    raw: Mapping[str, object],
    *,
    acting_user: Actor = SYSTEM,
    at: datetime | None = None,
) -> CtiEvent:
    """Store a report and do what follows from it; the stored row's `result` says what that was. `at`: when it happened, if not now.

    The same report twice, late or out of order changes nothing that it should not: telephony_bridge.lifecycle.
    """
    with transaction.atomic(savepoint=False):
        now = timezone.now()
        if message.event is Event.NEW_CALL:
            _is_there(source, now)
        event = CtiEvent(source=source, external_id=message.call_id, event=message.event, body=storable(raw))
        made = _made_of(source, message, at or now)
        event.call, event.result, event.took_ms = made.call, made.result, _since(at)
        event.save(force_insert=True)
        if made.call and made.news:  # last: whoever tells holds the centre's counter until the commit
            events.tell_centre(source.centre_id, "call", made.call.public_id, made.news)
    return event


def _since(at: datetime | None) -> int | None:
    """Milliseconds; None where nobody said since when."""
    return None if at is None else min(max(0, round((timezone.now() - at).total_seconds() * 1000)), 2**31 - 1)


def _is_there(source: Source, now: datetime) -> None:
    """Remember that the exchange speaks; not a write per message, and before all other locks, so that none waits for another's."""
    before = now - times.HEARTBEAT_STEP
    if source.last_event_at is None or source.last_event_at < before:
        silent = Q(last_event_at=None) | Q(last_event_at__lt=before)
        Source.objects.filter(silent, pk=source.pk).update(last_event_at=now)


def _made_of(source: Source, message: CtiMessage, now: datetime) -> Made:
    if message.direction is Direction.OUT:
        return Made(None, OUTGOING)
    call = None if message.event is Event.NEW_CALL else _locked(source, message.call_id)
    if call is None and message.event is not Event.NEW_CALL and _is_outgoing(source, message.call_id):
        return Made(None, OUTGOING)
    agent = _agent(source.centre_id, message) if message.event is Event.ANSWER else None
    called = who_was_called(source, message) if call is None else None
    report = Report(message, now, agent, called)
    if call is None:
        call, created = _found_or_created(source, report)
        if created:
            # Of a call that was over when it became known there is nothing to show.
            news = "" if call.state == CallState.ENDED else "new"
            return Made(call, "created" if message.event is Event.NEW_CALL else "unknown_call", news)
    return _changed(call, report)


def _locked(source: Source, call_id: str) -> Call | None:
    return Call.objects.select_for_update().filter(source=source, external_id=call_id).first()


def _is_outgoing(source: Source, call_id: str) -> bool:
    """Connectors may leave the direction out after the first message."""
    return CtiEvent.objects.filter(source=source, external_id=call_id, result=OUTGOING).exists()


def _found_or_created(source: Source, report: Report) -> tuple[Call, bool]:
    """The locked row. Of several messages of a new call that come at once, one makes it and the others wait for that."""
    transition, message = report.applied(None), report.message
    controlled = source.dialect == Source.DIALECTS.asterisk
    new = Call(source=source, centre_id=source.centre_id, external_id=message.call_id, is_controlled=controlled)
    _fill(new, transition, report)
    if _inserted(new):
        _follow(new, None, transition)
        return new, True
    return Call.objects.select_for_update().get(source=source, external_id=message.call_id), False


def _inserted(call: Call) -> bool:
    """Insert the row, which is locked then, unless the call has one: bulk_create(ignore_conflicts=True) would not say which of the two it did."""
    fields = [field for field in Call._meta.local_concrete_fields if not field.primary_key]
    with connection.cursor() as cursor:
        columns = ", ".join(connection.ops.quote_name(field.column) for field in fields)
        places = ", ".join(["%s"] * len(fields))
        table = connection.ops.quote_name(Call._meta.db_table)
        sql = f"INSERT INTO {table} ({columns}) VALUES ({places}) ON CONFLICT DO NOTHING RETURNING id"  # noqa: S608  names of our own
        cursor.execute(sql, [field.get_db_prep_save(field.pre_save(call, add=True), connection) for field in fields])
        row = cursor.fetchone()
    if row:
        call.pk, call._state.adding, call._state.db = row[0], False, connection.alias  # noqa: SLF001  as Model.save does
    return row is not None


def _changed(call: Call, report: Report) -> Made:
    """Apply the report to the locked row of a known call."""
    before, transition = call.agent_id, report.applied(call)
    if not transition.changed:
        return Made(call, DUPLICATE)
    was_over, columns = call.state == CallState.ENDED, _fill(call, transition, report)
    call.save(update_fields=columns)
    if not set(columns) - NOT_SHOWN:  # sent again at the same moment, and overtaken
        return Made(call, DUPLICATE)
    _follow(call, before, transition)
    op = "ended" if call.state == CallState.ENDED else "changed"
    return Made(call, RESULTS[report.message.event], "" if was_over else op)


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
