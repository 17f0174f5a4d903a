"""Reads about municipalities and centres, as small as a page needs them."""

from django.db.models import QuerySet

from tenants import hours
from tenants.models import Municipality, NumberPrefix, SpecialDay


def hours_of(municipality: Municipality) -> hours.Hours:
    """The opening hours of a municipality with its special days and the holidays of its Land; nothing entered: never open."""
    special = [
        hours.SpecialDay(row.day, row.label, hours.parse_intervals(row.intervals))
        for row in SpecialDay.objects.filter(municipality=municipality)
    ]
    return hours.Hours.of(hours.Week.parse(municipality.hours), municipality.state, special_days=special)


def numbers_of(municipality: Municipality) -> QuerySet[NumberPrefix]:
    """Its numbers, confirmed or not."""
    return NumberPrefix.objects.filter(municipality=municipality).order_by("prefix")


def taken_marks(municipality: Municipality) -> set[tuple[str, str]]:
    """Pairs of colour and pattern that others of the centre have, as far as the login may see them."""
    others = Municipality.objects.filter(centre_id=municipality.centre_id).exclude(pk=municipality.pk)
    return set(others.values_list("colour", "pattern"))
