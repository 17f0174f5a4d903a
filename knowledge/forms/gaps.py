"""Answering what agents could not answer."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class AnswerGapForm(forms.Form):
    """Which article answers it, and a word to the agent who asked."""

    article = forms.CharField(
        label=_("Antwort steht im Artikel"),
        max_length=80,
        error_messages={"required": _("Wählen Sie den Artikel, in dem die Antwort steht.")},
    )
    note = forms.CharField(
        label=_("Nachricht an das Servicecenter"),
        required=False,
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Wer gefragt hat, liest sie am Arbeitsplatz, zum Beispiel: „Steht jetzt unter Kosten.“"),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **options})


class ReplyGapForm(forms.Form):
    """An answer that is a sentence, not an article."""

    note = forms.CharField(
        label=_("Antwort"),
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_(
            "Wer gefragt hat, liest sie am Arbeitsplatz. Andere finden sie nicht; was öfter gefragt wird, gehört in einen Artikel."
        ),
        error_messages={"required": _("Schreiben Sie die Antwort.")},
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", "auto_id": "id_reply_%s", **options})


class DeclineGapForm(forms.Form):
    """Why there will be no article."""

    note = forms.CharField(
        label=_("Grund"),
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Wer gefragt hat, liest ihn am Arbeitsplatz."),
        error_messages={"required": _("Sagen Sie dem Servicecenter, warum es dazu keine Auskunft gibt.")},
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", "auto_id": "id_decline_%s", **options})
