"""What is done about the exchange's own record of calls: differences are settled (desk scope), old events forgotten (telephony scope)."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from telephony_bridge.models import Call
from telephony_bridge.record_models import CallRecord, CelEvent
from tenants import audit, events
from tenants.audit import SYSTEM, Actor

EVENTS_KEPT = timedelta(days=7)  # to look into a difference; the record itself stays as long as the call
BATCH = 5000


def settle_record(record: CallRecord, *, acting_user: Actor) -> None:
    """The record is right: the call gets its times, and the difference is settled. Settled already, or without a difference: nothing happens.

    A call that the exchange does not know keeps its times, and one that the desk does not have is not made: reports count records.
    """
    now = timezone.now()
    with transaction.atomic():
        fresh = CallRecord.objects.select_for_update(of=("self",)).get(pk=record.pk)
        if fresh.settled_at is None and fresh.differences:
            fresh.settled_at, fresh.settled_by_name = now, str(acting_user.name)[:120]
            fresh.save(update_fields=["settled_at", "settled_by_name"])
            _correct(fresh, acting_user)
    record.refresh_from_db()


def _correct(record: CallRecord, acting_user: Actor) -> None:
    call = Call.objects.select_for_update(of=("self",)).filter(pk=record.call_id).first() if record.call_id else None
    before: dict[str, object] = {"settled_at": None}
    after: dict[str, object] = {"settled_at": record.settled_at}
    if call and record.end in ("hangup", "lost"):
        times = {"ringing_at": record.began_at, "answered_at": record.answered_at, "hung_up_at": record.ended_at}
        before |= {name: getattr(call, name) for name in times}
        after |= times
        for name, at in times.items():
            setattr(call, name, at)
        call.save(update_fields=list(times))
        events.tell_centre(call.centre_id, "call", call.public_id, "ended" if call.state == "ended" else "changed")
    audit.record(
        "settle_record",
        call or ("callrecord", record.pk, record.linked),
        acting_user=acting_user,
        municipality=call.municipality_id if call else None,
        centre=record.centre_id,
        before=before,
        after=after,
    )


def forget_events(*, acting_user: Actor = SYSTEM, now: datetime | None = None) -> int:
    """Delete channels' events of more than seven days ago, in batches; returns how many. Records and their intervals stay."""
    before, forgotten = (now or timezone.now()) - EVENTS_KEPT, 0
    while True:
        with transaction.atomic():
            old = list(CelEvent.objects.filter(at__lt=before).order_by("at").values_list("pk", flat=True)[:BATCH])
            if not old:
                return forgotten
            CelEvent.objects.filter(pk__in=old).delete()
            forgotten += len(old)
            audit.record("forget_events", ("celevent", "", ""), acting_user=acting_user, after={"messages": len(old)})
