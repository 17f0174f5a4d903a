"""Cards of transferred callers by e-mail, where the person has no account (worker scope). The row is the outbox: what is transferred is there to send."""

from datetime import timedelta
from functools import reduce
from operator import or_

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.core.validators import validate_email
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Greatest
from django.template.loader import render_to_string
from django.utils import timezone, translation

from accounts.mails import mail_is_set_up
from telephony_bridge.actions.handing import plain_address
from telephony_bridge.handover_models import Handover
from tenants import audit
from tenants.audit import SYSTEM, Actor

log = structlog.get_logger(__name__)
TOO_OLD = timedelta(hours=12)  # who was called yesterday does not need to read it today
PAUSE = timedelta(minutes=2)  # until the second try; each pause is twice the one before
TRIES = 9  # the last 8.5 hours after the first: one more would come when it is too old
BATCH = 50  # in a run


def mail_handovers(*, acting_user: Actor = SYSTEM) -> int:
    """Send what is due, one after the other; how many were sent. Nothing happens where no mail is set up. What fails is tried again, later and later.

    Each is marked before it is sent: whoever is killed meanwhile has lost that one letter. One that the server took without our hearing of it
    is sent a second time, with the same Message-ID.
    """
    if not mail_is_set_up():
        return 0
    sent, last = 0, 0
    for _nth in range(BATCH):
        handover = _taken(last, acting_user)
        if handover is None:
            break
        sent, last = sent + _is_sent(handover), handover.pk
    return sent


def _is_sent(handover: Handover) -> bool:
    if not handover.mailed_at:
        return False
    try:
        validate_email(handover.email)  # it is what a municipality has published, whatever that is
        _letter(handover).send()
    except Exception as error:  # one at which Python's own parser breaks (`"`) shall not cost others their letters
        log.exception("telephony.mail_failed", template="handover", error=type(error).__name__)
        Handover.objects.filter(pk=handover.pk).update(mailed_at=None)
        return False
    return True


def _taken(last: int, acting_user: Actor) -> Handover | None:
    """The next that is due, marked; not marked where it may not be sent. None: there is no more. `last`: the key of the one before in this run."""
    with transaction.atomic():
        found = _due().filter(pk__gt=last).select_for_update(of=("self",), skip_locked=True).order_by("pk").first()
        if found is None:
            return None
        if not _is_published(found):
            found.mail_tries = TRIES
            found.save(update_fields=["mail_tries"])
            return found
        found.mailed_at, found.mail_tries = timezone.now(), found.mail_tries + 1
        found.save(update_fields=["mailed_at", "mail_tries"])
        audit.record(
            "mail_handover", found, acting_user=acting_user, municipality=found.municipality_id, centre=found.centre_id
        )
    return found


def _due() -> "QuerySet[Handover]":
    """What is to be sent and is not in a pause. Pauses count from when it could be sent first: no time of a try is kept."""
    now = timezone.now()
    waits = [Q(mail_tries=tries, ready_at__lte=now - PAUSE * (2**tries - 1)) for tries in range(TRIES)]
    ready = Handover.objects.annotate(ready_at=Greatest("state_at", "call__ended_at"))
    return ready.filter(Handover.to_mail(now - TOO_OLD, TRIES), reduce(or_, waits)).select_related("municipality")


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
