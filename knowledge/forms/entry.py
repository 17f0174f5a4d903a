"""What the forms of articles, contacts and departments share: a guard against two who edit at once."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from knowledge.models import Entry

if TYPE_CHECKING:
    EntryModelForm = forms.ModelForm[Entry]
else:
    EntryModelForm = forms.ModelForm


class EntryForm(EntryModelForm):
    """`seen` says which state of the entry the form was made from; saving over a newer one is refused once, with everything still typed."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.label_suffix = ""
        self.stored_at: datetime | None = self.instance.updated_at if self.instance.pk else None
        self.stored_by: str = self.instance.updated_by_name
        self.overtaken = False
        self.initial["seen"] = self.stamp

    @property
    def stamp(self) -> str:
        """The state of the stored entry."""
        return self.stored_at.isoformat() if self.stored_at else ""

    @property
    def shown_stamp(self) -> str:
        """What the page's hidden field carries: after a refusal the newer state, so that saving again is a decision."""
        return self.stamp if self.overtaken or not self.is_bound else str(self.data.get("seen", ""))

    def clean(self) -> dict[str, Any]:
        """Refuse a form that was made from an older state."""
        cleaned = super().clean() or self.cleaned_data
        if self.instance.pk and self.stored_at and cleaned.get("seen") != self.stamp:
            self.overtaken = True
            raise ValidationError(
                _(
                    "Inzwischen hat %(who)s diesen Eintrag geändert (%(when)s Uhr). Ihre Eingaben stehen unverändert im Formular. "
                    "Vergleichen Sie unten und speichern Sie noch einmal, wenn Ihre Fassung gelten soll."
                ),
                code="overtaken",
                params={
                    "who": self.stored_by or _("jemand"),
                    "when": date_format(timezone.localtime(self.stored_at), "d.m.Y, H:i"),
                },
            )
        return cleaned

    def clean_title(self) -> str:
        """One space between words."""
        return " ".join(str(self.cleaned_data["title"]).split())
