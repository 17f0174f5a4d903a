"""A synonym, as editors and supervisors write it."""

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from knowledge.pool.models import Synonym


class SynonymForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at runtime
    """`checked` carries the line whose effect was shown: only that is saved."""

    checked = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Synonym
        fields: ClassVar[list[str]] = ["words", "meaning", "both_ways"]
        help_texts: ClassVar[dict[str, Any]] = {
            "words": _("Zum Beispiel: Perso. Mehrere durch Komma trennen."),
            "meaning": _("Wie es in Titeln oder Suchwörtern steht, zum Beispiel: Personalausweis."),
            "both_ways": _("Wer „Personalausweis“ sucht, findet dann auch, wo nur „Perso“ steht."),
        }
        error_messages: ClassVar[dict[str, Any]] = {
            "words": {"required": _("Schreiben Sie, was Anrufende sagen.")},
            "meaning": {"required": _("Schreiben Sie, was damit gemeint ist.")},
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **options})

    @property
    def is_checked(self) -> bool:
        """Whether the effect of exactly this was shown."""
        return bool(self.cleaned_data["checked"] == self.instance.line)
