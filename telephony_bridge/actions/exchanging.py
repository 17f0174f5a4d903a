"""What the routing has seen at our own exchange, out of the bridge's spool into the calls of the desk (telephony scope).

Each batch is one transaction with the spool's position: a record counts once, whatever dies when.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

import structlog
from django.db import DatabaseError, InterfaceError, OperationalError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from telephony_bridge import facts, times
from telephony_bridge.actions.handing import follow_handover
from telephony_bridge.actions.receiving import stored, whose
from telephony_bridge.actions.taking_over import let_write_up, not_taken_over
from telephony_bridge.following import Seen, follow
from telephony_bridge.lifecycle import CallState, EndReason, Outcome, Transition
from telephony_bridge.messages import CtiMessage, Event
from telephony_bridge.models import Call, Presence, Source, SpoolPosition
from telephony_bridge.presence import become, follow_all
from telephony_bridge.routing.calls import State, Why
from telephony_bridge.routing.spool import Record
from telephony_bridge.staff import Agent, agents_at_telephones
from tenants import audit, events
from tenants.audit import SYSTEM, Actor

log = structlog.get_logger(__name__)
Json = Mapping[str, Any]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
AWAY = (OperationalError, InterfaceError)  # of the database
NOT_STORED = (DatabaseError, KeyError, ValueError, TypeError)


class Batch(NamedTuple):
    """What the records of one transaction share."""

    source: Source
    agents: Mapping[str, Agent]  # by telephone
    calls: dict[str, Call]  # locked rows as they will be, by the exchange's id; others are fetched
    dirty: dict[str, set[str]]  # the same id -> columns that are not written yet
    people: dict[int, tuple[str, int | None]]  # whose presences have to follow (presence.follow_all)
    taken_over: list[tuple[Call, int | None, datetime]]  # who had them until then, and when that was
    news: dict[str, str]  # public id of a call -> what to tell of it


def asterisk_source(centre_id: int) -> Source:
    """The centre's own exchange, as a source of calls; made at the first time. Its token opens nothing."""
    names = {"name": "Asterisk", "token_hash": secrets.token_hex(32)}
    dialect = Source.DIALECTS.asterisk
    found, _made = Source.objects.get_or_create(centre_id=centre_id, municipality=None, dialect=dialect, defaults=names)
    return found


def position_of(source: Source, spool: str) -> int:
    """The number of the last record of that spool that is stored; 0: none yet."""
    found = SpoolPosition.objects.filter(source=source, spool=spool).values_list("number", flat=True).first()
    return found or 0


def store_records(
    source: Source,
    spool: str,
    records: Sequence[Record],
    *,
    agents: Mapping[str, Agent] | None = None,
    acting_user: Actor = SYSTEM,
) -> int:
    """Do what follows from records of a spool, in their order; the number up to which all is stored then. `agents`: who sits where, if that is known.

    One that cannot be stored is logged, and does not hold up the others. Raises OperationalError where the database is away.
    """
    if agents is None:
        agents = agents_at_telephones(source.centre_id)
    try:
        return _stored(source, spool, records, agents, partial(_store, acting_user=acting_user))
    except AWAY:
        raise
    except (
        NOT_STORED
    ):  # one of them cannot be: so each with a savepoint of its own, which would cost all others two round trips
        return _stored(source, spool, records, agents, partial(_store_or_log, acting_user=acting_user))


def _stored(
    source: Source,
    spool: str,
    records: Sequence[Record],
    agents: Mapping[str, Agent],
    store: Callable[[Batch, Record], None],
) -> int:
    with transaction.atomic():
        position = _position(source, spool)
        new = [record for record in records if record.number > position.number]
        batch = Batch(source, agents, _locked(source, agents, new), {}, {}, [], {})
        for record in new:
            store(batch, record)
            position.number = record.number
        _write_down(batch)
        position.save(update_fields=["number"])
        # Last: whoever tells holds the centre's counter until the commit.
        events.tell_centre_all(source.centre_id, [("call", call, op) for call, op in batch.news.items()])
    return position.number


def _position(source: Source, spool: str) -> SpoolPosition:
    """Locked."""
    known = SpoolPosition.objects.select_for_update().filter(source=source, spool=spool)
    if found := known.first():
        return found
    SpoolPosition.objects.bulk_create([SpoolPosition(source=source, spool=spool)], ignore_conflicts=True)
    return known.get()


def _locked(source: Source, agents: Mapping[str, Agent], records: Sequence[Record]) -> dict[str, Call]:
    """The rows that will change, calls and then presences, as agents lock them who wrap up: before the first thing that is told, since then the
    centre's counter is held, for which they wait with their call. Presences are locked when they are written, which is last, or else now."""
    calls = Call.objects.select_for_update().filter(source=source, external_id__in={record.call for record in records})
    found = {call.external_id: call for call in calls.order_by("pk")}
    if any(map(_reads, records)):
        names = {str(record.details.get(key) or "").lower() for record in records for key in ("agent", "last_agent")}
        people = {agent.person_id for name, agent in agents.items() if name in names}
        list(Presence.objects.select_for_update().filter(person_id__in=people).order_by("pk").values_list("pk"))
    return found


def _reads(record: Record) -> bool:
    """Whether it asks the database what the records before it have made of calls and presences."""
    return record.what in ("resynchronised", "callback") or record.details.get("why") == Why.NOT_ANSWERED


def _write_down(batch: Batch) -> None:
    """What several records made of a call is written once: nobody sees what was in between."""
    for key, columns in batch.dirty.items():
        batch.calls[key].save(update_fields=sorted(columns))
    batch.dirty.clear()
    follow_all(batch.people)
    batch.people.clear()
    for call, before, at in batch.taken_over:  # whose presence is locked by now
        let_write_up(call, before, at)
    batch.taken_over.clear()


def _store_or_log(batch: Batch, record: Record, acting_user: Actor) -> None:
    try:
        with transaction.atomic():
            _store(batch, record, acting_user)
            _write_down(batch)
    except AWAY:
        raise
    except NOT_STORED:
        for kept in (batch.calls, batch.dirty, batch.people, batch.taken_over):
            kept.clear()
        log.exception("spool.not_stored", number=record.number, what=record.what, call=record.call)


def _store(batch: Batch, record: Record, acting_user: Actor) -> None:
    if _reads(record):
        _write_down(batch)
    match record.what:
        case "inbound":
            _inbound(batch, record)
        case "seen":
            _seen(batch, record)
        case "resynchronised":
            _lost(batch, record)
            _write_down(batch)
            batch.calls.clear()
        case "callback":
            batch.calls.pop(record.call, None)
            _callback(batch, record)
        case "released" if record.details.get("why") == Why.NOT_ANSWERED:
            _not_there(batch, record, acting_user)
        case "released" if record.details.get("why") in (Why.NOT_TAKEN, Why.TALK_OVER):
            if call := not_taken_over(batch.source, record.call, str(record.details["why"])):
                batch.news.setdefault(call, "changed")


def _inbound(batch: Batch, record: Record) -> Call | None:
    told = record.details
    message = CtiMessage(
        Event.NEW_CALL,
        record.call,
        from_=str(told.get("from", "")),
        to=str(told.get("dialled", "")),
        request_uri=str(told.get("dialled", "")),
        diversion=tuple(filter(None, [str(told.get("diversion", "")).strip(",")])),
        history_info=tuple(filter(None, [str(told.get("history", "")).strip(",")])),
    )
    if record.call in batch.calls:
        _write_down(batch)
    _event, made = stored(batch.source, message, dict(told), at=record.at)
    if made.call:
        batch.calls[record.call] = made.call
        if made.news:
            batch.news[made.call.public_id] = made.news
    return made.call


def _seen(batch: Batch, record: Record) -> None:
    call = batch.calls.get(record.call)
    if call is None:
        call = Call.objects.select_for_update().filter(source=batch.source, external_id=record.call).first()
        call = call or _inbound(batch, record)  # its first record is in another spool, or lost
    moment = _moment(record)
    if call is None or (call.seen_at and call.seen_at > moment):
        return
    call.seen_at = moment
    told = record.details
    agent = batch.agents.get(str(told.get("agent") or "").lower())
    state = State(told["state"])
    hung_up = state is State.FALLBACK and told.get("event") == "LegGone"
    seen = Seen(state, agent.person_id if agent else None, bool(told.get("agent")), bool(told["waiting"]), hung_up)
    if seen.phase == "blind":  # the agent of before, to whom the caller comes back
        agent = batch.agents.get(str(told.get("last_agent") or "").lower())
        seen = Seen(state, agent.person_id if agent else None, waiting=seen.waiting)
    _becomes(batch, call, seen, agent, told, record.at)


def _moment(record: Record) -> datetime:
    """Its place in the order of all that happened: numbers of spools are microseconds of the clock, but do not go back when that does."""
    return EPOCH + timedelta(microseconds=record.number)


def _lost(batch: Batch, record: Record) -> None:
    """Who is not at the exchange any more has hung up while nobody of us was there; when, only the record of the exchange itself says."""
    living = record.details.get("living")
    if living is not None:
        before = Q(seen_at__lte=_moment(record)) | Q(seen_at=None, ringing_at__lte=record.at)
        calls = Call.objects.select_for_update().filter(before, source=batch.source, hung_up_at=None)
        for call in calls.exclude(state=CallState.ENDED).exclude(external_id__in=living).order_by("pk"):
            call.seen_at = _moment(record)
            _becomes(batch, call, Seen(State.ENDED), None, {}, record.at)


def _becomes(batch: Batch, call: Call, seen: Seen, agent: Agent | None, told: Json, at: datetime) -> None:
    """The row, the presences of its agents, and what is told of it, by what is seen. No time of a call lies before one that was earlier."""
    at = max(at, call.ringing_at, call.answered_at or at, call.hung_up_at or at)
    before, was, phase = call.agent_id, str(call.state), call.phase
    was_over = was == CallState.ENDED
    transition = follow(facts.facts_of(call), seen, at=at)
    columns = _fill(call, transition, seen, agent, told, at)
    batch.calls[call.external_id] = call
    batch.dirty.setdefault(call.external_id, {"seen_at"}).update(columns)
    if columns:
        batch.people.update(whose(call, before, transition))
        follow_handover(call, phase, seen)
        if told.get("event") == "LegAnswered" and was == call.state == CallState.TALKING:
            batch.taken_over.append((call, before, at))
        news = "ended" if call.state == CallState.ENDED else batch.news.get(call.public_id, "changed")
        if not (was_over and news == "ended"):
            batch.news[call.public_id] = news


def _fill(
    call: Call, transition: Transition, seen: Seen, agent: Agent | None, told: Json, at: datetime
) -> dict[str, object]:
    """Put what is seen into the row; the columns that differ now, with what they were."""
    offered = agent.person_id if agent and seen.state is State.OFFERED else None
    values: dict[str, object] = {"phase": seen.phase, "offered_to_id": offered, "target": str(told.get("target") or "")}
    values |= _unreached(call, seen, str(told.get("event", "")))
    if seen.phase != call.phase:
        values["phase_since"] = at
    was_closed = call.phase == "closed"
    before = {"state": call.state, "agent_id": call.agent_id}
    changed: dict[str, object] = dict.fromkeys(facts.write(call, transition.facts))
    if call.agent_id != before["agent_id"]:
        values["agent_name"] = agent.name if agent and call.agent_id else ""
    if call.state != before["state"]:
        values["wrap_up_until"] = at + times.WRAP_UP if call.state == CallState.WRAP_UP else None
    if call.state == CallState.ENDED and was_closed:  # nobody has given up: there was something to hear, or to ask for
        wanted = call.callback_wanted_at is not None
        values |= {"end_reason": EndReason.CLOSED if wanted else EndReason.ANNOUNCED, "short_abandon": False}
        values["outcome"] = Outcome.CALLBACK if wanted else Outcome.NONE
    for name, value in values.items():
        if getattr(call, name) != value:
            changed[name] = getattr(call, name)
            setattr(call, name, value)
    return changed


def _unreached(call: Call, seen: Seen, event: str) -> dict[str, object]:
    """Whom the caller, or the agent who asked, did not reach; a new try, and the end of the call, take that away."""
    whom = call.transferred_to or call.target
    back = call.phase == "blind" and seen.state in (State.QUEUED, State.OFFERED)
    refused = call.phase == "dialling" and seen.state is State.TALKING and event == "LegGone"
    if back or refused:
        return {"returned_from": whom, "transferred_to": ""}
    if call.phase in ("dialling", "consulting", "swapped") and seen.state is State.TALKING:
        return {"transferred_to": ""}
    if seen.phase in ("dialling", "blind") and not call.phase:
        return {"returned_from": ""}
    return {}


def _callback(batch: Batch, record: Record) -> None:
    """Who pressed 1: whoever has time calls back."""
    known = Call.objects.select_for_update().filter(source=batch.source, external_id=record.call)
    if call := known.filter(callback_wanted_at=None).first():
        call.callback_wanted_at = record.at
        call.save(update_fields=["callback_wanted_at"])
        batch.news.setdefault(call.public_id, "changed")


def _not_there(batch: Batch, record: Record, acting_user: Actor) -> None:
    """Whose telephone rang in vain takes no calls until they say so: the next caller shall not wait for them, too."""
    agent = batch.agents.get(str(record.details.get("agent")).lower())
    here = Presence.objects.select_for_update().filter(centre_id=batch.source.centre_id, state="ready")
    presence = here.filter(person_id=agent.person_id).first() if agent else None
    if presence:
        before = audit.state(presence, "state", "after_call", "reason")
        presence.after_call, presence.reason = "break", _("Anruf nicht angenommen")
        presence.save(update_fields=["after_call", "reason"])
        become(presence, "break", record.at)
        audit.record(
            "miss_call", presence, acting_user=acting_user, centre=presence.centre_id, before=before,
            after=audit.state(presence, "state", "after_call", "reason"),
        )  # fmt: skip
