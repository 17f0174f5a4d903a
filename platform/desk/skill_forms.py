"""What whoever leads a team says of an agent."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from telephony_bridge.actions.skills import wishes
from telephony_bridge.routing.skills import Skills
from telephony_bridge.skill_models import LANGUAGES, AgentSkills
from tenants.models import Municipality


class SkillForm(forms.Form):
    """Municipalities count only where `training` says so: boxes that did not arrive must not train somebody for all."""

    training = forms.ChoiceField(
        label=_("Geschult für"),
        choices=[("all", _("alle Kommunen")), ("some", _("nur diese Kommunen"))],
        widget=forms.RadioSelect,
    )
    municipalities = forms.MultipleChoiceField(label=_("Kommunen"), required=False, widget=forms.CheckboxSelectMultiple)
    languages = forms.MultipleChoiceField(
        label=_("Sprachen"), choices=list(LANGUAGES), widget=forms.CheckboxSelectMultiple
    )
    line = forms.TypedChoiceField(
        label=_("Einsatz"),
        choices=list(AgentSkills.LINES),
        coerce=int,
        widget=forms.RadioSelect,
        help_text=_("Aushilfen bekommen einen Anruf nur, wenn sonst niemand frei ist."),
    )

    def __init__(self, data: Any = None, *, places: Sequence[Municipality], known: Skills) -> None:
        initial = {
            "training": "some" if known.municipalities else "all",
            "municipalities": sorted(known.municipalities),
            "languages": sorted(known.languages),
            "line": known.line,
        }
        super().__init__(data, initial=initial)
        self.places = places
        field = self.fields["municipalities"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(place.slug, place.name) for place in places]

    @property
    def boxes(self) -> list[tuple[Municipality, bool]]:
        """The municipalities that can be chosen, and whether they are."""
        chosen = set(self["municipalities"].value() or ())
        return [(place, place.slug in chosen) for place in self.places]

    def clean(self) -> dict[str, Any]:
        """Nobody is trained for nothing."""
        given = super().clean() or {}
        if given.get("training") == "some" and not given.get("municipalities") and "municipalities" not in self.errors:
            self.add_error("municipalities", _("Bitte mindestens eine Kommune ankreuzen, oder „alle Kommunen“ wählen."))
        return given

    @property
    def skills(self) -> Skills:
        """What was said; of a form that is valid."""
        given = self.cleaned_data
        places = given["municipalities"] if given["training"] == "some" else ()
        return Skills(frozenset(places), frozenset(given["languages"]), given["line"])


class NumberForm(forms.Form):
    """A number whose callers want a language."""

    number = forms.CharField(
        label=_("Rufnummer mit Vorwahl"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "tel"}),
    )
    language = forms.ChoiceField(label=_("Sprache"), choices=wishes)
