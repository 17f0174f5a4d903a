"""What the platform knows of its municipalities: centres, members, numbers, hours, and the log of what was done."""

from typing import Any, ClassVar

from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django_tenants.models import DomainMixin, TenantMixin
from model_utils import Choices
from model_utils.fields import StatusField

from tenants import marks
from tenants.identifiers import validate_ags, validate_ars

SLUG = RegexValidator(
    r"^[a-z][a-z0-9-]{1,39}\Z", _("Kleinbuchstaben, Ziffern und Bindestriche, am Anfang ein Buchstabe.")
)


class ServiceCentre(models.Model):
    """A pool of agents that answers for its member municipalities. One installation may serve several."""

    slug = models.CharField(_("Kurzname"), max_length=40, unique=True, validators=[SLUG])
    name = models.CharField(_("Name"), max_length=120)
    operator = models.ForeignKey(
        "tenants.Municipality",
        models.PROTECT,
        related_name="operated_centres",
        null=True,
        blank=True,
        verbose_name=_("Betreiberin"),
    )
    hours = models.JSONField(_("Servicezeiten"), default=dict, blank=True)  # as Municipality.hours
    state = models.CharField(_("Land"), max_length=2, default="NW")  # holidays of this Land are closed
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["name"]
        verbose_name = _("Servicecenter")
        verbose_name_plural = _("Servicecenter")

    def __str__(self) -> str:
        return self.name


class Municipality(TenantMixin, models.Model):  # type: ignore[misc]
    """A municipality: what the pool sees of it at a call. Its drafts live in its own schema, `schema_name`.

    `hours` maps weekdays ("0" = Monday) to lists of [opens, closes] in local time: {"0": [["08:00", "12:00"], ["13:00", "17:00"]]}.
    """

    STATES = Choices(
        ("provisioning", _("wird eingerichtet")),
        ("joining", _("Beitritt")),
        ("live", _("live")),
        ("leaving", _("Austritt")),
        ("left", _("ausgetreten")),
    )
    KINDS = Choices(("stadt", _("Stadt")), ("kreis", _("Kreis")), ("gemeinde", _("Gemeinde")))

    auto_create_schema = False  # tenants.provisioning makes schema, role and rights together
    auto_drop_schema = False

    slug = models.CharField(_("Kurzname"), max_length=40, unique=True, validators=[SLUG])
    name = models.CharField(_("Name"), max_length=120)
    kind = models.CharField(_("Art"), max_length=10, choices=KINDS, default=KINDS.stadt)
    ags = models.CharField(_("Amtlicher Gemeindeschlüssel (AGS)"), max_length=8, validators=[validate_ags])
    ars = models.CharField(_("Regionalschlüssel (ARS)"), max_length=12, blank=True, validators=[validate_ars])
    centre = models.ForeignKey(
        ServiceCentre, models.PROTECT, related_name="municipalities", verbose_name=_("Servicecenter")
    )
    status = StatusField(_("Stand"), choices_name="STATES", default=STATES.provisioning)
    inhabitants = models.PositiveIntegerField(_("Einwohnerzahl"), null=True, blank=True)
    area_codes = models.JSONField(_("Vorwahlen"), default=list, blank=True)
    initials = models.CharField(_("Kürzel"), max_length=3)
    colour = models.CharField(_("Farbe"), max_length=12, choices=marks.COLOURS)
    pattern = models.CharField(_("Muster"), max_length=12, choices=marks.PATTERNS)
    greeting = models.TextField(_("Begrüßung"), max_length=400, blank=True)
    emergency = models.TextField(_("Notfallhinweis"), max_length=400, blank=True)
    situation = models.TextField(_("Lagemeldung"), max_length=400, blank=True)
    situation_since = models.DateTimeField(null=True, blank=True)
    closed_text = models.TextField(_("Text für geschlossene Zeiten"), max_length=600, blank=True)
    hours = models.JSONField(_("Öffnungszeiten"), default=dict, blank=True)
    state = models.CharField(_("Land"), max_length=2, default="NW")  # holidays of this Land are closed
    schema_version = models.CharField(max_length=64, blank=True)  # fingerprint of the migrations its schema has seen
    created_at = models.DateTimeField(auto_now_add=True)
    went_live_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["name"]
        verbose_name = _("Kommune")
        verbose_name_plural = _("Kommunen")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["centre", "initials"], name="initials_once_in_a_centre"),
            models.UniqueConstraint(fields=["centre", "colour", "pattern"], name="mark_once_in_a_centre"),
            models.CheckConstraint(condition=models.Q(ags__regex=r"^[0-9]{8}$"), name="ags_has_eight_digits"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def shape(self) -> str:
        """The shape of the recognition mark: town, Kreis or Gemeinde."""
        return self.kind

    @property
    def is_live(self) -> bool:
        """Whether the pool answers for it: only then are its calls labelled and its knowledge found."""
        return bool(self.status == self.STATES.live)


class Host(DomainMixin, models.Model):  # type: ignore[misc]
    """A host name of a municipality's own pages; the first is `<slug>.<RUFVERBUND_DOMAIN>`."""

    def __str__(self) -> str:
        return str(self.domain)


class NumberPrefix(models.Model):
    """Numbers of a municipality, as an E.164 prefix with the greatest length that a number of it has.

    02921 30 is short: without `max_length` it would claim every subscriber number of Soest that begins with 30.
    """

    municipality = models.ForeignKey(Municipality, models.CASCADE, related_name="numbers")
    prefix = models.CharField(
        _("Rufnummer (Anfang)"),
        max_length=16,
        unique=True,
        validators=[RegexValidator(r"^\+[1-9][0-9]{3,14}\Z", _("Form: +492921103"))],
    )
    max_length = models.PositiveSmallIntegerField(_("Höchste Länge mit Durchwahl, Ziffern"), default=15)
    is_did = models.BooleanField(_("Eigene Zielrufnummer im Servicecenter"), default=False)
    # A municipality proposes, the operator confirms: else anybody could draw another municipality's calls to themselves.
    confirmed_at = models.DateTimeField(_("Bestätigt"), null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["prefix"]
        verbose_name = _("Rufnummer")
        verbose_name_plural = _("Rufnummern")

    def __str__(self) -> str:
        return self.prefix


class SpecialDay(models.Model):
    """A day that differs from the week: closed, or other hours. It beats a public holiday."""

    municipality = models.ForeignKey(Municipality, models.CASCADE, related_name="special_days")
    day = models.DateField(_("Tag"))
    label = models.CharField(_("Anlass"), max_length=120)
    intervals = models.JSONField(_("Zeiten"), default=list, blank=True)  # [["08:00", "12:00"]]; empty: closed all day

    class Meta:
        ordering: ClassVar[list[str]] = ["day"]
        verbose_name = _("Besonderer Tag")
        verbose_name_plural = _("Besondere Tage")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["municipality", "day"], name="special_day_once")
        ]

    def __str__(self) -> str:
        return f"{self.day:%d.%m.%Y} {self.label}"


class AuditEntry(models.Model):
    """Who did what, where and when, with what was there before and after. Web logins may add rows, never change or delete one."""

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    person_id = models.BigIntegerField(null=True)  # soft: the row outlives the person
    person_name = models.CharField(max_length=200, blank=True)
    municipality = models.ForeignKey(Municipality, models.DO_NOTHING, null=True, related_name="+", db_constraint=False)
    centre = models.ForeignKey(ServiceCentre, models.DO_NOTHING, null=True, related_name="+", db_constraint=False)
    action = models.CharField(max_length=60)
    object_kind = models.CharField(max_length=40)
    object_id = models.CharField(max_length=120)
    object_label = models.CharField(max_length=200, blank=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    request_id = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        verbose_name = _("Protokolleintrag")
        verbose_name_plural = _("Protokoll")

    def __str__(self) -> str:
        return f"{self.action} {self.object_kind} {self.object_id}"


class OutboxEntry(models.Model):
    """What changed, numbered without gaps within its stream; written by database functions only.

    Streams: `c:<centre id>` (calls, presence, gaps: what desks show) and `m:<municipality id>` (published entries).
    """

    pk = models.CompositePrimaryKey("stream", "number")
    stream = models.CharField(max_length=40)
    number = models.BigIntegerField()
    kind = models.CharField(max_length=40)
    object_id = models.CharField(max_length=160)
    op = models.CharField(max_length=20)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering: ClassVar[list[str]] = ["stream", "number"]

    def __str__(self) -> str:
        return f"{self.stream} {self.number}"


class StreamCounter(models.Model):
    """The last number of a stream. Its row is locked until commit, so numbers have no gaps and appear in order."""

    stream = models.CharField(max_length=40, primary_key=True)
    last = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.stream} {self.last}"


class Installation(models.Model):
    """One row: what `rufverbund migrate` has applied, so that a start without news costs nothing."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    rights_version = models.CharField(max_length=64, blank=True)
    settings: Any = models.JSONField(default=dict)

    def __str__(self) -> str:
        return self.rights_version
