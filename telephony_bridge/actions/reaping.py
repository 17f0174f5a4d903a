"""What the platform ends by itself (telephony or worker scope): calls whose end nobody reported, wrap-ups whose time is over."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.models import CENTRE_ROLES, Membership
from telephony_bridge import lifecycle, times
from telephony_bridge.facts import facts_of, write
from telephony_bridge.lifecycle import CallState
from telephony_bridge.models import Call
from telephony_bridge.presence import follow_calls
from tenants import audit, events
from tenants.audit import SYSTEM, Actor

SINCE = {CallState.RINGING: "ringing_at", CallState.TALKING: "answered_at", CallState.WRAP_UP: "wrap_up_at"}


def reap_calls(*, acting_user: Actor = SYSTEM) -> int:
    """End calls that are longer in a state than any call is; they say so by `end_reason`. Returns how many."""
    now = timezone.now()
    overdue = [
        Call.objects.filter(state=str(state), **{f"{since}__lt": now - lifecycle.REAPED_AFTER[state]})
        for state, since in SINCE.items()
    ]
    return sum(_each(calls, lambda call: _reap(call, now, acting_user)) for calls in overdue)


def expire_wrap_ups(*, acting_user: Actor = SYSTEM) -> int:
    """Close wrap-ups whose time is over, or whose agent works no longer for the centre, with what was saved, even if no outcome was.

    Returns how many.
    """
    now = timezone.now()
    works = Membership.objects.filter(
        person=OuterRef("agent_id"), person__is_active=True, centre=OuterRef("centre_id"), role__in=CENTRE_ROLES
    )
    over = Q(wrap_up_until__lt=now - times.WRAP_UP_GRACE) | (Q(agent_id__isnull=False) & ~Exists(works))
    return _each(Call.objects.filter(over, state="wrap-up"), lambda call: _expire(call, now, acting_user))


def _each(calls: "QuerySet[Call]", end: Callable[[Call], list[str]]) -> int:
    """A transaction for each, so that one never waits for another and a locked one is left to the next round."""
    done = 0
    for key in list(calls.order_by("pk").values_list("pk", flat=True)[:500]):
        with transaction.atomic():
            call = calls.select_for_update(skip_locked=True).filter(pk=key).first()
            if call is None or not (changed := end(call)):
                continue
            call.wrap_up_until = None
            call.save(update_fields=[*changed, "wrap_up_until"])
            if call.agent_id:
                follow_calls(call.agent_id)
            events.tell_centre(call.centre_id, "call", call.public_id, "ended")
            done += 1
    return done


def _reap(call: Call, now: datetime, acting_user: Actor) -> list[str]:
    was = {"state": str(call.state)}
    changed = write(call, lifecycle.reap(facts_of(call), at=now).facts)
    if changed:
        places: dict[str, Any] = {"municipality": call.municipality_id, "centre": call.centre_id}
        audit.record(
            "reap_calls", call, acting_user=acting_user, before=was, after={"state": str(call.state)}, **places
        )
    return changed


def _expire(call: Call, now: datetime, acting_user: Actor) -> list[str]:
    call.state, call.ended_at, call.end_reason = CallState.ENDED, now, lifecycle.EndReason.CLOSED
    places: dict[str, Any] = {"municipality": call.municipality_id, "centre": call.centre_id}
    states: dict[str, Any] = {"before": {"state": "wrap-up"}, "after": {"state": "ended"}}
    audit.record("expire_wrap_ups", call, acting_user=acting_user, **places, **states)
    return ["state", "ended_at", "end_reason"]
