"""What whoever leads a centre's team says to all its desks. A shared table, guarded by row-level security."""

from typing import Any, ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from model_utils import Choices

from tenants.models import ServiceCentre


class CentreNotice(models.Model):
    """That a centre is closed at once, or a situation that all shall know. At most one of a kind holds; those that ended are the history."""

    KINDS = Choices(("closing", _("Sofort-Schließung")), ("situation", _("Lage")))

    centre = models.ForeignKey(ServiceCentre, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=12, choices=KINDS)
    text = models.CharField(_("Text"), max_length=300)
    until = models.DateTimeField(_("Bis"), null=True)  # None: until somebody ends it
    set_at = models.DateTimeField(default=timezone.now)
    set_by_id = models.BigIntegerField()  # soft: Person.pk
    set_by_name = models.CharField(max_length=120)
    ended_at = models.DateTimeField(null=True)
    ended_by_name = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-set_at", "-id"]
        verbose_name = _("Meldung des Servicecenters")
        verbose_name_plural = _("Meldungen des Servicecenters")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["centre", "kind"], condition=models.Q(ended_at=None), name="notice_once_a_kind"
            )
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["centre", "-set_at"], name="notice_by_centre")]

    def __str__(self) -> str:
        return self.text[:120]

    @staticmethod
    def holding(now: Any) -> models.Q:
        """Those that hold at `now` (aware)."""
        return models.Q(ended_at=None) & (models.Q(until=None) | models.Q(until__gt=now))
