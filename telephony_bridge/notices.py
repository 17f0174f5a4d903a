"""What holds in a centre just now: whether it is closed at once, and the situation that all its desks shall know."""

from collections.abc import Iterable

from django.utils import timezone

from telephony_bridge.notice_models import CentreNotice

HISTORY = 10


def notices_of(centre_ids: Iterable[int]) -> list[CentreNotice]:
    """Those that hold, closings first, with their centre (desk scope; at most two a centre)."""
    holding = CentreNotice.objects.filter(CentreNotice.holding(timezone.now()), centre_id__in=list(centre_ids))
    return list(holding.select_related("centre").order_by("kind", "centre_id", "pk"))


def earlier_notices(centre_id: int) -> list[CentreNotice]:
    """The last ones that hold no more, the newest first (desk scope)."""
    over = CentreNotice.objects.filter(centre_id=centre_id).exclude(CentreNotice.holding(timezone.now()))
    return list(over.order_by("-set_at", "-pk")[:HISTORY])


def closing_of(centre_id: int) -> str | None:
    """What callers of a centre that was closed at once are told (telephony or desk scope); None where it is not closed."""
    holding = CentreNotice.objects.filter(CentreNotice.holding(timezone.now()), centre_id=centre_id, kind="closing")
    return holding.values_list("text", flat=True).first()
