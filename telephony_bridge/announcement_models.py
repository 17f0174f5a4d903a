"""What a municipality has recorded for its callers. A shared table, guarded by row-level security: the bridge plays it, no desk reads it."""

from typing import Any, ClassVar

from django.db import models
from django.db.models.functions import Length
from django.db.models.lookups import LessThanOrEqual
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from model_utils import Choices

from tenants.models import Municipality

BIGGEST_KEPT = 2_000_000  # bytes of kept audio: asterisk.decoding.LONGEST seconds of 8 kHz, 16 bits, and a head


class Announcement(models.Model):
    """A recording that is heard instead of the text that the municipality has written: at most one of a kind."""

    KINDS = Choices(("emergency", _("Notfallansage")), ("closed", _("Ansage für geschlossene Zeiten")))

    municipality = models.ForeignKey(Municipality, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=12, choices=KINDS)
    name = models.CharField(_("Datei"), max_length=200)  # as it was called where it came from
    audio = models.BinaryField(max_length=BIGGEST_KEPT)  # wav: 8 kHz, mono, 16 bits
    # Of `audio`, hex; names the file that the exchange reads.
    sha256 = models.CharField(_("Prüfsumme (SHA-256)"), max_length=64)
    seconds = models.FloatField(_("Dauer in Sekunden"))
    uploaded_at = models.DateTimeField(_("Hochgeladen"), default=timezone.now)
    uploaded_by_id: Any = models.BigIntegerField(null=True)  # soft: Person.pk
    uploaded_by_name = models.CharField(_("Hochgeladen von"), max_length=120)

    class Meta:
        ordering: ClassVar[list[str]] = ["municipality_id", "kind"]
        verbose_name = _("Ansage")
        verbose_name_plural = _("Ansagen")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["municipality", "kind"], name="announcement_once_a_kind"),
            models.CheckConstraint(
                condition=LessThanOrEqual(Length("audio"), BIGGEST_KEPT), name="announcement_is_bounded"
            ),
            # It becomes a file's name.
            models.CheckConstraint(condition=models.Q(sha256__regex="^[0-9a-f]{64}$"), name="announcement_is_named"),
        ]

    def __str__(self) -> str:
        return str(self.get_kind_display())
