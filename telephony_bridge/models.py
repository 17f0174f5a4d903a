"""Calls, where they came from, and who is there to take them. Shared tables, guarded by row-level security."""

import secrets
from typing import Any, ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from model_utils import Choices
from model_utils.fields import StatusField

from telephony_bridge import announcement_models, handover_models, notice_models, record_models, skill_models  # noqa: F401  Django looks for models here
from tenants.models import Municipality, ServiceCentre


class Source(models.Model):
    """Where calls are reported from: the exchange of a centre, or of one municipality. The token's hash finds it."""

    DIALECTS = Choices(
        ("zammad", _("Zammad (allgemeiner CTI-Webhook)")),
        ("sipgate", _("sipgate.io")),
        ("placetel", _("Placetel")),
        ("asterisk", _("Asterisk des Servicecenters")),
    )

    centre = models.ForeignKey(ServiceCentre, models.CASCADE, related_name="+")
    municipality = models.ForeignKey(Municipality, models.CASCADE, null=True, blank=True, related_name="+")
    name = models.CharField(_("Name"), max_length=120)
    dialect = models.CharField(_("Sprache der Anlage"), max_length=12, choices=DIALECTS, default=DIALECTS.zammad)
    networks: Any = models.JSONField(default=list, blank=True)  # addresses that may report, CIDR; empty: any
    generation = models.PositiveIntegerField(default=1)  # a rotated token is derived with the next number
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    last_event_at = models.DateTimeField(null=True)
    alive_at = models.DateTimeField(null=True)  # of an exchange of ours: when a bridge served it last (actions/life.py)
    refused_at = models.DateTimeField(null=True)  # the last message that was not accepted, and why
    refused_why = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]
        verbose_name = _("Anschluss")
        verbose_name_plural = _("Anschlüsse")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["centre", "municipality", "dialect"], name="source_once_a_dialect", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return self.name


def new_public_id() -> str:
    """An id that tells nothing and is safe in URLs and attributes: c-<date>-<random>."""
    return f"c-{timezone.now():%Y%m%d}-{secrets.token_hex(5)}"


class Call(models.Model):
    """One call of a citizen over all its legs, from the first ring to the closed wrap-up."""

    STATES = Choices(
        ("ringing", _("klingelt")),
        ("talking", _("im Gespräch")),
        ("wrap-up", _("Nachbearbeitung")),
        ("ended", _("beendet")),
    )
    OUTCOMES = Choices(
        ("answered", _("beantwortet")),
        ("transferred", _("weitergeleitet")),
        ("callback", _("Rückruf")),
        ("abandoned", _("abgebrochen")),
    )
    END_REASONS = Choices(
        ("closed", _("abgeschlossen")),
        ("abandoned", _("Anrufer hat aufgelegt")),
        ("busy", _("besetzt")),
        ("no_answer", _("niemand hat abgehoben")),
        ("failed", _("technisch gescheitert")),
        ("forwarded", _("von der Anlage weitergeleitet")),
        ("announced", _("Ansage gehört, niemand im Dienst")),
        ("reaped", _("ohne Ende gemeldet, automatisch geschlossen")),
    )
    PHASES = Choices(  # of a talk, where the exchange is ours to command
        ("held", _("wird gehalten")),
        ("dialling", _("Rückfrage klingelt")),
        ("consulting", _("in Rückfrage")),
        ("swapped", _("im Gespräch, Rückfrage wird gehalten")),
        ("blind", _("wird weitergeleitet")),
        ("fallback", _("bei der Notfallverteilung der Telefonanlage")),
        ("closed", _("hört eine Ansage")),
    )

    public_id = models.CharField(max_length=40, unique=True, default=new_public_id)
    centre = models.ForeignKey(ServiceCentre, models.PROTECT, related_name="+")
    municipality = models.ForeignKey(Municipality, models.PROTECT, null=True, blank=True, related_name="+")
    source = models.ForeignKey(Source, models.PROTECT, related_name="+")
    external_id = models.CharField(max_length=120)  # callId of the exchange
    state = StatusField(choices_name="STATES", default=STATES.ringing)
    from_number = models.CharField(
        max_length=40, blank=True
    )  # E.164 where it could be read; empty: withheld or not told
    from_raw = models.CharField(max_length=200, blank=True)
    to_number = models.CharField(max_length=40, blank=True)
    to_raw = models.CharField(max_length=200, blank=True)
    evidence: Any = models.JSONField(default=dict)  # {"kind": "to", "number": "+492921103", "prefix": "+492921103", …}
    told: Any = models.JSONField(
        default=dict
    )  # what the exchange has said so far (telephony_bridge.facts), so that repetition is harmless
    chosen_by_agent = models.BooleanField(default=False)  # municipality was not recognised, the agent picked it
    agent_id = models.BigIntegerField(null=True, db_index=True)  # soft: Person.pk
    agent_name = models.CharField(max_length=120, blank=True)
    is_controlled = models.BooleanField(default=False)  # its exchange does what the desk says
    offered_to_id = models.BigIntegerField(null=True)  # soft: Person.pk whose telephone rings; others see it wait
    phase = models.CharField(max_length=12, choices=PHASES, blank=True)
    phase_since = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)  # of what the exchange said last: what is older comes too late
    target = models.CharField(max_length=40, blank=True)  # the number that is asked, or to which the caller goes
    returned_from = models.CharField(max_length=200, blank=True)  # who could not be reached: the caller is back
    ringing_at = models.DateTimeField(default=timezone.now)
    answered_at = models.DateTimeField(null=True)
    hung_up_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    wrap_up_at = models.DateTimeField(null=True)
    wrap_up_until = models.DateTimeField(null=True)  # null in wrap-up: stopped by the agent ("Länger brauchen")
    hangup_cause = models.CharField(max_length=40, blank=True)
    end_reason = models.CharField(max_length=12, choices=END_REASONS, blank=True)
    callback_wanted_at = models.DateTimeField(null=True)  # the caller has pressed 1 while waiting
    callback_done_at = models.DateTimeField(null=True)
    callback_by_id = models.BigIntegerField(null=True)  # soft: Person.pk
    short_abandon = models.BooleanField(default=False)
    first_at = models.DateTimeField(null=True)  # a supervisor has put the caller before all others
    concern = models.CharField(max_length=200, blank=True)
    concern_kind = models.CharField(max_length=12, blank=True)
    concern_key = models.CharField(max_length=100, blank=True)  # "slug:key" of the entry
    outcome = models.CharField(max_length=12, choices=OUTCOMES, blank=True)
    transferred_to = models.CharField(max_length=200, blank=True)
    note = models.TextField(max_length=2000, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-ringing_at", "-id"]
        verbose_name = _("Anruf")
        verbose_name_plural = _("Anrufe")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["source", "external_id"], name="call_once")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["centre", "state"], name="call_open", condition=~models.Q(state="ended")),
            models.Index(fields=["centre", "-ringing_at"], name="call_by_time"),
            models.Index(
                fields=["centre", "from_number", "-ringing_at"],
                name="call_by_caller",
                condition=~models.Q(from_number=""),
            ),
            models.Index(fields=["agent_id", "-ringing_at"], name="call_by_agent"),
            models.Index(
                fields=["centre", "callback_wanted_at"],
                name="call_to_return",
                condition=models.Q(callback_wanted_at__isnull=False, callback_done_at=None),
            ),
            models.Index(fields=["municipality", "-ringing_at"], name="call_by_municipality"),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def wish(self) -> str:
        """What the caller wants, as it goes along to somebody else: an article or words; a contact that was only looked up is no wish."""
        return self.concern if self.concern_kind in ("", "article") else ""


class CtiEvent(models.Model):
    """A message of an exchange as it came, stored before anything is made of it."""

    source = models.ForeignKey(Source, models.CASCADE, related_name="+")
    call = models.ForeignKey(Call, models.SET_NULL, null=True, related_name="events")
    external_id = models.CharField(max_length=120)
    event = models.CharField(max_length=20)
    body: Any = models.JSONField(default=dict)
    received_at = models.DateTimeField(auto_now_add=True)
    took_ms = models.PositiveIntegerField(null=True)  # from its arrival until it was stored, without the commit
    result = models.CharField(
        max_length=40, blank=True
    )  # what was made of it: "created", "answered", "duplicate", "unknown_call" …

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["source", "external_id"], name="cti_event_by_call"),
            models.Index(fields=["source", "-id"], name="cti_event_by_source"),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.external_id}"


class Presence(models.Model):
    """Whether an agent takes calls of a centre. A heartbeat keeps it true: without one for 45 s they count as away."""

    STATES = Choices(
        ("ready", _("Bereit")),
        ("busy", _("Im Gespräch")),
        ("wrap-up", _("Nachbearbeitung")),
        ("break", _("Pause")),
        ("away", _("Abgemeldet")),
    )

    person_id = models.BigIntegerField()
    person_name = models.CharField(max_length=120)
    centre = models.ForeignKey(ServiceCentre, models.CASCADE, related_name="+")
    state = StatusField(choices_name="STATES", default=STATES.away)
    after_call = models.CharField(max_length=12, default="ready")  # what the agent wants to be after the running call
    telephone = models.CharField(max_length=40, blank=True)  # Telephone.user at which they sit; empty: their own
    reason = models.CharField(max_length=120, blank=True)  # of a break; also where the exchange has set it
    since = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar[list[str]] = ["person_name", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["person_id", "centre"], name="presence_once")
        ]

    def __str__(self) -> str:
        return f"{self.person_name}: {self.state}"


class Telephone(models.Model):
    """A telephone of a centre at which an agent can sign in: an endpoint of its exchange."""

    centre = models.ForeignKey(ServiceCentre, models.CASCADE, related_name="+")
    user = models.CharField(_("Kennung"), max_length=40, unique=True)  # SIP user, the endpoint's name
    label = models.CharField(_("Platz"), max_length=80)
    extension = models.CharField(_("Durchwahl"), max_length=20, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["label", "id"]
        verbose_name = _("Telefon")
        verbose_name_plural = _("Telefone")

    def __str__(self) -> str:
        return self.label


class ExchangeCommand(models.Model):
    """What an agent wants of the exchange for a call; the bridge does it and says so. Old ones are forgotten with the reports."""

    VERBS = Choices(
        "accept", "decline", "hold", "resume", "transfer", "consult", "swap", "complete", "cancel", "hang_up",
        "first", "pull",  # by whoever leads the team, of a call that waits
        "take_over",  # and of a talk
    )  # fmt: skip
    RESULTS = Choices("done", "refused", "late", "not_taken", "talk_over")  # the last two: see routing.calls.Why

    centre = models.ForeignKey(ServiceCentre, models.CASCADE, related_name="+")
    call = models.ForeignKey(Call, models.CASCADE, related_name="+")
    person_id = models.BigIntegerField()  # soft: Person.pk
    verb = models.CharField(max_length=12, choices=VERBS)
    number = models.CharField(max_length=40, blank=True)  # E.164 or an extension
    label = models.CharField(max_length=200, blank=True)  # whose number it is
    created_at = models.DateTimeField(auto_now_add=True)
    done_at = models.DateTimeField(null=True)
    result = models.CharField(max_length=12, choices=RESULTS, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["centre", "id"], name="command_open", condition=models.Q(done_at=None))
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.call_id}"


class SpoolPosition(models.Model):
    """How far a bridge's spool is in the database: moved in the transaction that stores what was read, so nothing counts twice."""

    source = models.ForeignKey(Source, models.CASCADE, related_name="+")
    spool = models.CharField(max_length=40)  # its own id: a standby on another machine has another
    number = models.BigIntegerField(default=0)  # of the last record that is stored

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["source", "spool"], name="spool_once")
        ]

    def __str__(self) -> str:
        return f"{self.source_id}: {self.number}"
