"""What an editor makes of a search that led to nothing."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from knowledge.validation import LONGEST_WORD


class KeywordForm(forms.Form):
    """A search word for an article."""

    word = forms.CharField(
        label=_("Suchwort"),
        max_length=LONGEST_WORD,
        help_text=_("So, wie Anrufende es sagen."),
        error_messages={"required": _("Schreiben Sie das Suchwort.")},
    )
    article = forms.CharField(
        label=_("Artikel"),
        max_length=80,
        error_messages={"required": _("Wählen Sie den Artikel, der gefunden werden soll.")},
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **options})

    def clean_word(self) -> str:
        """One space between words, no comma, which would be two."""
        return " ".join(str(self.cleaned_data["word"]).replace(",", " ").split())
