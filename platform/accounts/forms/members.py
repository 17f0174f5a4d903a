"""Forms about members and invitations."""

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext_lazy as _

from accounts.forms.sign_in import PASSWORD_RULE
from accounts.models import ROLES, Invitation, Person, Place, roles_at

ROLE_HINTS = {
    ROLES.agent: _(
        "Servicecenter-Mitarbeitende: nimmt am Arbeitsplatz Anrufe an und findet, was die Kommunen veröffentlicht haben."
    ),
    ROLES.supervisor: _(
        "Teamleitung: sieht am Arbeitsplatz Warteschlange und Anwesenheit und ist nicht von selbst bereit für Anrufe."
    ),
    ROLES.editor: _("Redaktion: schreibt und veröffentlicht Wissen, beantwortet Wissenslücken."),
    ROLES.tenant_admin: _("Mandanten-Admin: dazu Rufnummern, Zeiten, Begrüßung und Mitglieder."),
    ROLES.department_reader: _("Fachamt: liest die Artikel und Kontakte der eigenen Kommune."),
}


def role_hints(place: Place) -> list[str]:
    """What each role of a place is for."""
    return [str(ROLE_HINTS[role]) for role in roles_at(place)]


class WhomForm(forms.Form):
    """Whom to invite."""

    name = forms.CharField(label=_("Name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    email = forms.EmailField(
        label=_("E-Mail-Adresse"),
        max_length=Invitation._meta.get_field("email").max_length,
        help_text=_("Mit dieser Adresse meldet sich die Person später an."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )

    def clean_email(self) -> str:
        """Addresses are kept in small letters."""
        return str(self.cleaned_data["email"]).lower()


class RoleForm(forms.Form):
    """A role of a place."""

    role = forms.ChoiceField(label=_("Rolle"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, place: Place, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        role = self.fields["role"]
        assert isinstance(role, forms.ChoiceField)
        role.choices = [(each, dict(ROLES)[each]) for each in roles_at(place)]


class InviteForm(RoleForm, WhomForm):
    """Whom to invite to what; the first role of the place is proposed."""

    field_order = ("name", "email", "role")

    def __init__(self, *args: Any, place: Place, **kwargs: Any) -> None:
        super().__init__(*args, place=place, **kwargs)
        self.fields["role"].initial = roles_at(place)[0]


class MemberFilterForm(RoleForm):
    """What the list of members shows."""

    q = forms.CharField(label=_("Name oder E-Mail-Adresse"), required=False, max_length=80)
    role = forms.ChoiceField(label=_("Rolle"), required=False)

    def __init__(self, *args: Any, place: Place, **kwargs: Any) -> None:
        super().__init__(*args, place=place, **kwargs)
        role = self.fields["role"]
        assert isinstance(role, forms.ChoiceField)
        role.choices = [("", _("Alle Rollen")), *((each, dict(ROLES)[each]) for each in roles_at(place))]

    @property
    def wanted(self) -> dict[str, str]:
        """What is asked for; what is not valid counts as not asked."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


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
