"""Forms of the settings and of the operator. What is typed is read as people write it: „8:00-12:00, 13:00-17:00“, „24.12.2026“, „02921 103“."""

import re
from datetime import date
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.forms.members import WhomForm
from accounts.forms.whole import WholeForm
from telephony_bridge.numbers import to_e164
from tenants.hours import Week, interval_text, intervals_as_json, parse_intervals
from tenants.hours_wording import WEEKDAYS
from tenants.models import SLUG, Municipality, ServiceCentre, SpecialDay

if TYPE_CHECKING:
    MunicipalityModelForm = forms.ModelForm[Municipality]
else:
    MunicipalityModelForm = forms.ModelForm

_SPAN = re.compile(
    r"\s*([0-9]{1,2})(?:[:.]([0-9]{2}))?\s*(?:Uhr)?\s*(?:-|–|bis)\s*([0-9]{1,2})(?:[:.]([0-9]{2}))?\s*(?:Uhr)?\s*",
    re.IGNORECASE,
)
HOURS_HINT = gettext_lazy("Zum Beispiel 8:00–12:00, 13:00–17:00; leer heißt geschlossen.")


class IntervalsField(forms.CharField):
    """Opening times of a day, typed in one line; cleaned to [["08:00", "12:00"], …]."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, max_length=80, **kwargs)

    def clean(self, value: Any) -> Any:
        """Raises ValidationError with what is wrong."""
        text = str(super().clean(value)).strip().rstrip(".")
        pairs = []
        for part in filter(None, re.split(r"\s*(?:,|;|\bund\b)\s*", text)):
            found = _SPAN.fullmatch(part)
            if found is None:
                raise forms.ValidationError(_("„%(part)s“ ist keine Zeitspanne wie 8:00–12:00."), params={"part": part})
            h1, m1, h2, m2 = found.groups()
            pairs.append([f"{int(h1):02d}:{m1 or '00'}", f"{int(h2):02d}:{m2 or '00'}"])
        try:
            return intervals_as_json(parse_intervals(pairs))
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error


def intervals_text(stored: list[list[str]]) -> str:
    """The stored times as they are typed."""
    return ", ".join(interval_text(interval) for interval in parse_intervals(stored))


class HoursForm(WholeForm, forms.Form):
    """Opening hours of a week, a line per weekday."""

    def __init__(self, *args: Any, hours: dict[str, Any] | None = None, **kwargs: Any) -> None:
        stored = Week.parse(hours or {}).as_json()
        kwargs.setdefault("initial", {f"day{n}": intervals_text(stored.get(str(n), [])) for n in range(7)})
        super().__init__(*args, **kwargs)
        for number, name in enumerate(WEEKDAYS):
            self.fields[f"day{number}"] = IntervalsField(label=name)

    def hours(self) -> dict[str, list[list[str]]]:
        """As Municipality.hours."""
        return {str(n): self.cleaned_data[f"day{n}"] for n in range(7) if self.cleaned_data[f"day{n}"]}


class TextsForm(WholeForm, MunicipalityModelForm):
    """What agents read at a call."""

    class Meta:
        model = Municipality
        fields = ("greeting", "emergency", "closed_text", "inhabitants")
        widgets = {name: forms.Textarea(attrs={"rows": 3}) for name in ("greeting", "emergency", "closed_text")}
        help_texts = {
            "greeting": gettext_lazy(
                "Wird am Telefon vorgelesen. {agent} steht für den Namen der Mitarbeiterin, {name} für die Kommune."
            ),
            "emergency": gettext_lazy(
                "Was bei einem Notfall zuerst zu sagen ist; steht bei jedem Anruf unter der Begrüßung."
            ),
            "closed_text": gettext_lazy("Was Anrufende hören, wenn geschlossen ist."),
        }


class SituationForm(WholeForm, forms.Form):
    """The situation banner."""

    situation = forms.CharField(
        label=gettext_lazy("Lagemeldung"),
        required=False,
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Erscheint sofort auf allen Arbeitsplätzen des Servicecenters. Leer: keine Meldung."),
    )


class SpecialDayForm(WholeForm, forms.Form):
    """A day that differs."""

    # A line to type in: a browser's calendar speaks the browser's language, and the day is known anyway.
    day = forms.DateField(
        label=gettext_lazy("Tag"),
        input_formats=["%d.%m.%Y", "%d.%m.%y", "%Y-%m-%d"],
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"invalid": gettext_lazy("Bitte einen Tag wie 24.12.2026 angeben.")},
    )
    label = forms.CharField(
        label=gettext_lazy("Anlass"),
        max_length=SpecialDay._meta.get_field("label").max_length,
        help_text=gettext_lazy("Zum Beispiel Heiligabend."),
    )
    intervals = IntervalsField(label=gettext_lazy("Geöffnet"), help_text=HOURS_HINT)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["day"].help_text = _("Zum Beispiel 24.12.%(year)s.") % {"year": timezone.localdate().year}

    def clean_day(self) -> date:
        """Today or later: what is over changes nothing any more."""
        day: date = self.cleaned_data["day"]
        if day < timezone.localdate():
            raise forms.ValidationError(_("Dieser Tag ist schon vorbei."))
        return day


def with_area_code(written: str) -> str:
    """A number as E.164; raises ValidationError for one without area code (110 and the like have none)."""
    e164 = to_e164(written) if written.lstrip(" (")[:1] in {"+", "0"} else None
    if e164 is None:
        raise forms.ValidationError(_("Bitte mit Vorwahl angeben, zum Beispiel 02921 103."))
    return e164


class NumberForm(forms.Form):
    """A number that the operator will confirm."""

    number = forms.CharField(
        label=gettext_lazy("Rufnummer ohne Durchwahl"),
        max_length=30,
        help_text=gettext_lazy("Zum Beispiel 02921 103 oder +49 2921 103."),
    )
    extension_digits = forms.IntegerField(
        label=gettext_lazy("Stellen der längsten Durchwahl"),
        min_value=0,
        max_value=6,
        initial=4,
        help_text=gettext_lazy("Längere Nummern, die zufällig gleich beginnen, gehören dann nicht dazu."),
    )

    def clean_number(self) -> str:
        """E.164: German spelling becomes +49…"""
        return with_area_code(self.cleaned_data["number"])


class MarkForm(MunicipalityModelForm):
    """The recognition mark."""

    class Meta:
        model = Municipality
        fields = ("initials", "colour", "pattern")

    def clean_initials(self) -> str:
        """Capital letters and digits."""
        initials = str(self.cleaned_data["initials"]).upper()
        if not re.fullmatch(r"[A-ZÄÖÜ0-9]{1,3}", initials):
            raise forms.ValidationError(_("Ein bis drei Buchstaben oder Ziffern."))
        return initials


class CentreForm(forms.Form):
    """A new service centre."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=120, help_text=gettext_lazy("Zum Beispiel Servicecenter Soest.")
    )
    slug = forms.CharField(
        label=gettext_lazy("Kurzname"),
        max_length=40,
        validators=[SLUG],
        help_text=gettext_lazy("Kleinbuchstaben, zum Beispiel soest."),
    )


class MunicipalityForm(forms.Form):
    """A new municipality; number and mark are checked by the action."""

    name = forms.CharField(
        label=gettext_lazy("Voller Name"), max_length=120, help_text=gettext_lazy("Zum Beispiel Stadt Geseke.")
    )
    kind = forms.ChoiceField(label=gettext_lazy("Art"), choices=list(Municipality.KINDS))
    slug = forms.CharField(
        label=gettext_lazy("Kurzname"),
        max_length=40,
        validators=[SLUG],
        help_text=gettext_lazy("Steht in der Adresse, zum Beispiel geseke."),
    )
    ags = forms.CharField(
        label=gettext_lazy("Amtlicher Gemeindeschlüssel (AGS)"),
        max_length=8,
        help_text=gettext_lazy("8 Ziffern, zum Beispiel 05974020."),
    )
    inhabitants = forms.IntegerField(label=gettext_lazy("Einwohnerzahl"), required=False, min_value=0)
    centre = forms.ModelChoiceField(
        label=gettext_lazy("Servicecenter"), queryset=ServiceCentre.objects.none(), empty_label=None
    )
    number = forms.CharField(
        label=gettext_lazy("Zentrale Rufnummer ohne Durchwahl"),
        max_length=30,
        required=False,
        help_text=gettext_lazy("Zum Beispiel 02942 500."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["centre"].queryset = ServiceCentre.objects.order_by("name")  # type: ignore[attr-defined]

    def clean_number(self) -> str:
        """As in NumberForm; empty is allowed."""
        return with_area_code(self.cleaned_data["number"]) if self.cleaned_data["number"] else ""


class MunicipalityFilter(forms.Form):
    """Above the operator's list; what makes no sense is left out instead of refused."""

    q = forms.CharField(
        label=gettext_lazy("Name oder AGS"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    status = forms.ChoiceField(
        label=gettext_lazy("Stand"), required=False, choices=[("", gettext_lazy("alle")), *Municipality.STATES]
    )
    centre = forms.ModelChoiceField(
        label=gettext_lazy("Servicecenter"),
        required=False,
        queryset=ServiceCentre.objects.none(),
        to_field_name="slug",
        empty_label=gettext_lazy("alle"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "filter_%s", **kwargs})
        self.fields["centre"].queryset = ServiceCentre.objects.order_by("name")  # type: ignore[attr-defined]

    @property
    def wanted(self) -> dict[str, Any]:
        """What was chosen, by field."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


class AuditFilter(forms.Form):
    """Words to look for in the log."""

    q = forms.CharField(
        label=gettext_lazy("Person oder Gegenstand"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search"}),
    )

    @property
    def words(self) -> list[str]:
        """The first five; none for nonsense."""
        self.is_valid()
        return str(self.cleaned_data.get("q", "")).split()[:5]


class AdminForm(WhomForm):
    """The first admin of a municipality."""
