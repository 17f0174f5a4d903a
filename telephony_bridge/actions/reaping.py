"""What the platform ends by itself (telephony or worker scope): calls whose end nobody reported, wrap-ups whose time is over."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from telephony_bridge import times
from telephony_bridge.actions.presences import follow_calls
from telephony_bridge.models import Call
from tenants import events
from tenants.audit import SYSTEM, Actor

LIMITS = (  # state, since when, how long at most
    ("ringing", "ringing_at", timedelta(minutes=30)),
    ("talking", "answered_at", timedelta(hours=4)),
    ("wrap-up", "wrap_up_at", timedelta(minutes=30)),
)


def reap_calls(*, acting_user: Actor = SYSTEM) -> int:
    """End calls that are longer in a state than any call is; they say so by `end_reason`. Returns how many."""
    now = timezone.now()
    return sum(
        _end_each(Call.objects.filter(state=state, **{f"{since}__lt": now - limit}), now, "reaped")
        for state, since, limit in LIMITS
    )


def expire_wrap_ups(*, acting_user: Actor = SYSTEM) -> int:
    """Close wrap-ups whose time is over with what was saved, even if no outcome was. Returns how many."""
    now = timezone.now()
    return _end_each(Call.objects.filter(state="wrap-up", wrap_up_until__lt=now - times.WRAP_UP_GRACE), now, "closed")


def _end_each(calls: "QuerySet[Call]", now: datetime, reason: str) -> int:
    """A transaction for each, so that one never waits for another and a locked one is left to the next round."""
    done = 0
    for key in list(calls.order_by("pk").values_list("pk", flat=True)[:500]):
        with transaction.atomic():
            call = calls.select_for_update(skip_locked=True).filter(pk=key).first()
            if call is None:
                continue
            call.state, call.ended_at, call.end_reason, call.wrap_up_until = "ended", now, reason, None
            call.save(update_fields=["state", "ended_at", "end_reason", "wrap_up_until"])
            if call.agent_id:
                follow_calls(call.agent_id)
            events.tell_centre(call.centre_id, "call", call.public_id, "ended")
            done += 1
    return done
