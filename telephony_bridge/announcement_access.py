"""One announcement of the municipality in whose scope the view runs, or 404."""

from django.http import Http404
from django.shortcuts import get_object_or_404

from accounts.access import TownRequest
from telephony_bridge.announcement_models import Announcement


def known_kind(kind: str) -> str:
    """The kind of an announcement, as an address names it."""
    if kind not in dict(Announcement.KINDS):
        raise Http404
    return kind


def announcement(request: TownRequest, kind: str) -> Announcement:
    """The recording of this host's municipality, with its audio."""
    return get_object_or_404(Announcement, municipality=request.municipality, kind=kind)
