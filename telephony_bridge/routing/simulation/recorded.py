"""How often the municipalities of a centre were called, as a load to simulate."""

from datetime import timedelta

from django.db.models import Count
from django.db.models.functions import TruncHour
from django.utils import timezone
from django.utils.translation import gettext as _

from telephony_bridge.models import Call
from tenants import scope
from tenants.errors import Refusal
from tenants.models import ServiceCentre

DAYS = 28  # whole weeks, since days of a week differ
FEWEST = 100  # calls; of less than these nothing is concluded


def loads(centre: str) -> dict[str, float]:
    """Slug of each municipality -> calls per hour in the last four weeks, of the hours in which the centre was called at all."""
    with scope.telephony():
        if not ServiceCentre.objects.filter(slug=centre).exists():
            raise Refusal(_("Das Servicecenter „%(slug)s“ gibt es nicht.") % {"slug": centre})
        since = timezone.now() - timedelta(days=DAYS)
        calls = Call.objects.filter(centre__slug=centre, ringing_at__gte=since, municipality__isnull=False)
        counted = (
            calls.values("municipality__slug").annotate(number=Count("pk")).order_by("-number", "municipality__slug")
        )
        numbers = {row["municipality__slug"]: row["number"] for row in counted}
        hours = calls.annotate(hour=TruncHour("ringing_at")).aggregate(number=Count("hour", distinct=True))["number"]
    if sum(numbers.values()) < FEWEST:
        raise Refusal(
            _("In vier Wochen waren es weniger als %(number)s Anrufe: zu wenige. Geben Sie mit --load an, wie viele es sind.")
            % {"number": FEWEST}
        )  # fmt: skip
    return {slug: number / hours for slug, number in numbers.items()}
