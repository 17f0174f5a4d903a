"""Writes about centres and municipalities: one transaction, an acting user, an audit row."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants import audit, events, marks, scope
from tenants.audit import Actor
from tenants.errors import Refusal
from tenants.models import Host, Municipality, NumberPrefix, ServiceCentre
from tenants.provisioning import new_schema_name

DEFAULT_HOURS = {
    **{str(day): [["08:00", "17:00"]] for day in range(3)},
    "3": [["08:00", "18:00"]],
    "4": [["08:00", "13:00"]],
}


def add_centre(*, slug: str, name: str, acting_user: Actor) -> ServiceCentre:
    """A new service centre; its operator municipality is named later. Raises Refusal when the slug is taken or malformed."""
    centre = ServiceCentre(slug=slug, name=name, hours=DEFAULT_HOURS)
    with scope.operator(), transaction.atomic():
        validate(centre, exclude=["operator"])
        _saved(centre)
        audit.record(
            "add_centre", centre, acting_user=acting_user, centre=centre.pk, after=audit.state(centre, "slug", "name")
        )
    return centre


def add_municipality(
    *,
    slug: str,
    name: str,
    ags: str,
    centre: ServiceCentre,
    acting_user: Actor,
    numbers: Iterable[str] = (),
    **details: Any,
) -> Municipality:
    """The row, host name and numbers of a new municipality in state `provisioning`; tenants.provisioning makes its schema.

    `numbers` are E.164 prefixes without the extension (+492921103). `details` are further fields of Municipality. Raises Refusal.
    """
    prefixes = list(dict.fromkeys(numbers))
    with scope.operator(), transaction.atomic():
        municipality = Municipality(
            slug=slug, name=name, ags=ags, centre=centre, schema_name=new_schema_name(), **details
        )
        _fill_in(municipality)
        validate(municipality)
        _saved(municipality)
        Host.objects.create(domain=f"{slug}.{settings.RUFVERBUND_DOMAIN}", tenant=municipality, is_primary=True)
        for number in prefixes:
            _add_confirmed_number(municipality, number)
        fields = audit.state(municipality, "slug", "name", "ags", "centre_id", "kind") | {"numbers": prefixes}
        audit.record(
            "add_municipality",
            municipality,
            acting_user=acting_user,
            municipality=municipality.pk,
            centre=centre.pk,
            after=fields,
        )
    return municipality


def set_state(municipality: Municipality, state: str, *, acting_user: Actor, at: datetime | None = None) -> None:
    """Let a municipality go live, leave, or go back to joining; its centre's desks hear of it. Raises Refusal for a step that does not exist."""
    steps = {"joining": {"live"}, "live": {"joining", "leaving"}, "leaving": {"live", "left"}}
    with scope.operator(), transaction.atomic():
        fresh = Municipality.objects.select_for_update().get(pk=municipality.pk)
        if state not in steps.get(str(fresh.status), set()):
            raise Refusal(
                _("%(name)s kann von „%(old)s“ nicht auf „%(new)s“ gesetzt werden.")
                % {
                    "name": fresh.name,
                    "old": fresh.get_status_display(),
                    "new": dict(Municipality.STATES).get(state, state),
                }
            )
        before, fresh.status = str(fresh.status), state
        if state == "live" and fresh.went_live_at is None:
            fresh.went_live_at = at or timezone.now()
        fresh.save(update_fields=["status", "went_live_at"])
        audit.record(
            "set_state",
            fresh,
            acting_user=acting_user,
            municipality=fresh.pk,
            before={"status": before},
            after={"status": state},
        )
        events.tell_centre(fresh.centre_id, "municipality", fresh.slug, state)  # desks hear others from now on
    municipality.status, municipality.went_live_at = fresh.status, fresh.went_live_at


def name_operator(centre: ServiceCentre, operator: Municipality, *, acting_user: Actor) -> None:
    """The municipality that runs a centre (with its agents) for the others."""
    with scope.operator(), transaction.atomic():
        fresh = ServiceCentre.objects.select_for_update(of=("self",)).select_related("operator").get(pk=centre.pk)
        before = {"operator": fresh.operator.slug if fresh.operator else None}
        fresh.operator = operator
        fresh.save(update_fields=["operator"])
        audit.record(
            "name_operator",
            fresh,
            acting_user=acting_user,
            centre=fresh.pk,
            before=before,
            after={"operator": operator.slug},
        )
    centre.operator = operator


def confirm_number(number: NumberPrefix, *, acting_user: Actor) -> None:
    """The operator confirms that a number is the municipality's; from then on its calls are labelled. A second time changes nothing.

    Raises Refusal when the municipality took the number back meanwhile.
    """
    with scope.operator(), transaction.atomic():
        fresh = NumberPrefix.objects.select_for_update().filter(pk=number.pk).first()
        if fresh is None:
            raise Refusal(_("Die Rufnummer %(prefix)s ist nicht mehr eingetragen.") % {"prefix": number.prefix})
        if fresh.confirmed_at is None:
            fresh.confirmed_at = timezone.now()
            fresh.save(update_fields=["confirmed_at"])
            confirmed = {"confirmed_at": fresh.confirmed_at}
            audit.record(
                "confirm_number", fresh, acting_user=acting_user, municipality=fresh.municipality_id, after=confirmed
            )
    number.confirmed_at = fresh.confirmed_at


def _fill_in(municipality: Municipality) -> None:
    """What can be derived: ARS, initials, a free recognition mark, the usual hours. Raises Refusal when a centre has none left."""
    ags = municipality.ags
    municipality.ars = municipality.ars or (f"{ags[:5]}0{ags[5:8]}{ags[5:8]}" if len(ags) == 8 else "")
    municipality.hours = municipality.hours or DEFAULT_HOURS
    others = Municipality.objects.filter(centre=municipality.centre)
    municipality.initials = municipality.initials or _free_initials(
        municipality.name, set(others.values_list("initials", flat=True))
    )
    if not municipality.colour:
        try:
            mark = marks.next_free_mark(list(others.values_list("colour", "pattern")))
        except LookupError as error:
            raise Refusal(_("In diesem Servicecenter sind alle Paare aus Farbe und Muster vergeben.")) from error
        municipality.colour, municipality.pattern = mark


def _free_initials(name: str, taken: set[str]) -> str:
    """Two letters of the place's name, the first pair that nobody in the centre has; then letter and digit. Raises Refusal."""
    place = "".join(c for c in name.split(" ", 1)[-1].upper() if c.isalpha()) or "XX"
    pairs = [place[0] + letter for letter in place[1:]] + [place[0] + str(digit) for digit in range(1, 10)]
    free = next((pair for pair in pairs if pair not in taken), None)
    if free is None:
        raise Refusal(_("Für %(name)s ist kein Kürzel mehr frei. Geben Sie eines an.") % {"name": name})
    return free


def _add_confirmed_number(municipality: Municipality, prefix: str) -> None:
    number = NumberPrefix(
        municipality=municipality, prefix=prefix, confirmed_at=timezone.now(), max_length=len(prefix.lstrip("+")) + 4
    )
    validate(number)
    _saved(number)


def validate(instance: models.Model, *, exclude: Iterable[str] = (), only: Iterable[str] | None = None) -> None:
    """full_clean of all fields, or of those in `only`; what is wrong becomes a Refusal of one line, with the fields' German names."""
    skipped = set(exclude)
    if only is not None:
        skipped |= {f.name for f in instance._meta.get_fields()} - set(only)
    _check_lengths(instance, skipped)
    try:
        instance.full_clean(exclude=skipped, validate_unique=only is None, validate_constraints=only is None)
    except ValidationError as error:
        lines = [f"{_label(instance, name)}{'; '.join(texts)}" for name, texts in error.message_dict.items()]
        raise Refusal(" ".join(lines)) from error


def _check_lengths(instance: models.Model, skipped: set[str]) -> None:
    """full_clean leaves the length of a TextField to forms; commands and imports have none."""
    for field in instance._meta.concrete_fields:
        limit = field.max_length if isinstance(field, models.TextField) and field.name not in skipped else None
        if limit and len(getattr(instance, field.attname) or "") > limit:
            raise Refusal(_("%(field)s: höchstens %(limit)d Zeichen.") % {"field": field.verbose_name, "limit": limit})


def _label(instance: models.Model, name: str) -> str:
    return "" if name == NON_FIELD_ERRORS else f"{getattr(instance._meta.get_field(name), 'verbose_name', name)}: "


def _saved(instance: Any) -> None:
    """Save, or say in words which name or number is taken."""
    try:
        with transaction.atomic():
            instance.save()
    except IntegrityError as error:
        raise Refusal(
            _("%(what)s „%(which)s“ gibt es schon.") % {"what": instance._meta.verbose_name, "which": str(instance)}
        ) from error
