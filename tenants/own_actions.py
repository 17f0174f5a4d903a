"""What a municipality changes about itself, in its own scope: greeting and texts, hours, special days, numbers, recognition mark."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants import audit, events
from tenants.actions import validate
from tenants.audit import Actor
from tenants.errors import Refusal
from tenants.hours import Week, intervals_as_json, parse_intervals
from tenants.models import Municipality, NumberPrefix, SpecialDay
from tenants.rows import delete_own

TEXTS = ("greeting", "emergency", "closed_text", "inhabitants")
MARK = ("initials", "colour", "pattern")


def _change(municipality: Municipality, action: str, values: Mapping[str, Any], *, acting_user: Actor) -> bool:
    """Lock, compare, save what differs, log it and tell the desks. False when nothing differed."""
    with transaction.atomic():
        fresh = Municipality.objects.select_for_update(of=("self",), no_key=True).get(pk=municipality.pk)
        before = audit.state(fresh, *values)
        if before == dict(values):
            return False
        for name, value in values.items():
            setattr(fresh, name, value)
        validate(fresh, only=list(values))
        try:
            with transaction.atomic():
                fresh.save(update_fields=list(values))
        except IntegrityError as error:
            raise Refusal(
                _("Dieses Kürzel oder dieses Paar aus Farbe und Muster hat in diesem Servicecenter schon jemand.")
            ) from error
        audit.record(action, fresh, acting_user=acting_user, municipality=fresh.pk, before=before, after=dict(values))
        events.tell_centre(fresh.centre_id, "municipality", fresh.slug, "changed")
    for name, value in values.items():
        setattr(municipality, name, value)
    return True


def change_texts(municipality: Municipality, values: Mapping[str, Any], *, acting_user: Actor) -> bool:
    """Greeting, emergency text, text for closed times, inhabitants (those given). Raises Refusal."""
    return _change(
        municipality, "change_texts", {name: values[name] for name in TEXTS if name in values}, acting_user=acting_user
    )


def change_mark(municipality: Municipality, values: Mapping[str, str], *, acting_user: Actor) -> bool:
    """Initials, colour and pattern; each pair of colour and pattern once in a centre. Raises Refusal."""
    return _change(municipality, "change_mark", {name: values[name] for name in MARK}, acting_user=acting_user)


def change_situation(municipality: Municipality, text: str, *, acting_user: Actor, at: datetime | None = None) -> bool:
    """The situation banner that every desk shows at once; an empty text takes it away."""
    if municipality.situation == text:
        return False
    values = {"situation": text, "situation_since": (at or timezone.now()) if text else None}
    return _change(municipality, "change_situation", values, acting_user=acting_user)


def change_hours(municipality: Municipality, hours: Mapping[str, Any], *, acting_user: Actor) -> bool:
    """Opening hours per weekday, as Municipality.hours. Raises Refusal with what is wrong about them."""
    try:
        week = Week.parse(dict(hours))
    except ValueError as error:
        raise Refusal(str(error)) from error
    return _change(municipality, "change_hours", {"hours": week.as_json()}, acting_user=acting_user)


def add_special_day(
    municipality: Municipality, day: date, *, label: str, intervals: list[list[str]], acting_user: Actor
) -> SpecialDay:
    """A day that differs; no intervals: closed. Raises Refusal when the day is there already or the times are none."""
    try:
        times = intervals_as_json(parse_intervals(intervals))
    except ValueError as error:
        raise Refusal(str(error)) from error
    special = SpecialDay(municipality=municipality, day=day, label=label, intervals=times)
    with transaction.atomic():
        validate(special)
        special.save()
        fields = audit.state(special, "day", "label", "intervals")
        audit.record("add_special_day", special, acting_user=acting_user, municipality=municipality.pk, after=fields)
        events.tell_centre(municipality.centre_id, "municipality", municipality.slug, "changed")
    return special


def remove_special_day(special: SpecialDay, *, acting_user: Actor) -> bool:
    """Back to the week's hours. False, and nothing logged, when somebody else removed the day a moment ago."""
    fields, town = audit.state(special, "day", "label", "intervals"), special.municipality
    with transaction.atomic():
        if not delete_own(special):
            return False
        audit.record("remove_special_day", special, acting_user=acting_user, municipality=town.pk, before=fields)
        events.tell_centre(town.centre_id, "municipality", town.slug, "changed")
    return True


def propose_number(municipality: Municipality, prefix: str, *, max_length: int, acting_user: Actor) -> NumberPrefix:
    """A number that the operator has still to confirm. Raises Refusal when anybody has it already."""
    number = NumberPrefix(municipality=municipality, prefix=prefix, max_length=max_length)
    with transaction.atomic():
        validate(number)
        number.pk = _insert_unconfirmed(number)
        audit.record(
            "propose_number", number, acting_user=acting_user, municipality=municipality.pk, after={"prefix": prefix}
        )
    return number


def _insert_unconfirmed(number: NumberPrefix) -> int:
    """By hand: the login may not write the confirmation, not even as NULL."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO tenants_numberprefix (municipality_id, prefix, max_length, is_did, created_at) "
                "VALUES (%s, %s, %s, %s, now()) RETURNING id",
                [number.municipality_id, number.prefix, number.max_length, number.is_did],
            )
            return int(cursor.fetchone()[0])
    except IntegrityError as error:
        raise Refusal(_("Die Rufnummer %(prefix)s ist schon eingetragen.") % {"prefix": number.prefix}) from error


def remove_number(number: NumberPrefix, *, acting_user: Actor) -> bool:
    """Calls to it are no longer labelled. False, and nothing logged, when somebody else removed it a moment ago."""
    fields, town = {"prefix": number.prefix}, number.municipality_id
    with transaction.atomic():
        if not delete_own(number):
            return False
        audit.record("remove_number", number, acting_user=acting_user, municipality=town, before=fields)
    return True
