"""What calls make of the presence of those who have them. The actions use it within their transactions."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from django.db import connection
from django.utils import timezone

from telephony_bridge.models import Call, Presence
from telephony_bridge.seats import give_way
from tenants import events

BELL = "exchange"  # the channel that ring_bridges() of sql/rights.sql rings


def follow_calls(person_id: int, name: str = "", centre_id: int | None = None) -> None:
    """Bring a person's presences in step with their calls, in the running transaction.

    Busy in one centre is busy in all. `centre_id` and `name` make the row of an agent who took a call by telephone only.
    """
    follow_all({person_id: (name, centre_id)})


def follow_all(people: Mapping[int, tuple[str, int | None]]) -> None:
    """The same for several at once: by person, the name and the centre as there."""
    if not people:
        return
    now, running = timezone.now(), _states_by_calls(people)
    rows = list(Presence.objects.select_for_update().filter(person_id__in=people).order_by("pk"))
    there = {(row.person_id, row.centre_id) for row in rows}
    for person, (name, centre) in people.items():
        if running.get(person) and centre and (person, centre) not in there:
            fresh = Presence(person_id=person, person_name=name, centre_id=centre, after_call="away", seen_at=now)
            fresh.save(force_insert=True)
            rows.append(fresh)
    changed = [
        row for row in rows if _follows(row, running.get(row.person_id, ""), now, is_here=people[row.person_id][1])
    ]
    for row in changed:
        row.save(update_fields=["state", "since"])
    tell_all(changed)


def _follows(presence: Presence, running: str, now: datetime, *, is_here: int | None) -> bool:
    """Whether it is another one now, by what the person's calls are; `is_here`: the centre in which they have one."""
    if running:
        state = running if presence.state != "away" or presence.centre_id == is_here else ""
    else:
        state = str(presence.after_call) if presence.state in {"busy", "wrap-up"} else ""
    if not state or state == presence.state:
        return False
    _turns(presence, state, now)
    return True


def _turns(presence: Presence, state: str, now: datetime) -> None:
    """The row is another one, not yet saved; who comes back leaves a telephone at which somebody else sits by now."""
    if presence.state == "away":
        give_way(presence)
    presence.state, presence.since = state, now


def state_by_calls(person_id: int) -> str:
    """busy, wrap-up or "" by the calls that a person has."""
    return _states_by_calls([person_id]).get(person_id, "")


def _states_by_calls(people: Iterable[int]) -> dict[int, str]:
    """Of those who have calls."""
    states: dict[int, str] = {}
    rows = Call.objects.filter(agent_id__in=list(people), state__in=["talking", "wrap-up"])
    for person, state in rows.values_list("agent_id", "state"):
        if person and (state == "talking" or person not in states):
            states[person] = "busy" if state == "talking" else "wrap-up"
    return states


def become(presence: Presence, state: str, now: datetime) -> None:
    """Another state from `now` on, told to the centre's desks; the same one is no news."""
    if presence.state != state:
        _turns(presence, state, now)
        presence.save(update_fields=["state", "since"])
        tell(presence)


def tell(presence: Presence) -> None:
    """Let the centre's desks know, and its bridges."""
    tell_all([presence])


def tell_all(presences: Collection[Presence]) -> None:
    """The same for several at once."""
    for centre in sorted({presence.centre_id for presence in presences}):
        here = [presence.person_id for presence in presences if presence.centre_id == centre]
        events.tell_centre_all(centre, [("presence", person, "changed") for person in here])
        ring_bridges(centre)


def ring_bridges(centre_id: int) -> None:
    """Tell the centre's bridges, on commit, that there is something for them to read."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.ring_bridges(%s)", [centre_id])
