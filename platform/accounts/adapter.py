"""How allauth behaves here: nobody signs up by themselves, failures are counted across hosts, the last second factor stays."""

import base64
import hashlib
import time
from smtplib import SMTPException
from typing import Any

import qrcode  # type: ignore[import-untyped]
import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from qrcode.image.svg import SvgPathFillImage  # type: ignore[import-untyped]

from accounts.models import Membership, Person

log = structlog.get_logger(__name__)
FRESH = 900  # seconds after signing in during which sensitive pages do not ask for the password again


def display_name(person: Person) -> str:
    """What pages call a person."""
    return person.name


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts come from invitations only."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "account_inactive": _("Dieses Konto ist gesperrt."),
        "email_password_mismatch": _("E-Mail-Adresse oder Passwort stimmen nicht."),
        "enter_current_password": _("Geben Sie Ihr jetziges Passwort ein."),
        "incorrect_code": _(
            "Der Code stimmt nicht oder ist abgelaufen. Geben Sie den Code ein, den die App jetzt zeigt."
        ),
        "incorrect_password": _("Das Passwort stimmt nicht."),
        "invalid_password_reset": _("Der Link ist ungültig oder wurde schon benutzt."),
        "too_many_login_attempts": _(
            "Zu viele Fehlversuche. Warten Sie 15 Minuten oder setzen Sie Ihr Passwort mit „Passwort vergessen“ neu."
        ),
        "rate_limited": _("Zu viele Versuche. Warten Sie 15 Minuten und versuchen Sie es dann noch einmal."),
        "unverified_primary_email": _("Ihre E-Mail-Adresse ist noch nicht bestätigt."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Closed: an invitation link is the only way in."""
        return False

    def format_email_subject(self, subject: str) -> str:
        """The product's name instead of the host's."""
        return f"Rufverbund: {subject}"

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """A mail server that is away neither breaks a page nor tells by an error whether an account exists."""
        try:
            super().send_mail(template_prefix, email, context)
        except (OSError, SMTPException) as error:
            log.exception("accounts.mail_failed", template=template_prefix, error=type(error).__name__)

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Who signed in a few minutes ago is not asked again before setting up a second factor."""
        return bool(super().is_reauthentication_required(app=app, **kwargs)) and not self._signed_in_recently()

    def post_login(self, request: HttpRequest, user: Person, **kwargs: Any) -> HttpResponse:
        """Pages come in the language of the person, whatever the browser showed before."""
        response: HttpResponse = super().post_login(request, user, **kwargs)
        remember_language(response, user.language)
        return response

    def _signed_in_recently(self) -> bool:
        request = context.request
        records = get_authentication_records(request, request.user)
        return any(time.time() - record["at"] < FRESH for record in records)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Failures count per address on all hosts together; allauth's key carries the host, which would multiply the tries."""
        return str(credentials.get("email", "")).strip().lower()


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Secrets of second factors are encrypted at rest, and somebody who can see more than themselves keeps one."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "cannot_delete_authenticator": _(
            "Dies ist Ihr letzter zweiter Faktor. Er ist Pflicht, solange Sie eine Rolle haben; richten Sie zuerst einen anderen ein."
        ),
        "cannot_generate_recovery_codes": _("Richten Sie zuerst eine Authenticator-App oder einen Passkey ein."),
        "incorrect_code": AccountAdapter.error_messages["incorrect_code"],
        "unverified_email": AccountAdapter.error_messages["unverified_primary_email"],
    }

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Not the last app or key of somebody with a role. Recovery codes do not count: they are for emergencies."""
        others = Authenticator.objects.filter(user_id=authenticator.user_id).exclude(pk=authenticator.pk)
        if others.exclude(type=Authenticator.Type.RECOVERY_CODES).exists():
            return True
        return not Membership.objects.filter(person_id=authenticator.user_id).exists()

    def generate_authenticator_name(self, user: Person, type: Authenticator.Type) -> str:  # noqa: A002  allauth's name
        """Counted, for who does not want to think of one."""
        count: int = Authenticator.objects.filter(user_id=user.pk, type=type).count()
        return gettext("Schlüssel %d") % (count + 1)

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """One passkey for all hosts of an installation. `localhost` has no dot, browsers allow no common part there: one per host."""
        domain = str(settings.RUFVERBUND_DOMAIN)
        host = context.request.get_host().rsplit(":", 1)[0].lower()
        return {"id": domain if "." in domain and host.endswith(domain) else host, "name": "Rufverbund"}

    def build_totp_svg(self, url: str) -> str:
        """On white ground, since a code on the dark theme's ground cannot be scanned."""
        drawn = qrcode.make(url, image_factory=SvgPathFillImage)
        return str(drawn.to_string(encoding="unicode"))

    def encrypt(self, text: str) -> str:
        """With a key derived from SECRET_KEY."""
        token: bytes = _cipher().encrypt(text.encode())
        return token.decode()

    def decrypt(self, encrypted_text: str) -> str:
        """With today's key or one of SECRET_KEY_FALLBACKS."""
        text: bytes = _cipher().decrypt(encrypted_text.encode())
        return text.decode()


def remember_language(response: HttpResponse, language: str) -> None:
    """Keep the language in its cookie for a year."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=365 * 24 * 3600,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
        httponly=True,
    )


def _cipher() -> MultiFernet:
    keys = [str(key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]
    digests = [hashlib.sha256(b"rufverbund second factor\0" + key.encode()).digest() for key in keys]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
