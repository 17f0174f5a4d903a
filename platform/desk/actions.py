"""What the desk itself writes: the begin of a shift, and a person's settings of the page."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction

from accounts.models import Person
from telephony_bridge.actions import set_presence
from telephony_bridge.models import Presence
from tenants import audit
from tenants.audit import Actor
from tenants.models import ServiceCentre


def begin_shift(centre_ids: Iterable[int], *, acting_user: Actor) -> None:
    """Who opens the desk for the first time is ready (desk scope). Later openings change nothing: what was chosen last still holds."""
    known = set(Presence.objects.filter(person_id=acting_user.pk).values_list("centre_id", flat=True))
    missing = [centre for centre in centre_ids if centre not in known]
    for centre in ServiceCentre.objects.filter(pk__in=missing):
        set_presence(centre, "ready", acting_user=acting_user)


def save_preferences(person: Person, values: Mapping[str, Any], *, acting_user: Actor) -> None:
    """Keep a person's own settings (front scope); those that are not named stay."""
    with transaction.atomic():
        fresh = Person.objects.select_for_update().get(pk=person.pk)
        before = {name: fresh.preferences.get(name) for name in values}
        if before == dict(values):
            return
        fresh.preferences = {**fresh.preferences, **values}
        fresh.save(update_fields=["preferences"])
        audit.record("save_preferences", fresh, acting_user=acting_user, before=before, after=dict(values))
    person.preferences = fresh.preferences
