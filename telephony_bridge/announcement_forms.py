"""The form with which a municipality uploads what its callers hear."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from telephony_bridge.asterisk.decoding import LONGEST
from telephony_bridge.asterisk.speech import BIGGEST

HINT = gettext_lazy("wav oder mp3, höchstens {seconds} Sekunden und {size} MB.")
LABELS = {
    "emergency": gettext_lazy("Aufnahme für den Notfall"),
    "closed": gettext_lazy("Aufnahme für geschlossene Zeiten"),
}
MISSING = gettext_lazy("Bitte eine Datei auswählen.")


class AnnouncementForm(forms.Form):
    """A recording of one kind; what the file is, is looked at when it is converted."""

    audio = forms.FileField(
        widget=forms.FileInput(attrs={"accept": ".wav,.mp3,audio/wav,audio/mpeg"}),
        error_messages={"required": MISSING, "missing": MISSING},
    )

    def __init__(self, kind: str, data: Any = None, files: Any = None) -> None:
        super().__init__(data, files, prefix=kind)
        self.fields["audio"].label = LABELS[kind]
        self.fields["audio"].help_text = str(HINT).format(seconds=int(LONGEST), size=BIGGEST // 1024 // 1024)
