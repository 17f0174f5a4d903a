"""The invitation mail. Mail may not be set up; then the inviter passes the link on."""

from smtplib import SMTPException

import structlog
from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string

from accounts.models import Invitation

log = structlog.get_logger(__name__)


def mail_is_set_up() -> bool:
    """Whether letters leave the house: the console backend only prints them."""
    return "console" not in settings.EMAIL_BACKEND


def send_invitation(invitation: Invitation, link: str) -> None:
    """Send the link when the running transaction commits; a mail server that is away is logged, the link is on the screen too."""
    if not mail_is_set_up():
        return
    values = {"invitation": invitation, "link": link, "place": invitation.municipality or invitation.centre}
    subject = render_to_string("accounts/mail/invitation_subject.txt", values).strip()
    body = render_to_string("accounts/mail/invitation.txt", values)

    def send() -> None:
        try:
            send_mail(subject, body, settings.DEFAULT_FROM_EMAIL, [invitation.email])
        except (OSError, SMTPException) as error:
            log.exception("accounts.mail_failed", template="invitation", error=type(error).__name__)

    transaction.on_commit(send)
