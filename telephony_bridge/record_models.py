"""The record of calls from Asterisk's channel event log (telephony_bridge/record/). Shared tables, guarded by row-level security."""

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _
from model_utils import Choices

from tenants.models import ServiceCentre


class RecordPosition(models.Model):
    """How far a log is in the database (record/files.py): moved in the transaction that stores what was read, so nothing counts twice."""

    source = models.ForeignKey("telephony_bridge.Source", models.CASCADE, related_name="+")
    path = models.CharField(max_length=500)
    head = models.CharField(max_length=64, blank=True)  # SHA-256 of the begin of the file that was read last
    head_length = models.PositiveIntegerField(default=0)  # bytes
    offset = models.BigIntegerField(default=0)  # bytes
    last_at = models.DateTimeField(null=True)  # of the last event
    gaps = models.PositiveIntegerField(default=0)  # how often a file was gone before it was read to its end

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["source", "path"], name="record_position_once")
        ]

    def __str__(self) -> str:
        return f"{self.path}: {self.offset}"


class CelEvent(models.Model):
    """An event of a channel (record/lines.py), in the order of the log. Forgotten after some days: the call's record stays."""

    source = models.ForeignKey("telephony_bridge.Source", models.CASCADE, related_name="+")
    digest = models.UUIDField()  # of the line: one that is read again, perhaps by hand, is no second event
    linked = models.CharField(max_length=120)
    event = models.CharField(max_length=120)
    at = models.DateTimeField()
    channel = models.CharField(max_length=120)
    name = models.CharField(max_length=120, blank=True)
    context = models.CharField(max_length=120, blank=True)
    exten = models.CharField(max_length=120, blank=True)
    extra = models.TextField(max_length=2000, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["source", "digest"], name="cel_event_once")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["source", "linked"], name="cel_event_by_call"),
            models.Index(fields=["at"], name="cel_event_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.channel}"


class CallRecord(models.Model):
    """What the exchange's own log says of a citizen's call. Reports and bills count this, not what the desk has seen."""

    ENDS = Choices(
        ("open", _("läuft")),
        ("hangup", _("aufgelegt")),
        ("lost", _("verloren: die Telefonanlage ist ausgefallen")),
        ("unseen", _("der Telefonanlage nicht bekannt")),  # a call of the desk that the log does not have
    )

    source = models.ForeignKey("telephony_bridge.Source", models.CASCADE, related_name="+")
    centre = models.ForeignKey(ServiceCentre, models.CASCADE, related_name="+")
    linked = models.CharField(max_length=120)  # the caller's channel: Call.external_id
    call = models.ForeignKey("telephony_bridge.Call", models.SET_NULL, null=True, related_name="+")
    dialled = models.CharField(max_length=120, blank=True)
    began_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)  # the first talk with an agent
    ended_at = models.DateTimeField(null=True)
    last_at = models.DateTimeField()  # when something was heard of it last
    end = models.CharField(max_length=12, choices=ENDS, default=ENDS.open)
    agent_id = models.BigIntegerField(null=True)  # soft: Person.pk who talked with the caller last
    agent_name = models.CharField(max_length=120, blank=True)
    telephone = models.CharField(max_length=120, blank=True)  # where that was
    legs: Any = models.JSONField(default=list)  # record.timeline.Leg, times as seconds since the begin
    differences: Any = models.JSONField(default=list)  # from the call as the desk has it (record/differences.py)
    compared_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(_("Geklärt"), null=True)
    settled_by_name = models.CharField(_("Geklärt von"), max_length=120, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-began_at", "-id"]
        verbose_name = _("Gesprächsaufzeichnung")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["source", "linked"], name="call_record_once")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["centre", "-began_at", "-id"], name="call_record_by_time"),
            models.Index(
                fields=["centre", "-began_at", "-id"], name="call_record_differs", condition=~models.Q(differences=[])
            ),
            models.Index(fields=["source"], name="call_record_open", condition=models.Q(end="open")),
            models.Index(
                fields=["source", "ended_at"],
                name="call_record_uncompared",
                condition=models.Q(compared_at=None) & ~models.Q(end="open"),
            ),
            models.Index(fields=["call"], name="call_record_by_call"),
        ]

    def __str__(self) -> str:
        return self.linked


class CallInterval(models.Model):
    """A time of a call in the centre. Those of a call follow each other without a gap, from its begin to its end."""

    KINDS = Choices(
        ("waiting", _("wartet")),
        ("talking", _("im Gespräch")),
        ("held", _("gehalten")),
        ("consulting", _("Rückfrage")),
        ("transferred", _("weitergeleitet")),
    )

    record = models.ForeignKey(CallRecord, models.CASCADE, related_name="intervals")
    kind = models.CharField(max_length=12, choices=KINDS)
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    telephone = models.CharField(max_length=120, blank=True)  # the agent's
    agent_id = models.BigIntegerField(null=True)  # soft: Person.pk
    agent_name = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["began_at", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["record", "began_at"], name="call_interval_once"),
            models.CheckConstraint(condition=models.Q(ended_at__gt=models.F("began_at")), name="call_interval_is_time"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["agent_id", "began_at"], name="call_interval_by_agent")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.began_at:%H:%M:%S}"
