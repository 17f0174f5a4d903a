"""The forms of the directory: people and functions, and departments."""

import re
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from knowledge.forms.entry import EntryForm
from knowledge.forms.fields import SearchWordsField
from knowledge.models import Contact, Department
from knowledge.validation import LONGEST_BODY

NUMBER = re.compile(r"\+?[0-9][0-9 ()/.-]{2,38}")
EXTENSION = re.compile(r"[0-9]{1,8}")


class DirectoryForm(EntryForm):
    """How somebody is reached, and what for."""

    synonyms = SearchWordsField(
        label=gettext_lazy("Suchwörter"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Wie Anrufende es nennen, mit Komma getrennt."),
    )
    responsibilities = forms.CharField(
        label=gettext_lazy("Aufgaben"),
        required=False,
        max_length=LONGEST_BODY,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Womit man sich hierher wendet."),
    )
    body = forms.CharField(
        label=gettext_lazy("Hinweis für das Servicecenter"),
        required=False,
        max_length=LONGEST_BODY,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def clean_phone(self) -> str:
        """One space between groups, as it was typed otherwise."""
        text = " ".join(str(self.cleaned_data["phone"]).split())
        if text and not NUMBER.fullmatch(text):
            raise ValidationError(
                _("„%(text)s“ ist keine Rufnummer. Schreiben Sie sie mit Vorwahl: 02921 103-1243."),
                params={"text": text[:40]},
            )
        return text

    def clean_ext(self) -> str:
        """Digits alone."""
        text = str(self.cleaned_data["ext"]).replace(" ", "").lstrip("-")
        if text and not EXTENSION.fullmatch(text):
            raise ValidationError(_("Eine Durchwahl besteht nur aus Ziffern, zum Beispiel 1243."))
        return text

    def set_help(self) -> None:
        """The same words beside the same fields."""
        self.fields["phone"].help_text = _("Mit Vorwahl, zum Beispiel 02921 103-1243.")
        self.fields["ext"].help_text = _("Die Ziffern hinter der zentralen Nummer.")
        self.fields["hours"].help_text = _("Zum Beispiel: Mo bis Fr 8 bis 12 Uhr.")


class ContactForm(DirectoryForm):
    """A person, or a function such as “Abfallberatung”."""

    class Meta:
        model = Contact
        fields: ClassVar[list[str]] = [
            "title", "function", "department", "ext", "phone", "email", "room", "hours", "responsibilities", "synonyms", "body",
        ]  # fmt: skip
        labels: ClassVar[dict[str, Any]] = {"title": gettext_lazy("Name")}
        error_messages: ClassVar[dict[str, Any]] = {
            "title": {"required": gettext_lazy("Der Kontakt braucht einen Namen.")}
        }
        help_texts: ClassVar[dict[str, Any]] = {
            "title": gettext_lazy("Vor- und Nachname, oder die Funktion: „Abfallberatung“.")
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.set_help()
        department = self.fields["department"]
        if isinstance(department, forms.ModelChoiceField):
            department.empty_label = _("keine")
        contact: Any = self.instance
        if contact.dept and not contact.department_id:
            department.help_text = _("Eingelesen wurde „%(dept)s“; diese Abteilung gibt es noch nicht.") % {
                "dept": contact.dept
            }


class DepartmentForm(DirectoryForm):
    """An organisational unit."""

    class Meta:
        model = Department
        fields: ClassVar[list[str]] = [
            "title",
            "parent",
            "ext",
            "phone",
            "email",
            "room",
            "hours",
            "responsibilities",
            "synonyms",
            "body",
        ]
        labels: ClassVar[dict[str, Any]] = {"title": gettext_lazy("Name der Abteilung")}
        error_messages: ClassVar[dict[str, Any]] = {
            "title": {"required": gettext_lazy("Die Abteilung braucht einen Namen.")}
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.set_help()
        parent = self.fields["parent"]
        if isinstance(parent, forms.ModelChoiceField):
            parent.empty_label = _("steht oben")
            if self.instance.pk:
                parent.queryset = Department.objects.exclude(pk=self.instance.pk)
