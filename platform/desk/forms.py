"""What an agent fills in: the wrap-up, a report of missing knowledge, the settings of the page."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from telephony_bridge.models import Call
from tenants.models import Municipality

NOTE_HINT = _("Keine Namen und keine Gesundheitsdaten. Wird nach 30 Tagen gelöscht.")


class WrapUpForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at runtime
    """What the call was about and how it ended."""

    class Meta:
        model = Call
        fields: ClassVar[list[str]] = ["concern", "concern_kind", "concern_key", "outcome", "transferred_to", "note"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for form_field in self.fields.values():
            form_field.required = False

    def given(self) -> dict[str, str]:
        """The fields that were sent, for the action; a draft may hold a part of them."""
        return {name: str(value) for name, value in self.cleaned_data.items() if name in self.data}


class GapForm(forms.Form):
    """Missing knowledge for one municipality."""

    gap_municipality = forms.ChoiceField(label=_("Geht an die Redaktion von"))
    gap_title = forms.CharField(
        label=_("Was fehlt?"), max_length=200, help_text=_("Wenige Worte, wie der Anrufer sie sagt.")
    )
    gap_text = forms.CharField(
        label=_("Was wollte der Anrufer wissen?"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=NOTE_HINT,
    )

    def __init__(self, data: Any = None, *, municipalities: Iterable[Municipality]) -> None:
        super().__init__(data)
        choices = forms.ChoiceField(
            choices=[(m.slug, m.name) for m in municipalities], label=self.fields["gap_municipality"].label
        )
        self.fields["gap_municipality"] = choices


class SettingsForm(forms.Form):
    """How the desk sounds and looks for one person."""

    tone = forms.BooleanField(required=False)
    notify = forms.BooleanField(required=False)
    device = forms.CharField(max_length=200, required=False)
    sentence = forms.ChoiceField(choices=[("short", ""), ("normal", ""), ("greeting", "")], required=False)
    density = forms.ChoiceField(choices=[("kompakt", ""), ("bequem", "")], required=False)
    theme = forms.ChoiceField(choices=[("system", ""), ("light", ""), ("dark", "")], required=False)
    keys = forms.JSONField(required=False)

    def clean_keys(self) -> dict[str, str] | None:
        """Action to key, both short texts."""
        keys = self.cleaned_data["keys"]
        if keys is None:
            return None
        fits = isinstance(keys, dict) and len(keys) <= 40
        if not fits or not all(
            isinstance(k, str) and isinstance(v, str) and len(k) <= 20 and len(v) <= 40 for k, v in keys.items()
        ):
            raise forms.ValidationError(_("Diese Tastenbelegung kann nicht gespeichert werden."))
        return dict(keys)

    def given(self) -> dict[str, Any]:
        """What was sent; unticked boxes belong to a form that says so by `boxes`."""
        boxes = {"tone", "notify"} if "boxes" in self.data else set()
        return {name: value for name, value in self.cleaned_data.items() if name in self.data or name in boxes}


class EndedSearchForm(forms.Form):
    """How a search ended: the words, for whom, how many hits, and the entry that was opened (`slug/kind/key`) with its place."""

    words = forms.CharField(max_length=400)
    called = forms.SlugField(max_length=40)
    hits = forms.IntegerField(min_value=0, max_value=1000)
    place = forms.IntegerField(min_value=1, max_value=100, required=False)
    entry = forms.CharField(max_length=160, required=False)
