"""One's own name, language and display."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.access import Access
from accounts.forms.whole import WholeForm
from accounts.models import Person

THEMES = [("system", _("wie das System")), ("light", _("hell")), ("dark", _("dunkel"))]
DENSITIES = [("kompakt", _("kompakt")), ("bequem", _("bequem"))]
SENTENCES = [
    ("short", _("kurz: „Soest“")),
    ("normal", _("normal: „Anruf für Stadt Soest“")),
    ("greeting", _("mit Begrüßung")),
]
DEFAULTS = {"theme": "system", "density": "kompakt", "sentence": "normal"}  # what a person without a choice gets


class ProfileForm(WholeForm, forms.Form):
    """`phone_user` and the spoken sentence are for people at the telephone only."""

    name = forms.CharField(label=_("Name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    language = forms.ChoiceField(label=_("Sprache"), choices=settings.LANGUAGES)
    theme = forms.ChoiceField(label=_("Farben"), choices=THEMES)
    density = forms.ChoiceField(label=_("Dichte"), choices=DENSITIES)
    sentence = forms.ChoiceField(label=_("Gesprochener Satz bei einem Anruf"), choices=SENTENCES)
    phone_user = forms.CharField(
        label=_("Kennung in der Telefonanlage"),
        max_length=80,
        required=False,
        help_text=_(
            "Meldet die Anlage mit dieser Kennung ein angenommenes Gespräch, erscheint es auf Ihrem Arbeitsplatz."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, person: Person, access: Access, **kwargs: Any) -> None:
        chosen = {key: person.preferences.get(key, value) for key, value in DEFAULTS.items()}
        kwargs["initial"] = chosen | {"name": person.name, "language": person.language, "phone_user": person.phone_user}
        super().__init__(*args, **kwargs)
        if not access.centres:
            del self.fields["phone_user"], self.fields["sentence"]

    def clean_name(self) -> str:
        """Something to call them by."""
        return str(self.cleaned_data["name"]).strip()

    @property
    def preferences(self) -> dict[str, str]:
        """The display choices among the cleaned data."""
        return {key: self.cleaned_data[key] for key in DEFAULTS if key in self.cleaned_data}
