"""Recordings of municipalities, for the page on which they are changed and for the exchange that plays them."""

import hashlib
from collections.abc import Iterable

from django.utils.translation import gettext as _

from telephony_bridge.announcement_models import Announcement
from tenants.errors import Refusal
from tenants.models import Municipality


def announcements_of(municipality: Municipality) -> dict[str, Announcement]:
    """By kind, without their audio (the municipality's scope)."""
    found = Announcement.objects.defer("audio").filter(municipality=municipality).order_by("kind")
    return {str(one.kind): one for one in found}


def recordings_of(municipalities: Iterable[int]) -> dict[tuple[int, str], str]:
    """SHA-256 by (municipality's number, kind) (telephony scope)."""
    found = Announcement.objects.filter(municipality__in=list(municipalities)).order_by("pk")
    return {(town, kind): sha256 for town, kind, sha256 in found.values_list("municipality", "kind", "sha256")}


def recorded_audio(municipality: int, kind: str) -> bytes:
    """A recording, as a wav (telephony scope). Raises Refusal where there is none (any more), or it is not what was uploaded."""
    found = Announcement.objects.filter(municipality=municipality, kind=kind).values_list("audio", "sha256").first()
    if found is None:
        raise Refusal(_("Die Aufnahme gibt es nicht mehr."))
    audio = bytes(found[0])
    if hashlib.sha256(audio).hexdigest() != found[1]:
        raise Refusal(_("Die Aufnahme ist in der Datenbank beschädigt; laden Sie sie noch einmal hoch."))
    return audio
