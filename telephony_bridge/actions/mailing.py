"""Cards of transferred callers by e-mail, where the person has no account (worker scope). The row is the outbox: what is transferred is there to send."""

from datetime import timedelta

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.core.validators import validate_email
from django.db import connection, transaction
from django.template.loader import render_to_string
from django.utils import timezone, translation

from accounts.mails import mail_is_set_up
from telephony_bridge.actions.handing import plain_address
from telephony_bridge.handover_models import Handover
from tenants import audit
from tenants.audit import SYSTEM, Actor

log = structlog.get_logger(__name__)
TOO_OLD = timedelta(hours=12)  # who was called yesterday does not need to read it today
TRIES = 3
BATCH = 50


def mail_handovers(*, acting_user: Actor = SYSTEM) -> int:
    """Send what is due, each once; how many were sent. Nothing happens where no mail is set up; a mail server that is away is asked again."""
    if not mail_is_set_up():
        return 0
    sent = 0
    for handover in _taken(acting_user):
        try:
            validate_email(handover.email)  # it is what a municipality has published, whatever that is
            _letter(handover).send()
            sent += 1
        except Exception as error:  # one at which Python's own parser breaks (`"`) shall not cost others their letters
            log.exception("telephony.mail_failed", template="handover", error=type(error).__name__)
            Handover.objects.filter(pk=handover.pk).update(mailed_at=None)
    return sent


def _taken(acting_user: Actor) -> list[Handover]:
    """Marked before anything is sent: whoever dies in between has lost one letter, and nobody gets two."""
    with transaction.atomic():
        due = Handover.objects.filter(Handover.to_mail(timezone.now() - TOO_OLD, TRIES)).select_related("municipality")
        found = list(due.select_for_update(of=("self",), skip_locked=True).order_by("pk")[:BATCH])
        for handover in found:
            if not _is_published(handover):
                handover.mail_tries = TRIES
                handover.save(update_fields=["mail_tries"])
                continue
            handover.mailed_at, handover.mail_tries = timezone.now(), handover.mail_tries + 1
            handover.save(update_fields=["mailed_at", "mail_tries"])
            audit.record(
                "mail_handover", handover, acting_user=acting_user, municipality=handover.municipality_id,
                centre=handover.centre_id,
            )  # fmt: skip
    return [handover for handover in found if handover.mailed_at]


def _is_published(handover: Handover) -> bool:
    """Whether the contact still has this address: what a desk writes may be anybody's."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.address_of_contact(%s, %s)", [handover.municipality_id, handover.contact_key])
        row: tuple[str | None] = cursor.fetchone() or (None,)
    return plain_address(row[0] or "") == handover.email


def _letter(handover: Handover) -> EmailMessage:
    """In German; its subject says neither who called nor why."""
    with translation.override("de"):
        subject = render_to_string("telephony_bridge/mail/handover_subject.txt", {"handover": handover}).strip()
        body = render_to_string("telephony_bridge/mail/handover.txt", {"handover": handover})
    one = f"<handover-{handover.pk}-{handover.at:%Y%m%d%H%M%S}@{settings.RUFVERBUND_DOMAIN}>"
    return EmailMessage(subject, body, settings.DEFAULT_FROM_EMAIL, [handover.email], headers={"Message-ID": one})
