"""Cards of transferred callers, as the person reads them to whom they came (the municipality's scope, which shows what is theirs to know)."""

from django.core.paginator import Page, Paginator
from django.db.models import Count, Max, Q, QuerySet
from django.utils import timezone

from telephony_bridge.handover_models import LONGEST_RING, Handover

PER_PAGE = 20


def handovers(municipality_id: int, person_id: int) -> QuerySet[Handover]:
    """A person's own, the newest first. Nobody reads another's, admins neither: they are of the caller and of whom they wanted to speak."""
    own = Handover.objects.filter(municipality=municipality_id, person_id=person_id, state__in=Handover.SHOWN)
    return own.order_by("-at", "-pk")


def page_of(municipality_id: int, person_id: int, number: object) -> Page[Handover]:
    """A page of them."""
    return Paginator(handovers(municipality_id, person_id), PER_PAGE).get_page(number)  # type: ignore[arg-type]


def stand_of(municipality_id: int, person_id: int) -> str:
    """Changes with whatever a page of them shows, also with the hour: what rings no more, and what is of yesterday now. One query."""
    told = handovers(municipality_id, person_id).order_by()
    rings = Q(state="ringing", state_at__gt=timezone.now() - LONGEST_RING)
    values = told.aggregate(
        n=Count("pk"),
        done=Count("done_at"),
        last=Max("pk"),
        at=Max("state_at"),
        ticked=Max("done_at"),
        rings=Count("pk", filter=rings),
    )
    return "-".join(str(value or 0) for value in (timezone.localdate(), *values.values()))
