"""What calls make of the presence of those who have them. The actions use it within their transactions."""

from datetime import datetime

from django.db import connection
from django.utils import timezone

from telephony_bridge.models import Call, Presence
from tenants import events

BELL = "exchange"  # the channel that ring_bridges() of sql/rights.sql rings


def follow_calls(person_id: int, name: str = "", centre_id: int | None = None) -> None:
    """Bring a person's presences in step with their calls, in the running transaction.

    Busy in one centre is busy in all. `centre_id` and `name` make the row of an agent who took a call by telephone only.
    """
    now, running = timezone.now(), state_by_calls(person_id)
    presences = list(Presence.objects.select_for_update().filter(person_id=person_id).order_by("pk"))
    if running and centre_id and centre_id not in {p.centre_id for p in presences}:
        presences.append(
            Presence.objects.create(
                person_id=person_id, person_name=name, centre_id=centre_id, after_call="away", seen_at=now
            )
        )
    for presence in presences:
        if running and (presence.state != "away" or presence.centre_id == centre_id):
            become(presence, running, now)
        elif not running and presence.state in {"busy", "wrap-up"}:
            become(presence, presence.after_call, now)


def state_by_calls(person_id: int) -> str:
    """busy, wrap-up or "" by the calls that a person has."""
    states = set(
        Call.objects.filter(agent_id=person_id, state__in=["talking", "wrap-up"]).values_list("state", flat=True)
    )
    return "busy" if "talking" in states else "wrap-up" if states else ""


def become(presence: Presence, state: str, now: datetime) -> None:
    """Another state from `now` on, told to the centre's desks; the same one is no news."""
    if presence.state != state:
        presence.state, presence.since = state, now
        presence.save(update_fields=["state", "since"])
        tell(presence)


def tell(presence: Presence) -> None:
    """Let the centre's desks know, and its bridges."""
    events.tell_centre(presence.centre_id, "presence", presence.person_id, "changed")
    ring_bridges(presence.centre_id)


def ring_bridges(centre_id: int) -> None:
    """Tell the centre's bridges, on commit, that there is something for them to read."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.ring_bridges(%s)", [centre_id])
