"""A form that empties what was left empty, and nothing that did not arrive."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _


class WholeForm(forms.BaseForm):
    """Browsers send every line of a form, empty ones too. Where one is missing the request is none of our pages', or was cut off."""

    def clean(self) -> dict[str, Any] | None:
        """Refuse it; what is required says so by itself."""
        cleaned: dict[str, Any] | None = super().clean()
        may_be_empty = [name for name, field in self.fields.items() if not field.required]
        if any(self._is_missing(name) for name in may_be_empty):
            raise forms.ValidationError(
                _(
                    "Das Formular ist nicht vollständig angekommen, gespeichert ist nichts. Laden Sie die Seite neu und versuchen Sie es noch einmal."
                ),
                code="incomplete",
            )
        return cleaned

    def _is_missing(self, name: str) -> bool:
        return bool(self.fields[name].widget.value_omitted_from_data(self.data, self.files, self.add_prefix(name)))
