"""Whether agents take calls: what they say themselves, what their calls make of it, and what a missing heartbeat makes of it.

`after_call` is always what the agent chose last; `state` is what holds now. The two differ during a call, and while the page is gone.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from telephony_bridge import times
from telephony_bridge.actions.taking_over import end_write_ups
from telephony_bridge.models import Presence, Telephone
from telephony_bridge.presence import become, state_by_calls, tell
from telephony_bridge.seats import give_way, who_sits_at
from tenants import audit
from tenants.audit import SYSTEM, Actor
from tenants.errors import Refusal
from tenants.models import ServiceCentre

CHOICES = ("ready", "wrap-up", "break", "away")  # what a person may say; "busy" is said by a call


def set_presence(centre: ServiceCentre, state: str, *, acting_user: Actor, reason: str = "") -> Presence:
    """Say whether one takes calls of a centre (desk scope), and why not. During a call it means the time after it. Raises Refusal for an unknown state."""
    if state not in CHOICES:
        raise Refusal(_("Diesen Stand gibt es nicht: %(state)s.") % {"state": state[:40]})
    now = timezone.now()
    with transaction.atomic():
        presence = _own_row(centre, acting_user, now)
        before = audit.state(presence, "state", "after_call", "reason")
        presence.after_call, presence.reason = state, reason[:120]
        if (wanted := state_by_calls(acting_user.pk) or state) != presence.state:
            if presence.state == "away":
                give_way(presence)
            presence.state, presence.since = wanted, now
        after = audit.state(presence, "state", "after_call", "reason")
        if after != before:
            presence.save(update_fields=["state", "after_call", "since", "reason"])
            audit.record(
                "set_presence", presence, acting_user=acting_user, centre=centre.pk, before=before, after=after
            )
            tell(presence)
    return presence


def sign_in_at(centre: ServiceCentre, telephone: str, *, acting_user: Actor) -> None:
    """Say at which telephone of the centre one sits (its `user`); "": at one's own (desk scope).

    Raises Refusal for one that the centre does not have, and where a colleague who is present sits.
    """
    now = timezone.now()
    with transaction.atomic():
        presence = _own_row(centre, acting_user, now)
        if telephone:
            _refuse_taken_telephone(presence, telephone)
        before = audit.state(presence, "telephone")
        if presence.telephone != telephone:
            presence.telephone = telephone
            presence.save(update_fields=["telephone"])
            after = audit.state(presence, "telephone")
            audit.record("sign_in_at", presence, acting_user=acting_user, centre=centre.pk, before=before, after=after)
            tell(presence)


def _refuse_taken_telephone(presence: Presence, telephone: str) -> None:
    other = who_sits_at(presence, telephone)
    # After its lock: it may be gone.
    found = Telephone.objects.filter(centre_id=presence.centre_id, user=telephone).first()
    if found is None:
        raise Refusal(_("Dieses Telefon gibt es nicht mehr."))
    if other:
        raise Refusal(_("Am Telefon „%(label)s“ sitzt %(name)s.") % {"label": found.label, "name": other.person_name})


def _own_row(centre: ServiceCentre, acting_user: Actor, now: datetime) -> Presence:
    """The person's locked row of this centre; an upsert without a race makes it, whoever is first."""
    row = Presence(
        person_id=acting_user.pk, person_name=acting_user.name, centre=centre, state="away", since=now, seen_at=now
    )
    unique, changed = ["person_id", "centre"], ["person_name", "seen_at"]
    Presence.objects.bulk_create([row], update_conflicts=True, unique_fields=unique, update_fields=changed)
    return Presence.objects.select_for_update().get(person_id=acting_user.pk, centre=centre)


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
                become(lost, state_by_calls(person_id) or lost.after_call, now)
    return bool(written)


def heartbeats(posts: Iterable[tuple[int, int]], *, acting_user: Actor = SYSTEM) -> int:
    """`heartbeat` for many open pages, (person, centre) each; returns how many were written. Two hundred one by one would take half a second.

    Who is only seen again is written with the others of their centre; who comes back, or is locked just now, by themselves, so that
    nobody's presence, and no stream's number, is held while another is waited for.
    """
    people: defaultdict[int, list[int]] = defaultdict(list)
    for person, centre in posts:
        people[centre].append(person)
    return sum(_seen_again(centre, persons) for centre, persons in people.items())


def _seen_again(centre_id: int, people: list[int]) -> int:
    now = timezone.now()
    silent = Presence.objects.filter(centre_id=centre_id, person_id__in=people, seen_at__lt=now - times.HEARTBEAT_STEP)
    with transaction.atomic():
        here = silent.filter(~Q(state="away") | Q(after_call="away")).select_for_update(skip_locked=True)
        written = Presence.objects.filter(pk__in=list(here.values_list("pk", flat=True))).update(seen_at=now)
    return written + sum(heartbeat(person, centre_id) for person in list(silent.values_list("person_id", flat=True)))


def expire_presences(*, acting_user: Actor = SYSTEM) -> int:
    """Without a heartbeat for 45 s an agent is away (telephony or worker scope); wrap-ups without a call end. Returns how many."""
    now, done = timezone.now(), 0
    silent = Presence.objects.filter(seen_at__lt=now - times.PRESENCE).exclude(state="away")
    for key in list(silent.order_by("pk").values_list("pk", flat=True)):
        with transaction.atomic():
            presence = silent.select_for_update(skip_locked=True).filter(pk=key).first()
            if presence:
                become(presence, "away", now)
                done += 1
    return done + end_write_ups()
