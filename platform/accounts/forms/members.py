"""Forms about members and invitations."""

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext_lazy as _

from accounts.forms.sign_in import PASSWORD_RULE
from accounts.models import MUNICIPALITY_ROLES, ROLES, Person

ROLE_HINTS = {
    ROLES.editor: _("Redaktion: schreibt und veröffentlicht Wissen, beantwortet Wissenslücken."),
    ROLES.tenant_admin: _("Mandanten-Admin: dazu Rufnummern, Zeiten, Begrüßung und Mitglieder."),
    ROLES.department_reader: _("Fachamt: liest die Artikel und Kontakte der eigenen Kommune."),
}
TOWN_ROLES = [(role, dict(ROLES)[role]) for role in MUNICIPALITY_ROLES]


class InviteForm(forms.Form):
    """Whom to invite to what."""

    name = forms.CharField(label=_("Name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    email = forms.EmailField(
        label=_("E-Mail-Adresse"),
        help_text=_("Mit dieser Adresse meldet sich die Person später an."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    role = forms.ChoiceField(label=_("Rolle"), choices=TOWN_ROLES, widget=forms.RadioSelect, initial=ROLES.editor)

    def clean_email(self) -> str:
        """Addresses are kept in small letters."""
        return str(self.cleaned_data["email"]).lower()


class RoleForm(forms.Form):
    """Another role."""

    role = forms.ChoiceField(label=_("Rolle"), choices=TOWN_ROLES, widget=forms.RadioSelect)


class MemberFilterForm(forms.Form):
    """What the list of members shows."""

    q = forms.CharField(label=_("Name oder E-Mail-Adresse"), required=False, max_length=80)
    role = forms.ChoiceField(label=_("Rolle"), required=False, choices=[("", _("Alle Rollen")), *TOWN_ROLES])


class NewPersonForm(forms.Form):
    """Name and password of somebody who follows an invitation without having an account."""

    name = forms.CharField(label=_("Ihr Name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    password1 = forms.CharField(
        label=_("Passwort"),
        help_text=PASSWORD_RULE,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    password2 = forms.CharField(
        label=_("Passwort noch einmal"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email = email

    def clean_name(self) -> str:
        """Something to call them by."""
        return str(self.cleaned_data["name"]).strip()

    def clean(self) -> dict[str, Any]:
        """Both passwords are the same, and a good one for this person."""
        data = super().clean() or {}
        first, second = data.get("password1"), data.get("password2")
        if first and second and first != second:
            self.add_error("password2", _("Die beiden Passwörter sind verschieden. Geben Sie zweimal dasselbe ein."))
        elif first:
            try:
                validate_password(first, Person(email=self.email, name=data.get("name", "")))
            except forms.ValidationError as error:
                self.add_error("password1", error)
        return data
