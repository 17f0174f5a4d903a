"""What the gallery shows: municipalities, hits, a form, made-up people."""

import datetime
from types import SimpleNamespace
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.utils import timezone

from tenants.marks import COLOURS, PATTERNS, SHAPES


def municipality(name: str, initials: str, mark: tuple[str, str, str]) -> dict[str, Any]:
    """A municipality as templates need it; `mark` is (shape, colour, pattern)."""
    shape, colour, pattern = mark
    return {"name": name, "initials": initials, "shape": shape, "colour": colour, "pattern": pattern}


SOEST = municipality("Stadt Soest", "SO", ("stadt", "beere", "schraeg")) | {
    "slug": "soest",
    "is_live": True,
    "centre": {"name": "Servicecenter Soest"},
}
KREIS = municipality("Kreis Soest", "KS", ("kreis", "ocker", "punkte")) | {"slug": "kreis"}
LIPPSTADT = municipality("Stadt Lippstadt", "LP", ("stadt", "himmel", "karo")) | {"slug": "lippstadt"}
SASSENDORF = municipality("Gemeinde Bad Sassendorf", "BS", ("gemeinde", "petrol", "gitter")) | {
    "slug": "bad-sassendorf"
}
TOWNS = [SOEST, KREIS, LIPPSTADT, SASSENDORF]
PERSON = SimpleNamespace(is_authenticated=True, name="Heike Brand", preferences={})

HITS = {
    "articles": [
        ("soest:sperrmuell", SOEST, "Sperrmüllabfuhr anmelden", "", ""),
        ("soest:elektro", SOEST, "Elektroaltgeräte entsorgen", "", ""),
        ("soest:wertstoff", SOEST, "Wertstoffhof: Öffnungszeiten und Annahme", "", ""),
        ("soest:wild", SOEST, "Wilde Müllablagerung melden", "", ""),
        ("kreis:schadstoff", KREIS, "Schadstoffmobil und Problemabfälle", "", ""),
        ("lippstadt:sperrgut", LIPPSTADT, "Sperrgut abholen lassen", "", ""),
    ],
    "contacts": [
        ("soest:p1", SOEST, "Dirk Große Böckmann", "Abfallberatung", "1243"),
        ("soest:p2", SOEST, "Maria Fischer", "Umweltabteilung", "1580"),
        ("soest:p3", SOEST, "Jens Hense", "Umweltabteilung", "1299"),
        ("kreis:k1", KREIS, "Entsorgungswirtschaft", "Abteilung", ""),
    ],
}


class Message:
    """One of django.contrib.messages."""

    def __init__(self, level_tag: str, text: str) -> None:
        self.level_tag, self.text = level_tag, text

    def __str__(self) -> str:
        return self.text


class EveryField(forms.Form):
    """One field of each kind."""

    title = forms.CharField(label="Titel", help_text="Wie Anrufende es nennen.", max_length=80)
    short = forms.CharField(
        label="Kurz gesagt", widget=forms.Textarea(attrs={"rows": 3}), help_text="Höchstens zwei Sätze."
    )
    office = forms.ChoiceField(
        label="Amt", choices=[("", "alle 36"), ("b", "Bürgerbüro"), ("u", "Umweltabteilung")], required=False
    )
    review = forms.DateField(label="Nächste Prüfung", required=False)
    opens = forms.TimeField(label="Öffnet um", required=False)
    mail = forms.EmailField(label="E-Mail-Adresse", required=False)
    calls = forms.IntegerField(label="Anrufe", required=False)
    outcome = forms.ChoiceField(
        label="Ergebnis", choices=[("a", "Beantwortet"), ("w", "Weitergeleitet")], widget=forms.RadioSelect
    )
    days = forms.MultipleChoiceField(
        label="Tage",
        choices=[("1", "Montag"), ("2", "Dienstag")],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="An denen gesprochen wird.",
    )
    agreed = forms.BooleanField(label="Stimmt noch", help_text="Setzt das Datum der Prüfung auf heute.")
    file = forms.FileField(label="Datei", required=False)
    key = forms.CharField(widget=forms.HiddenInput, initial="k")


MARKDOWN = """# Anmelden

Anmelden kann der Haushalt **oder** die Hausverwaltung, siehe [Abfallkalender](https://www.soest.example/abfall).

## Was mitgenommen wird

- Möbel, Matratzen, Teppiche
- Fahrräder

| Menge | Kosten |
|:------|-------:|
| bis 4 m³ | keine |

> Elektrogeräte gehören nicht dazu.
"""


def context() -> dict[str, Any]:
    """Everything that a gallery page may show."""
    initial = {
        "title": "Sperrmüllabfuhr anmelden",
        "review": datetime.date(2027, 5, 3),
        "opens": datetime.time(8, 30),
        "outcome": "a",
        "days": ["2"],
    }
    shapes = [key for key, _name in SHAPES]
    marks = [
        municipality(str(name), str(name)[:2].upper(), (shapes[n % 3], key, PATTERNS[n % len(PATTERNS)][0]))
        for n, (key, name) in enumerate(COLOURS)
    ]
    return {
        "municipality": SOEST, "soest": SOEST, "kreis": KREIS, "towns": TOWNS, "marks": marks, "roles": frozenset({"tenant_admin"}),
        "patterns": PATTERNS, "clean": EveryField(initial=initial, prefix="ok"), "wrong": EveryField({"mail": "x", "review": "31.02."}),
        "page_obj": Paginator(range(1234), 25).page(7), "one_page": Paginator(range(3), 25).page(1), "now": timezone.now(),
        "earlier": timezone.now() - datetime.timedelta(minutes=4), "text": MARKDOWN, "hits": HITS, "preferences": {},
        "messages": [Message("success", "Gespeichert um 10:42."), Message("error", "Die Nummer gehört schon zu Kreis Soest.")],
    }  # fmt: skip
