"""allauth's forms in our words: German labels, no placeholders, and a TOTP code that works once."""

from typing import Any

from allauth.account import forms as account
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as mfa
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import forms as totp
from allauth.mfa.webauthn import forms as webauthn
from django import forms
from django.core.cache import cache
from django.utils.translation import gettext_lazy as _

PASSWORD_RULE = _(
    "Mindestens 12 Zeichen; kein häufiges Passwort, nicht nur Ziffern, nicht Ihr Name oder Ihre E-Mail-Adresse."
)
CODE_HINT = _("Sechs Ziffern aus Ihrer Authenticator-App, oder einer Ihrer Wiederherstellungscodes.")
CODE_LIFE = 120  # seconds: as long as a code could be accepted at all (three steps of 30), and some


def reword(form: forms.BaseForm, **words: Any) -> None:
    """Label, or (label, hint), by field name; placeholders go, since they vanish when they are needed."""
    for name, word in words.items():
        label, hint = word if isinstance(word, tuple) else (word, "")
        field = form.fields[name]
        field.label, field.help_text = label, hint
        field.widget.attrs.pop("placeholder", None)


class SignInForm(account.LoginForm):  # type: ignore[misc]
    """E-mail address and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reword(self, login=_("E-Mail-Adresse"), password=_("Passwort"))
        self.fields["login"].widget.attrs["autocomplete"] = "username webauthn"


class PasswordForm(account.ReauthenticateForm):  # type: ignore[misc]
    """The password once more before something sensitive."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reword(self, password=_("Passwort"))


class PasswordChangeForm(account.ChangePasswordForm):  # type: ignore[misc]
    """The present password, and a new one twice."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reword(
            self,
            oldpassword=_("Jetziges Passwort"),
            password1=(_("Neues Passwort"), PASSWORD_RULE),
            password2=_("Neues Passwort noch einmal"),
        )


class PasswordSetForm(account.SetPasswordForm):  # type: ignore[misc]
    """A first password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reword(self, password1=(_("Passwort"), PASSWORD_RULE), password2=_("Passwort noch einmal"))


class PasswordResetForm(account.ResetPasswordForm):  # type: ignore[misc]
    """Where to send the link."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reword(self, email=(_("E-Mail-Adresse"), _("Die Adresse, mit der Sie sich anmelden.")))


class PasswordFromLinkForm(account.ResetPasswordKeyForm):  # type: ignore[misc]
    """A new password after the link from the mail."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reword(self, password1=(_("Neues Passwort"), PASSWORD_RULE), password2=_("Neues Passwort noch einmal"))


class OnceMixin:
    """allauth forgets a used code after 30 seconds, while the tolerance for slow clocks accepts it for 90: remember it longer."""

    def clean_code(self) -> str:
        """A code that was used before is a wrong one."""
        code: str = super().clean_code()  # type: ignore[misc]
        if self.authenticator.type == Authenticator.Type.TOTP:  # type: ignore[attr-defined]
            digits = "".join(filter(str.isdigit, code))
            if not cache.add(f"accounts.totp:{self.user.pk}:{digits}", 1, CODE_LIFE):  # type: ignore[attr-defined]
                raise get_adapter().validation_error("incorrect_code")
        return code


def _code(form: forms.BaseForm, hint: Any) -> None:
    reword(form, code=(_("Code"), hint))
    form.fields["code"].widget.attrs |= {"inputmode": "numeric", "autocomplete": "one-time-code", "autofocus": True}


class CodeForm(OnceMixin, mfa.AuthenticateForm):  # type: ignore[misc]
    """The second step of signing in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _code(self, CODE_HINT)


class CodeAgainForm(OnceMixin, mfa.ReauthenticateForm):  # type: ignore[misc]
    """A code before something sensitive."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _code(self, CODE_HINT)


class AppForm(totp.ActivateTOTPForm):  # type: ignore[misc]
    """The first code of a new authenticator app."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _code(self, _("Sechs Ziffern, die die App für Rufverbund jetzt zeigt."))


class KeyForm(webauthn.AddWebAuthnForm):  # type: ignore[misc]
    """A new passkey or security key."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reword(
            self,
            name=(_("Name des Schlüssels"), _("Zum Beispiel: Diensthandy, blauer Stick.")),
            passwordless=(
                _("Auch ohne Passwort anmelden (Passkey)"),
                _(
                    "Das Gerät fragt dann nach Fingerabdruck, Gesicht oder PIN. Bei einem einfachen Sicherheitsschlüssel lassen Sie es leer."
                ),
            ),
        )


class KeyNameForm(webauthn.EditWebAuthnForm):  # type: ignore[misc]
    """Another name for a key."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reword(self, name=_("Name des Schlüssels"))
