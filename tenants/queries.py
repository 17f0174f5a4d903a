"""Reads about municipalities and centres, as small as a page needs them."""

from django.db.models import QuerySet

from tenants import hours
from tenants.models import Municipality, NumberPrefix, ServiceCentre, SpecialDay


def hours_of(municipality: Municipality) -> hours.Hours:
    """The opening hours of a municipality with its special days and the holidays of its Land; nothing entered: never open."""
    special = [
        hours.SpecialDay(row.day, row.label, hours.parse_intervals(row.intervals))
        for row in SpecialDay.objects.filter(municipality=municipality)
    ]
    return hours.Hours.of(hours.Week.parse(municipality.hours), municipality.state, special_days=special)


def hours_of_centre(centre: ServiceCentre) -> hours.Hours | None:
    """The hours of a service centre with the holidays of its Land; None: nothing entered, so somebody may be there at any time."""
    return hours.Hours.of(hours.Week.parse(centre.hours), centre.state) if centre.hours else None


def numbers_of(municipality: Municipality) -> QuerySet[NumberPrefix]:
    """Its numbers, confirmed or not."""
    return NumberPrefix.objects.filter(municipality=municipality).order_by("prefix")
