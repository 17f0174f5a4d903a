"""One object of the municipality in whose scope the view runs, or of the operator; else 404."""

from django.shortcuts import get_object_or_404

from accounts.access import TownRequest
from tenants.models import Municipality, NumberPrefix, ServiceCentre, SpecialDay


def special_day(request: TownRequest, pk: int) -> SpecialDay:
    """A special day of this host's municipality."""
    return get_object_or_404(SpecialDay, pk=pk, municipality=request.municipality)


def number(request: TownRequest, pk: int) -> NumberPrefix:
    """A number of this host's municipality."""
    return get_object_or_404(NumberPrefix, pk=pk, municipality=request.municipality)


def municipality(slug: str) -> Municipality:
    """Any municipality, for the operator."""
    return get_object_or_404(Municipality.objects.select_related("centre"), slug=slug)


def centre(slug: str) -> ServiceCentre:
    """Any service centre, for the operator."""
    return get_object_or_404(ServiceCentre.objects.select_related("operator"), slug=slug)


def number_of(of: Municipality, pk: int) -> NumberPrefix:
    """A number of a municipality, for the operator."""
    return get_object_or_404(NumberPrefix, pk=pk, municipality=of)
