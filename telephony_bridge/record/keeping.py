"""The log into the database (telephony scope).

Each reading is one transaction: its events, the records of the calls they belong to, and the position behind them. Whatever dies when, nothing
is stored twice or left out. Records are made of all events of a call, never of what is new, so the order and size of readings do not matter.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models.functions import Greatest

from telephony_bridge.models import Call, Source
from telephony_bridge.record.files import LIMIT, Position, read
from telephony_bridge.record.lines import Line, parsed
from telephony_bridge.record.runs import outlived
from telephony_bridge.record.timeline import End, Interval, Leg, Recorded, recorded
from telephony_bridge.record_models import CallInterval, CallRecord, CelEvent, RecordPosition
from telephony_bridge.staff import agents_at_telephones

log = structlog.get_logger(__name__)
READINGS = 8  # of LIMIT bytes in one call of follow(), so that other chores have their turn
LONGEST = timedelta(hours=12)  # that an open call is silent; then it is lost, though nothing says so
CHANGED = ("call", "dialled", "began_at", "answered_at", "ended_at", "last_at", "end", "agent_id", "agent_name", "telephone", "legs", "compared_at")  # fmt: skip
ENDS = ("HANGUP", "CHAN_END")  # of the caller's channel
LINE = tuple(field.name for field in fields(Line))  # of CelEvent, too


@dataclass(frozen=True, slots=True)
class Person:
    """Who sat at a telephone when the call was; nobody known: None."""

    id: int | None = None
    name: str = ""


def follow(source: Source, file: Path, *, started: datetime | None = None, limit: int = LIMIT) -> int:
    """Store what is new in the log of a source's Asterisk and make the records of its calls; how many lines that were, 0: nothing new.

    `started`: when the running Asterisk began, where that is known: calls from before have ended. Raises what the database raises; then, as
    after a crash, the next call goes on where the last stored reading ended.
    """
    count = 0
    for _reading in range(READINGS):
        with transaction.atomic():
            lines = _next(source, file, started, limit)
        if lines == 0:
            break
        count += lines
    return count


def _next(source: Source, file: Path, started: datetime | None, limit: int) -> int:
    row = _locked(source, file)
    position = Position(row.head, row.head_length, row.offset, row.last_at)
    reading = read(file, position, limit)
    lines = {text: line for text in reading.texts if (line := parsed(text))}
    if reading.gap or len(lines) < len(set(reading.texts)):
        log.warning("record.torn", file=row.path, gap=reading.gap, unread=len(set(reading.texts)) - len(lines))
    CelEvent.objects.bulk_create(_events(source, lines), batch_size=2000, ignore_conflicts=True)
    touched = {line.linked for line in lines.values()}
    lost = _lost(source, lines.values(), started, reading.position.last_at)
    if touched | lost:
        _record(source, _finished(source, touched, lines.values()) | lost, lost)
    if reading.position != position:
        _move(row, reading.position, gap=reading.gap)
    return len(reading.texts)


def _locked(source: Source, file: Path) -> RecordPosition:
    """How far this log is read. All logs of a source are locked, so that nobody else makes records of the same calls."""
    path = str(file.absolute())[-500:]
    RecordPosition.objects.bulk_create([RecordPosition(source=source, path=path)], ignore_conflicts=True)
    rows = {row.path: row for row in RecordPosition.objects.select_for_update().filter(source=source).order_by("pk")}
    return rows[path]


def _move(row: RecordPosition, position: Position, *, gap: bool) -> None:
    row.head, row.head_length = position.head, position.head_length
    row.offset, row.last_at, row.gaps = position.offset, position.last_at, row.gaps + gap
    row.save(update_fields=["head", "head_length", "offset", "last_at", "gaps"])


def _events(source: Source, lines: Mapping[str, Line]) -> Iterable[CelEvent]:
    """By their text: what is read again, by hand perhaps, is no second event."""
    for text, line in lines.items():
        digest = UUID(bytes=hashlib.sha256(text.encode()).digest()[:16])
        yield CelEvent(source=source, digest=digest, **{name: getattr(line, name) for name in LINE})


def _lost(source: Source, lines: Collection[Line], started: datetime | None, now: datetime | None) -> set[str]:
    """Calls that cannot have an end any more: Asterisk was started anew, or they are silent for longer than any call is."""
    touched = {line.linked for line in lines}
    opened = dict(CallRecord.objects.filter(source=source, end=End.OPEN).values_list("linked", "last_at"))
    lost = outlived(opened.keys() | touched, (line.channel for line in lines if line.event == "CHAN_START"))
    for before in filter(None, (started, now and now - LONGEST)):
        lost |= {linked for linked, last_at in opened.items() if last_at < before and linked not in touched}
    return lost


def _finished(source: Source, touched: Collection[str], lines: Collection[Line]) -> set[str]:
    """Of these calls, those whose records are to be made: they are over or new. For the others it is enough to know that they go on."""
    over = {line.linked for line in lines if line.event in ENDS and line.channel == line.linked}
    over |= {line.linked for line in lines if line.event == "LINKEDID_END"}
    going_on = CallRecord.objects.filter(source=source, linked__in={*touched} - over, end=End.OPEN)
    known = set(going_on.values_list("linked", flat=True))
    if known:
        going_on.update(last_at=Greatest("last_at", max(line.at for line in lines)))
    return {*touched} - known


def _record(source: Source, linked: Collection[str], lost: Collection[str]) -> None:
    """Make the records of these calls anew, from all that is known of them."""
    events = CelEvent.objects.filter(source=source, linked__in=linked).order_by("linked", "pk")
    found = (Line(*row) for row in events.values_list(*LINE).iterator(2000))
    lines = {key: list(those) for key, those in groupby(found, lambda line: line.linked)}
    known = {row.linked: row for row in CallRecord.objects.filter(source=source, linked__in=linked)}
    made: list[Recorded] = []
    for key, those in lines.items():
        stays_lost = key in known and known[key].end == End.LOST and known[key].last_at >= max(one.at for one in those)
        if record := recorded(those, lost=key in lost or stays_lost):
            made.append(record)
    _forget_others(source, lines, {record.linked for record in made})
    _write(source, made, known)


def _forget_others(source: Source, lines: Mapping[str, Sequence[Line]], kept: Collection[str]) -> None:
    """What staff dial is none of the record's business, and not kept when it is over."""
    over = [
        key for key, those in lines.items() if key not in kept and any(one.event == "LINKEDID_END" for one in those)
    ]
    if over:
        CelEvent.objects.filter(source=source, linked__in=over).delete()


def _write(source: Source, made: Sequence[Recorded], known: Mapping[str, CallRecord]) -> None:
    linked = [record.linked for record in made]
    calls = dict(Call.objects.filter(source=source, external_id__in=linked).values_list("external_id", "pk"))
    here = {name: Person(agent.person_id, agent.name) for name, agent in agents_at_telephones(source.centre_id).items()}
    sat = _sat(known)
    people = {key: here | sat.get(key, {}) for key in linked}
    rows = [_row(source, record, calls.get(record.linked), people[record.linked]) for record in made]
    CallRecord.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["source", "linked"], update_fields=CHANGED
    )
    CallInterval.objects.filter(record__in=[row.pk for row in known.values()]).delete()
    CallInterval.objects.bulk_create(
        _interval(row, interval, people[row.linked])
        for row, record in zip(rows, made, strict=True)
        for interval in (record.intervals if record.ended else ())
    )


def _sat(known: Mapping[str, CallRecord]) -> dict[str, dict[str, Person]]:
    """Who had which telephone in a call, as it was found before: it may be somebody else's by now."""
    found: dict[str, dict[str, Person]] = {}
    rows = CallInterval.objects.filter(record__in=[row.pk for row in known.values()], agent_id__isnull=False)
    for row in rows.select_related("record"):
        found.setdefault(row.record.linked, {})[row.telephone.lower()] = Person(row.agent_id, row.agent_name)
    return found


def _row(source: Source, record: Recorded, call: int | None, people: Mapping[str, Person]) -> CallRecord:
    agent = people.get(record.agent.lower(), Person())
    return CallRecord(
        source=source,
        centre_id=source.centre_id,
        linked=record.linked,
        call_id=call,
        dialled=record.dialled,
        began_at=record.began,
        answered_at=record.answered,
        ended_at=record.ended,
        last_at=record.last,
        end=str(record.end),
        agent_id=agent.id,
        agent_name=agent.name,
        telephone=record.agent,
        legs=[_leg(record, leg) for leg in record.legs],
    )


def _leg(record: Recorded, leg: Leg) -> dict[str, object]:
    """Times are seconds since the call began."""
    times = {"began": leg.began, "answered": leg.answered, "ended": leg.ended}
    seconds = {name: (at - record.began).total_seconds() if at else None for name, at in times.items()}
    return {"who": str(leg.who), "telephone": leg.endpoint, "cause": leg.cause, **seconds}


def _interval(row: CallRecord, interval: Interval, people: Mapping[str, Person]) -> CallInterval:
    agent = people.get(interval.agent.lower(), Person())
    return CallInterval(
        record=row,
        kind=str(interval.kind),
        began_at=interval.began,
        ended_at=interval.ended,
        telephone=interval.agent,
        agent_id=agent.id,
        agent_name=agent.name,
    )
