"""Forms of the operator's pages of exchanges."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.forms.whole import WholeForm
from telephony_bridge.actions.sources import OVER_HTTP
from telephony_bridge.models import Source
from telephony_bridge.networks import parse_networks
from tenants.errors import Refusal
from tenants.models import Municipality, ServiceCentre

LONGEST = 4000  # characters of a list of networks


class SourceForm(forms.Form):
    """A new exchange: whose it is, and how it speaks."""

    place = forms.ChoiceField(label=gettext_lazy("Wessen Anlage"))
    dialect = forms.ChoiceField(
        label=gettext_lazy("Sprache der Anlage"),
        choices=[(key, label) for key, label in Source.DIALECTS if key in OVER_HTTP],
        help_text=gettext_lazy("Viele Anlagen haben eine Anbindung für Zammad; sie passt auch hier."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.centres = {f"c{centre.pk}": centre for centre in ServiceCentre.objects.order_by("name")}
        towns = Municipality.objects.exclude(status="left").select_related("centre").order_by("name")
        self.towns = {f"m{town.pk}": town for town in towns}
        shared = [
            (key, _("%(name)s, für alle Kommunen") % {"name": centre.name}) for key, centre in self.centres.items()
        ]
        own = [(key, _("%(name)s, eigene Anlage") % {"name": town.name}) for key, town in self.towns.items()]
        self.fields["place"].choices = [*shared, *own]  # type: ignore[attr-defined]

    def chosen(self) -> dict[str, Any]:
        """centre, municipality (None: all of the centre) and dialect, for the action."""
        place, dialect = self.cleaned_data["place"], self.cleaned_data["dialect"]
        town = self.towns.get(place)
        return {"centre": town.centre if town else self.centres[place], "municipality": town, "dialect": dialect}


class NetworksForm(WholeForm, forms.Form):
    """From which addresses an exchange may report; empty for any."""

    networks = forms.CharField(
        label=gettext_lazy("Adressen oder Netze"),
        required=False,
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("Eine je Zeile, zum Beispiel 203.0.113.7 oder 2001:db8::/32. Leer: von überall."),
    )

    def clean_networks(self) -> list[str]:
        """In their usual form (telephony_bridge.networks)."""
        try:
            return parse_networks(self.cleaned_data["networks"])
        except Refusal as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
