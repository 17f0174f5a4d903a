"""The exchange's record against what the desk has seen (telephony scope). Differences are kept at the record, until somebody has settled them."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, Max, Min, OuterRef, Q
from django.utils import timezone

from telephony_bridge.models import Call, Source
from telephony_bridge.record.differences import Kind, Side, differences
from telephony_bridge.record_models import CallRecord, RecordPosition

GRACE = timedelta(seconds=60)  # for what the desk has seen to come out of the bridge's spool
AGAIN = timedelta(minutes=5)  # until a call that differs is looked at again: the spool may have waited for the database
LOOKED_AT = timedelta(days=1)  # how long that is done
LATE = timedelta(minutes=5)  # that the log has gone on without a call which the desk has seen
MOST = 500  # calls in one round


def compare(source: Source, *, now: datetime | None = None) -> int:
    """Compare calls that are over and not compared yet; how many of them differ. Settled ones are left as they are."""
    now = now or timezone.now()
    with transaction.atomic():
        over = CallRecord.objects.filter(source=source, end__in=["hangup", "lost"], settled_at=None)
        again = Q(compared_at__lt=now - AGAIN, ended_at__gt=now - LOOKED_AT) & ~Q(differences=[])
        due = over.filter(Q(compared_at=None, ended_at__lt=now - GRACE) | again)
        records = list(due.select_for_update(skip_locked=True, of=("self",)).order_by("pk")[:MOST])
        calls = _calls(source, records)
        for record in records:
            call = calls.get(record.linked)
            record.call, record.compared_at = call, now
            record.differences = differences(_desk(call) if call else None, _side(record))
        CallRecord.objects.bulk_update(records, ["call", "differences", "compared_at"])
        unseen = _unseen(source, now)
    return sum(bool(record.differences) for record in records) + unseen


def _calls(source: Source, records: Iterable[CallRecord]) -> dict[str, Call]:
    found = Call.objects.filter(source=source, external_id__in=[record.linked for record in records])
    return {call.external_id: call for call in found}


def _desk(call: Call) -> Side:
    return Side(call.ringing_at, call.hung_up_at, call.answered_at is not None, call.agent_id, call.agent_name)


def _side(record: CallRecord) -> Side:
    answered = record.answered_at is not None
    return Side(record.began_at, record.ended_at, answered, record.agent_id, record.agent_name or record.telephone)


def _unseen(source: Source, now: datetime) -> int:
    """Calls of the desk that the log does not have, though it begins before and goes on after them."""
    read = RecordPosition.objects.filter(source=source).aggregate(to=Max("last_at"))["to"]
    begin = CallRecord.objects.filter(source=source).exclude(end="unseen").aggregate(at=Min("began_at"))["at"]
    if not read or not begin:
        return 0
    recorded = CallRecord.objects.filter(source=source, linked=OuterRef("external_id"))
    between = Call.objects.filter(source=source, ringing_at__range=(max(begin, now - LOOKED_AT), read - LATE))
    calls = between.filter(~Exists(recorded), state__in=["wrap-up", "ended"]).order_by("pk")[:MOST]
    rows = [
        CallRecord(
            source=source, centre_id=call.centre_id, linked=call.external_id, call=call, dialled=call.to_number, began_at=call.ringing_at,
            ended_at=call.hung_up_at, last_at=call.hung_up_at or call.ringing_at, end="unseen", compared_at=now,
            differences=[{"kind": str(Kind.UNSEEN)}],
        )
        for call in calls
    ]  # fmt: skip
    CallRecord.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)
