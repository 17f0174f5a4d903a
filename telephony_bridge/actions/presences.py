"""Whether agents take calls: what they say themselves, what their calls make of it, and what a missing heartbeat makes of it.

`after_call` is always what the agent chose last; `state` is what holds now. The two differ during a call, and while the page is gone.
"""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from telephony_bridge import times
from telephony_bridge.models import Call, Presence
from tenants import audit, events
from tenants.audit import SYSTEM, Actor
from tenants.errors import Refusal
from tenants.models import ServiceCentre

CHOICES = ("ready", "wrap-up", "break", "away")  # what a person may say; "busy" is said by a call


def set_presence(centre: ServiceCentre, state: str, *, acting_user: Actor) -> Presence:
    """Say whether one takes calls of a centre (desk scope). During a call it means the time after it. Raises Refusal for an unknown state."""
    if state not in CHOICES:
        raise Refusal(_("Diesen Stand gibt es nicht: %(state)s.") % {"state": state[:40]})
    now = timezone.now()
    with transaction.atomic():
        Presence.objects.bulk_create(  # an upsert without a race: the row is there afterwards, whoever made it
            [
                Presence(
                    person_id=acting_user.pk,
                    person_name=acting_user.name,
                    centre=centre,
                    state="away",
                    since=now,
                    seen_at=now,
                )
            ],
            update_conflicts=True,
            unique_fields=["person_id", "centre"],
            update_fields=["person_name", "seen_at"],
        )
        presence = Presence.objects.select_for_update().get(person_id=acting_user.pk, centre=centre)
        before = audit.state(presence, "state", "after_call")
        running = _state_by_calls(acting_user.pk)
        presence.after_call = state
        if (wanted := running or state) != presence.state:
            presence.state, presence.since = wanted, now
        after = audit.state(presence, "state", "after_call")
        if after != before:
            presence.save(update_fields=["state", "after_call", "since"])
            audit.record(
                "set_presence", presence, acting_user=acting_user, centre=centre.pk, before=before, after=after
            )
            _tell(presence)
    return presence


def heartbeat(person_id: int, centre_id: int, *, acting_user: Actor = SYSTEM) -> bool:
    """A page is open (desk or telephony scope); True when it was written, which happens at most every 10 s.

    Who counted as away because their page was gone is what they were before; who said so themselves stays away.
    """
    now = timezone.now()
    mine = Presence.objects.filter(person_id=person_id, centre_id=centre_id)
    written = mine.filter(seen_at__lt=now - times.HEARTBEAT_STEP).update(seen_at=now)
    if written:
        with transaction.atomic():
            lost = mine.select_for_update().filter(state="away").exclude(after_call="away").first()
            if lost:
                _become(lost, _state_by_calls(person_id) or lost.after_call, now)
    return bool(written)


def expire_presences(*, acting_user: Actor = SYSTEM) -> int:
    """Without a heartbeat for 45 s an agent is away (telephony or worker scope). Returns how many."""
    now, done = timezone.now(), 0
    silent = Presence.objects.filter(seen_at__lt=now - times.PRESENCE).exclude(state="away")
    for key in list(silent.order_by("pk").values_list("pk", flat=True)):
        with transaction.atomic():
            presence = silent.select_for_update(skip_locked=True).filter(pk=key).first()
            if presence:
                _become(presence, "away", now)
                done += 1
    return done


def follow_calls(person_id: int, name: str = "", centre_id: int | None = None) -> None:
    """Bring a person's presences in step with their calls, in the running transaction.

    Busy in one centre is busy in all. `centre_id` and `name` make the row of an agent who took a call by telephone only.
    """
    now, running = timezone.now(), _state_by_calls(person_id)
    presences = list(Presence.objects.select_for_update().filter(person_id=person_id).order_by("pk"))
    if running and centre_id and centre_id not in {p.centre_id for p in presences}:
        presences.append(
            Presence.objects.create(
                person_id=person_id, person_name=name, centre_id=centre_id, after_call="away", seen_at=now
            )
        )
    for presence in presences:
        if running and (presence.state != "away" or presence.centre_id == centre_id):
            _become(presence, running, now)
        elif not running and presence.state in {"busy", "wrap-up"}:
            _become(presence, presence.after_call, now)


def _state_by_calls(person_id: int) -> str:
    """busy, wrap-up or "" by the calls that a person has."""
    states = set(
        Call.objects.filter(agent_id=person_id, state__in=["talking", "wrap-up"]).values_list("state", flat=True)
    )
    return "busy" if "talking" in states else "wrap-up" if states else ""


def _become(presence: Presence, state: str, now: datetime) -> None:
    if presence.state != state:
        presence.state, presence.since = state, now
        presence.save(update_fields=["state", "since"])
        _tell(presence)


def _tell(presence: Presence) -> None:
    events.tell_centre(presence.centre_id, "presence", presence.person_id, "changed")
