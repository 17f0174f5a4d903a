"""What an exchange reports: stored as it came, and made into the state of a call, in one transaction (telephony scope)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from telephony_bridge import facts, lifecycle, times
from telephony_bridge.called import Called, who_was_called
from telephony_bridge.dialects.body import storable
from telephony_bridge.identify import Evidence, Identified
from telephony_bridge.legs import Legs, carried, follow, heard, read_legs, went_to
from telephony_bridge.lifecycle import CallFacts, CallState, Outcome, Transition
from telephony_bridge.messages import CtiMessage, Direction, Event
from telephony_bridge.models import Call, CtiEvent, Source
from telephony_bridge.named import Agent, agents_named
from telephony_bridge.numbers import to_e164
from telephony_bridge.passing import LEG, PASSED, Part, known_part, part_of, was_over
from telephony_bridge.presence import follow_all
from tenants import events
from tenants.audit import SYSTEM, Actor

DUPLICATE = "duplicate"
NOT_SHOWN = {"ringing_at", "told"}
RESULTS = {Event.NEW_CALL: "completed", Event.ANSWER: "answered", Event.HANGUP: "hung_up"}


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
    part: Part | None = None  # of which call it tells a leg

    def applied(self, call: Call | None) -> tuple[Transition, Legs]:
        """What becomes of the call (None: not known yet) and of its legs."""
        known, legs = (facts.facts_of(call), read_legs(call.told)) if call else (None, {})
        if known is None or not (self.part or legs):
            return self._applied(known), legs
        if self.part:
            after, heard_of = known, heard(legs, self.message, self.agent, is_direct=self.part.is_direct)
        else:
            after, heard_of = self._applied(known).facts, legs
        after, heard_of = follow(after, heard_of, at=self.at)
        changed = (after, heard_of) != (known, legs)
        return Transition(after, lifecycle.effects(known, after), changed=changed), heard_of

    def _applied(self, known: CallFacts | None) -> Transition:
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
        event, made = stored(source, message, raw, at=at)
        if made.call and made.news:  # last: whoever tells holds the centre's counter until the commit
            events.tell_centre(source.centre_id, "call", made.call.public_id, made.news)
    return event


def stored(
    source: Source, message: CtiMessage, raw: Mapping[str, object], *, at: datetime | None = None
) -> tuple[CtiEvent, Made]:
    """The same as part of a transaction: nobody is told of the call yet."""
    now = timezone.now()
    if message.event is Event.NEW_CALL:
        _is_there(source, now)
    event = CtiEvent(source=source, external_id=message.call_id, event=message.event, body=storable(raw))
    made = _made_of(source, message, at or now)
    event.call, event.result, event.took_ms = made.call, made.result, _since(at)
    event.save(force_insert=True)
    return event, made


def _since(at: datetime | None) -> int | None:
    """Milliseconds; None where nobody said since when."""
    return None if at is None else min(max(0, round((timezone.now() - at).total_seconds() * 1000)), 2**31 - 1)


def _is_there(source: Source, now: datetime) -> None:
    """Remember that the exchange speaks; not a write per message, and before all other locks, so that none waits for another's."""
    before = now - times.HEARTBEAT_STEP
    if source.last_event_at is None or source.last_event_at < before:
        silent = Q(last_event_at=None) | Q(last_event_at__lt=before)
        Source.objects.filter(silent, pk=source.pk).update(last_event_at=now)
        transaction.on_commit(partial(setattr, source, "last_event_at", now))


def _made_of(source: Source, message: CtiMessage, now: datetime) -> Made:
    own, first = source.dialect == Source.DIALECTS.asterisk, message.event is Event.NEW_CALL
    part = None if own else part_of(source, message)  # legs of our own exchange are never reported as calls
    call = None if first or part else _locked(source, message.call_id)
    if part or (call is None and not first and (part := known_part(source, message))):
        return _made_of_part(source, message, now, part)
    if call and carried(read_legs(call.told)):  # who passed it on is done with it; the caller is not
        return Made(call, PASSED)
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


def _made_of_part(source: Source, message: CtiMessage, now: datetime, part: Part) -> Made:
    """A leg is gathered with its call. What is told of a call that nobody has heard of makes it, since its caller is there."""
    reports = [message, *_withdrawn(source, message, now)]
    if part.result != LEG or (part.call is None and (not part.of or message.event is Event.HANGUP)):
        return Made(None, part.result)
    call, news = part.call, ""
    if call is None:
        begun = replace(message, event=Event.ANSWER, call_id=part.of, part_of="", users=(), answering_number="")
        call, created = _found_or_created(source, Report(begun, now, None, who_was_called(source, begun)))
        news = "new" if created else ""
    if message.call_id not in read_legs(call.told) and was_over(source, message):
        reports.append(replace(message, event=Event.HANGUP))
    for one in reports:
        agent = _agent(source.centre_id, one) if one.event is Event.ANSWER else None
        made = _changed(call, Report(one, now, agent, None, part))
        news = news or made.news
    return Made(call, LEG, news)


def _withdrawn(source: Source, message: CtiMessage, now: datetime) -> list[CtiMessage]:
    """What was told of a leg, or of a call that staff make, before it was known to be one: its call ends, as none of a citizen's."""
    call = _locked(source, message.call_id) if message.event is Event.NEW_CALL else None
    known = facts.facts_of(call) if call else None
    if call is None or known is None or known.direction is Direction.OUT:
        return []
    told = {Event.ANSWER: known.answered_by, Event.HANGUP: ()}
    over = replace(known, direction=Direction.OUT, agent_id=None, municipality_id=None, outcome=Outcome.NONE)
    over = replace(over, hung_up_at=known.hung_up_at or now)
    transition = Transition(after := lifecycle.settled(over, now), lifecycle.effects(known, after))
    columns = facts.write(call, after)
    call.agent_name, call.wrap_up_until = "", None
    call.save(update_fields=[*columns, "agent_name", "wrap_up_until"])
    follow_presences(call, known.agent_id, transition)
    events.tell_centre(source.centre_id, "call", call.public_id, "ended")
    return [replace(message, event=one, users=users) for one, users in told.items() if one in known.heard]


def _found_or_created(source: Source, report: Report) -> tuple[Call, bool]:
    """The locked row. Of several messages of a new call that come at once, one makes it and the others wait for that."""
    (transition, _legs), message = report.applied(None), report.message
    controlled = source.dialect == Source.DIALECTS.asterisk
    new = Call(source=source, centre_id=source.centre_id, external_id=message.call_id, is_controlled=controlled)
    _fill(new, transition, report)
    if _inserted(new):
        follow_presences(new, None, transition)
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
    before, (transition, legs) = call.agent_id, report.applied(call)
    if not transition.changed:
        return Made(call, DUPLICATE)
    was_over, columns = call.state == CallState.ENDED, _fill(call, transition, report, legs)
    call.save(update_fields=columns)
    if not set(columns) - NOT_SHOWN:  # sent again at the same moment, and overtaken
        return Made(call, DUPLICATE)
    follow_presences(call, before, transition)
    op = "ended" if call.state == CallState.ENDED else "new" if was_over else "changed"
    return Made(call, RESULTS[report.message.event], "" if was_over and op == "ended" else op)


def _fill(call: Call, transition: Transition, report: Report, legs: Legs | None = None) -> list[str]:
    """Put the transition into the row, with what is derived from it; the names of the columns that differ now."""
    before = {name: getattr(call, name) for name in ("state", "agent_id", "outcome")}
    columns = facts.write(call, transition.facts, legs)
    derived: dict[str, object] = {"from_number": to_e164(call.from_raw) or ""}
    if call.agent_id != before["agent_id"]:
        names = {leg.agent_id: leg.agent_name for leg in (legs or {}).values()}
        derived["agent_name"] = report.agent.name if report.agent else names.get(call.agent_id, "")
    if call.outcome == Outcome.TRANSFERRED and call.outcome != before["outcome"]:
        derived["transferred_to"] = call.transferred_to or went_to(legs or {})
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


def follow_presences(call: Call, before: int | None, transition: Transition) -> None:
    """The presences of who has the call, and of who had it."""
    follow_all(whose(call, before, transition))


def whose(call: Call, before: int | None, transition: Transition) -> dict[int, tuple[str, int | None]]:
    """Whose presences follow from it, as presence.follow_all wants to know."""
    people = {key for key in (before, call.agent_id) if key and transition.effects}
    return {key: (call.agent_name, call.centre_id) if key == call.agent_id else ("", None) for key in people}


def _agent(centre_id: int, message: CtiMessage) -> Agent | None:
    """The first of those named who is an agent of this centre."""
    named = agents_named(centre_id, said := (*message.users, message.answering_number))
    return next((named[text] for text in said if text in named), None)
