"""Form fields for lists: search words in one line, links and contacts in rows. All of them work without JavaScript."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from knowledge.models import Contact
from knowledge.validation import LONGEST_WORD, MOST_LINKS, MOST_WORDS

SPARE_ROWS = 2  # empty rows that wait for more
MOST_CONTACTS = 20


def several(data: Any, name: str) -> list[str]:
    """All values of a repeated field of a submitted form, stripped."""
    values = data.getlist(name) if isinstance(data, MultiValueDict) else data.get(name, [])
    return [str(value).strip() for value in values]


class DayInput(forms.DateInput):
    """The browser's own calendar; it wants ISO and shows German."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class SearchWordsField(forms.CharField):
    """`Perso, neuer Ausweis` <-> ["Perso", "neuer Ausweis"]; doubles are dropped whatever their case."""

    def prepare_value(self, value: Any) -> Any:
        """What the widget shows."""
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        """What was typed, as the model keeps it."""
        words = {
            word.casefold(): word
            for raw in reversed(str(value or "").replace("\n", ",").split(","))
            if (word := " ".join(raw.split()))
        }
        return list(reversed(words.values()))

    def validate(self, value: Any) -> None:
        """How many there are and how long."""
        super().validate(value)
        if len(value) > MOST_WORDS:
            raise ValidationError(
                _("Höchstens %(most)s Suchwörter; angegeben sind %(found)s."),
                params={"most": MOST_WORDS, "found": len(value)},
            )
        if long := [word for word in value if len(word) > LONGEST_WORD]:
            raise ValidationError(
                _("„%(word)s …“ ist zu lang für ein Suchwort. Wörter werden mit Komma getrennt."),
                params={"word": long[0][:40]},
            )

    def run_validators(self, value: Any) -> None:
        """The characters were checked word by word."""


class LinksInput(forms.Widget):
    """Rows of label and address; the value is a list of [label, url]."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[list[str]]:
        """The rows that are not empty."""
        labels, urls = several(data, f"{name}-label"), several(data, f"{name}-url")
        return [[label, url] for label, url in zip(labels, urls, strict=False) if label or url]

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """Whether the form had no such rows."""
        return f"{name}-url" not in data


class LinksField(forms.Field):
    """Rows <-> [{"label": str, "url": str}]. An address without a scheme gets https://; a row without a label is called by its host."""

    widget = LinksInput
    check = URLValidator(schemes=["http", "https"])

    def prepare_value(self, value: Any) -> Any:
        """What the widget shows."""
        rows = [[row.get("label", ""), row.get("url", "")] if isinstance(row, dict) else row for row in value or []]
        return rows + [["", ""]] * min(SPARE_ROWS, max(MOST_LINKS - len(rows), 0))

    def to_python(self, value: Any) -> list[dict[str, str]]:
        """What was typed, as the model keeps it."""
        rows = value or []
        if len(rows) > MOST_LINKS:
            raise ValidationError(_("Höchstens %(most)s Links."), params={"most": MOST_LINKS})
        return [self.row(number, label, url) for number, (label, url) in enumerate(rows, 1)]

    def row(self, number: int, label: str, url: str) -> dict[str, str]:
        """One checked link."""
        if not url:
            raise ValidationError(
                _("Link %(number)s („%(label)s“) hat noch keine Adresse."),
                params={"number": number, "label": label[:60]},
            )
        if url.startswith(("mailto:", "tel:")):  # imported ones stay; the model checks them
            return {"label": (label or url.partition(":")[2])[:120], "url": url}
        full = url if "://" in url else f"https://{url}"
        try:
            self.check(full)
        except ValidationError as error:
            raise ValidationError(
                _("Link %(number)s: „%(url)s“ ist keine Adresse im Netz. Sie beginnt mit https://."),
                params={"number": number, "url": url[:80]},
            ) from error
        return {"label": (label or full.split("/")[2])[:120], "url": full}

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compared row by row, empty ones left out."""
        return bool(
            [row for row in self.prepare_value(initial) if any(row)]
            != [row for row in self.prepare_value(data) if any(row)]
        )


def contact_line(contact: Contact) -> str:
    """How a contact is offered and typed: name, function or department, extension. Unique with its key."""
    what = contact.function or contact.department_name
    return ", ".join(part for part in (contact.title, what, contact.ext) if part)


class ContactsInput(forms.Widget):
    """Rows of one line each; what is typed in a row is a contact's line, name or key."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[str]:
        """The rows that are not empty."""
        return [line for line in several(data, name) if line]

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """Whether the form had no such rows."""
        return name not in data


class ContactsField(forms.Field):
    """Rows <-> contacts in order: who is named first is asked first. `offer` takes the contacts that may be named."""

    widget = ContactsInput
    default_error_messages = {
        "unknown": gettext_lazy(
            "„%(line)s“ steht nicht im Verzeichnis. Wählen Sie einen Kontakt aus der Liste oder legen Sie ihn zuerst an."
        ),
        "twice": gettext_lazy(
            "„%(line)s“ ist mehrdeutig: Es gibt %(count)s solche Kontakte. Wählen Sie einen aus der Liste."
        ),
        "many": gettext_lazy("Höchstens %(most)s Kontakte."),
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.lines: dict[str, Contact] = {}
        self.by_word: dict[str, list[Contact]] = {}

    def offer(self, contacts: Sequence[Contact]) -> None:
        """Which contacts may be named; equal lines get their key added."""
        plain: dict[str, list[Contact]] = {}
        for contact in contacts:
            plain.setdefault(contact_line(contact), []).append(contact)
        self.lines = {
            line if len(same) == 1 else f"{line} [{contact.key}]": contact
            for line, same in plain.items()
            for contact in same
        }
        self.by_word = {}
        for line, contact in self.lines.items():
            for word in {line.casefold(), contact.title.casefold(), contact.key.casefold(), contact.ext} - {""}:
                self.by_word.setdefault(word, []).append(contact)

    def line_of(self, contact: Contact) -> str:
        """The offered line of a contact."""
        return next((line for line, offered in self.lines.items() if offered.pk == contact.pk), contact_line(contact))

    def prepare_value(self, value: Any) -> Any:
        """What the widget shows."""
        rows = [self.line_of(row) if isinstance(row, Contact) else str(row) for row in value or []]
        return rows + [""] * min(SPARE_ROWS, max(MOST_CONTACTS - len(rows), 0))

    def to_python(self, value: Any) -> list[Contact]:
        """What was typed, as the model keeps it."""
        lines = value or []
        if len(lines) > MOST_CONTACTS:
            raise ValidationError(self.error_messages["many"], code="many", params={"most": MOST_CONTACTS})
        found: dict[int, Contact] = {}
        for line in lines:
            contact = self.one(str(line))
            found[contact.pk] = contact
        return list(found.values())

    def one(self, line: str) -> Contact:
        """The contact that a line means."""
        matches = self.by_word.get(line.casefold(), [])
        if not matches:
            raise ValidationError(self.error_messages["unknown"], code="unknown", params={"line": line[:80]})
        if len(matches) > 1:
            raise ValidationError(
                self.error_messages["twice"], code="twice", params={"line": line[:80], "count": len(matches)}
            )
        return matches[0]
