"""The form of an article."""

import re
from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from knowledge.forms.entry import EntryForm
from knowledge.forms.fields import ContactsField, DayInput, LinksField, SearchWordsField
from knowledge.models import Article, Contact
from knowledge.validation import LONGEST_BODY
from tenants.identifiers import parse_leika_key

SHORT = 400


class ArticleForm(EntryForm):
    """What to say first, then the details, then how it is found."""

    short_answer = forms.CharField(
        label=gettext_lazy("Kurz gesagt"),
        required=False,
        max_length=SHORT,
        widget=forms.Textarea(attrs={"rows": 3, "data-counts": SHORT}),
    )
    body = forms.CharField(
        label=gettext_lazy("Einzelheiten"),
        required=False,
        max_length=LONGEST_BODY,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=gettext_lazy("Absätze durch eine leere Zeile; Aufzählungen mit „- “ am Anfang; **fett**."),
    )
    documents = forms.CharField(
        label=gettext_lazy("Unterlagen"), required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 2})
    )
    synonyms = SearchWordsField(
        label=gettext_lazy("Suchwörter"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Wie Anrufende es nennen, mit Komma getrennt."),
    )
    links = LinksField(label=gettext_lazy("Im Netz"), required=False)
    contacts = ContactsField(label=gettext_lazy("Zuständig"), required=False)
    leika = forms.CharField(
        label=gettext_lazy("LeiKa-Schlüssel"),
        required=False,
        max_length=30,
        help_text=gettext_lazy("14 Ziffern, zum Beispiel 99 115 005 104 000."),
    )

    class Meta:
        model = Article
        fields: ClassVar[list[str]] = [
            "title", "short_answer", "body", "costs", "documents", "synonyms", "links", "leika", "group", "valid_from", "valid_to", "review_at",
        ]  # fmt: skip
        widgets: ClassVar[dict[str, Any]] = {"valid_from": DayInput(), "valid_to": DayInput(), "review_at": DayInput()}
        error_messages: ClassVar[dict[str, Any]] = {
            "title": {"required": gettext_lazy("Der Artikel braucht einen Titel.")}
        }
        help_texts: ClassVar[dict[str, Any]] = {
            "costs": gettext_lazy("Zum Beispiel: 37 Euro, unter 24 Jahren 22,80 Euro."),
            "group": gettext_lazy("Gemeinsames Wort mit anderen Kommunen; dann stehen deren Antworten daneben."),
            "valid_from": gettext_lazy("Leer: sofort."),
            "valid_to": gettext_lazy("Letzter Tag; leer: auf Dauer."),
            "review_at": gettext_lazy("An diesem Tag erinnert die Startseite."),
        }

    def __init__(
        self, *args: Any, offered: Sequence[Contact], responsible: Sequence[Contact] = (), **options: Any
    ) -> None:
        super().__init__(*args, **options)
        field = self.fields["contacts"]
        if isinstance(field, ContactsField):
            field.offer(offered)
        self.initial.setdefault("contacts", list(responsible))
        shown = (self.data if self.is_bound else self.initial).get("short_answer") or ""
        self.fields["short_answer"].help_text = _(
            "Was am Telefon vorgelesen wird, höchstens zwei Sätze. Noch %(left)s von %(most)s Zeichen."
        ) % {
            "left": max(SHORT - len(str(shown)), 0),
            "most": SHORT,
        }

    def clean_leika(self) -> str:
        """Stored as 14 digits."""
        text = str(self.cleaned_data["leika"])
        try:
            return str(parse_leika_key(text)) if text.strip() else ""
        except ValueError as error:
            raise ValidationError(str(error), code="leika") from error

    def clean_group(self) -> str:
        """A LeiKa key is written without blanks, so that equal keys are equal."""
        text = " ".join(str(self.cleaned_data["group"]).split())
        return text.replace(" ", "") if re.fullmatch(r"[0-9 ]{14,}", text) else text
