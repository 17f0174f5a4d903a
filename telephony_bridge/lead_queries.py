"""What whoever leads a centre's team sees of it just now (desk scope, where nothing else is said). Each is one query with a bound, however much is going on."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import BooleanField, Count, Exists, ExpressionWrapper, F, Min, OuterRef, Q
from django.utils import timezone

from accounts.models import CENTRE_ROLES, Membership
from telephony_bridge.models import Call, Presence
from tenants.sorting import German

SHOWN = 50  # calls of a kind; the counts say how many there are
TEAM = 200  # people
WAITS = Q(state="ringing") & ~Q(phase="closed")  # nobody waits who only hears that nobody is there
IN_TIME = timedelta(seconds=20)  # the service level: answered after at most this long


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one centre. `waiting`, `talking`, `longest` (since when) and `ready` are of now; the others of the calls since midnight, local time:
    `counted` were answered or given up (short ones apart: those hung up within five seconds), `in_time` of them answered within 20 s."""

    waiting: int
    talking: int
    longest: datetime | None
    ready: int
    counted: int
    in_time: int

    @property
    def level(self) -> int | None:
        """The service level of today in percent, rounded down; None before the first call."""
        return self.in_time * 100 // self.counted if self.counted else None


def figures(centre_id: int) -> Figures:
    """Two queries: open calls of any age with those of today, and presences."""
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    today = Q(ringing_at__gte=midnight)
    answered = today & Q(answered_at__isnull=False)
    given_up = today & Q(state="ended", answered_at=None, end_reason="abandoned", short_abandon=False)
    calls = Call.objects.filter(today | ~Q(state="ended"), centre_id=centre_id)
    found = calls.aggregate(
        waiting=Count("pk", filter=WAITS),
        talking=Count("pk", filter=Q(state="talking")),
        longest=Min("ringing_at", filter=WAITS),
        counted=Count("pk", filter=answered | given_up),
        in_time=Count("pk", filter=answered & Q(answered_at__lte=F("ringing_at") + IN_TIME)),
    )
    return Figures(**found, ready=Presence.objects.filter(centre_id=centre_id, state="ready").count())


def waiting_calls(centre_id: int) -> list[Call]:
    """Who has not been answered: those whom a supervisor put first, the last one foremost, then by how long they wait."""
    waiting = Call.objects.filter(WAITS, centre_id=centre_id).select_related("municipality")
    return list(waiting.order_by(F("first_at").desc(nulls_last=True), "ringing_at", "pk")[:SHOWN])


def put_first_calls(centre_id: int) -> list[str]:
    """Of those who wait, whom a supervisor put first, as the exchange names them, in the order in which that was done (telephony scope)."""
    waiting = Call.objects.filter(WAITS, centre_id=centre_id, is_controlled=True, first_at__isnull=False)
    return list(waiting.order_by("first_at").values_list("external_id", flat=True)[:SHOWN])


def calls_with_agents(centre_id: int) -> list[Call]:
    """Talks and wrap-ups, the longest first."""
    with_agents = Call.objects.filter(centre_id=centre_id, state__in=["talking", "wrap-up"])
    return list(with_agents.select_related("municipality").order_by("answered_at", "pk")[:TEAM])


def team_of(centre_id: int) -> list[Presence]:
    """Who works for the centre and has ever been there: those who are there first, then by name."""
    works = Membership.objects.filter(person=OuterRef("person_id"), centre=OuterRef("centre_id"), role__in=CENTRE_ROLES)
    present = Presence.objects.filter(Exists(works), centre_id=centre_id)
    return list(
        present.order_by(ExpressionWrapper(Q(state="away"), BooleanField()), German("person_name"), "pk")[:TEAM]
    )
