"""What goes along with a caller to the person who gets them: a card. A shared table, guarded by row-level security."""

from datetime import timedelta
from typing import Any, ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from model_utils import Choices

from telephony_bridge import numbers
from tenants.models import Municipality, ServiceCentre

LONGEST_RING = timedelta(minutes=2)


class Handover(models.Model):
    """A caller who was, or is being, put through to somebody of a municipality. All is copied as it was then: the municipality may read neither the
    call (which may be another's) nor the agent. Forgotten with the caller's number."""

    STATES = Choices(
        ("asked", _("angefragt")),  # wanted of the exchange, or asked first: nobody there knows of it yet
        ("ringing", _("klingelt")),
        ("transferred", _("verbunden")),
        ("ended", _("nicht mehr erreicht")),  # the caller hung up before anybody answered
        ("returned", _("zurück im Servicecenter")),
    )
    SHOWN = ("ringing", "transferred", "ended")  # to the person: what concerns them; rights.sql says the same

    call = models.ForeignKey("telephony_bridge.Call", models.CASCADE, related_name="+")
    centre = models.ForeignKey(ServiceCentre, models.CASCADE, related_name="+")
    municipality = models.ForeignKey(Municipality, models.CASCADE, related_name="+")  # of the person, not of the call
    called_name = models.CharField(max_length=120, blank=True)  # the municipality that was called; empty: not known
    contact_key = models.CharField(max_length=100)  # "person:p_boeckmann", in the municipality's directory
    contact_name = models.CharField(_("Kontakt"), max_length=200)
    person_id = models.BigIntegerField(
        null=True
    )  # soft: Person.pk, where the contact has an account in the municipality
    email = models.EmailField(blank=True)
    caller = models.CharField(max_length=40, blank=True)  # as Germans write it; empty: withheld
    concern = models.CharField(_("Anliegen"), max_length=200, blank=True)
    agent_id = models.BigIntegerField()  # soft: Person.pk
    agent_name = models.CharField(max_length=120)
    at = models.DateTimeField(default=timezone.now)
    state = models.CharField(_("Stand"), max_length=12, choices=STATES, default=STATES.asked)
    state_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(_("Erledigt"), null=True)
    mailed_at = models.DateTimeField(null=True)  # taken for sending; null again where that failed
    mail_tries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering: ClassVar[list[str]] = ["-at", "-id"]
        verbose_name = _("Weitergeleiteter Anruf")
        verbose_name_plural = _("Weitergeleitete Anrufe")
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["municipality", "person_id", "-at"], name="handover_by_person"),
            models.Index(fields=["call"], name="handover_open", condition=models.Q(state__in=["asked", "ringing"])),
            models.Index(
                fields=["at"],
                name="handover_to_mail",
                condition=models.Q(state="transferred", person_id=None, mailed_at=None),
            ),
        ]

    def __str__(self) -> str:
        return self.contact_name

    @property
    def dial(self) -> str:
        """The caller's number for a tel: link, "" where it is none."""
        return numbers.to_e164(self.caller) or ""

    @property
    def rings(self) -> bool:
        """Whether the telephone rings just now. No telephone does it for longer: then nobody has told how it went on."""
        return self.state == "ringing" and timezone.now() - self.state_at < LONGEST_RING

    @staticmethod
    def to_mail(since: Any, tries: int) -> models.Q:
        """Those that are to be sent by e-mail: nobody there has a page to look at. Not older than `since`, after less than `tries` failures.

        Where the agent only notes a transfer, it may still be taken back until the call is closed.
        """
        final = models.Q(call__is_controlled=True) | models.Q(call__state="ended")
        unsent = models.Q(state="transferred", person_id=None, mailed_at=None, mail_tries__lt=tries, at__gte=since)
        return unsent & final & ~models.Q(email="")
