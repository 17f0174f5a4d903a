"""What an editor should know before reading on: where that what agents read differs from what stands here."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from knowledge.pool.models import Gap
from knowledge.views.preview import Answer
from tenants.models import Municipality


@dataclass
class Note:
    """A line above the page; `kind` is one of KERN's: info, warning. `url` and `link`: where to go; `post` and `deed`: a button that does it."""

    text: str
    kind: str = "info"
    url: str = ""
    link: str = ""
    post: str = ""
    deed: str = ""


def about(entry: Any, changes: Sequence[Any], answer: Answer, *, published: dict[str, Any]) -> Iterator[Note]:
    """Notes about a stored entry, the most urgent first. `published` is the snapshot that agents read, empty when there is none."""
    if entry.state == "changed" and changes:
        yield Note(unread_changes(entry, len(changes)), "warning", url="#aenderungen", link=_("Änderungen ansehen"))
    if entry.state == "draft":
        yield Note(_("Noch nicht veröffentlicht: Das Servicecenter sieht diesen Entwurf nicht."))
    if entry.state == "withdrawn":
        yield Note(
            _(
                "Zurückgezogen: Das Servicecenter sieht diesen Eintrag nicht mehr. Mit dem Veröffentlichen ist er wieder da."
            )
        )
    yield from about_validity(published)
    yield from about_review(entry)
    yield from about_contacts(answer)


def unread_changes(entry: Any, count: int) -> str:
    """That agents still read the older version."""
    return ngettext(
        "Das Servicecenter liest noch die Fassung vom %(day)s. %(count)s Änderung sieht es erst nach dem Veröffentlichen.",
        "Das Servicecenter liest noch die Fassung vom %(day)s. %(count)s Änderungen sieht es erst nach dem Veröffentlichen.",
        count,
    ) % {"day": date_format(timezone.localtime(entry.published_at), "d.m.Y"), "count": count}


def about_validity(published: dict[str, Any]) -> Iterator[Note]:
    """That a published article is not shown today."""
    today = timezone.localdate()
    begins, ends = (parse_date(published.get(name) or "") for name in ("valid_from", "valid_to"))
    if begins and begins > today:
        yield Note(
            _("Gültig erst ab %(day)s: Bis dahin sieht das Servicecenter den Artikel nicht.") % {"day": german(begins)},
            "warning",
        )
    if ends and ends < today:
        yield Note(
            _("Abgelaufen am %(day)s: Das Servicecenter sieht den Artikel nicht mehr.") % {"day": german(ends)},
            "warning",
        )


def about_review(entry: Any) -> Iterator[Note]:
    """That the review of an article is due; one click says that everything still holds."""
    day = getattr(entry, "review_at", None)
    if day and day <= timezone.localdate():
        due = _("Die Prüfung ist seit %(day)s fällig. Stimmt noch alles, genügt ein Klick.") % {"day": german(day)}
        yield Note(due, "warning", post=reverse("confirm_review", args=[entry.key]), deed=_("Stimmt noch"))


def about_contacts(answer: Answer) -> Iterator[Note]:
    """Contacts that agents do not see."""
    if names := ", ".join(contact.title for contact in answer.contacts if contact.unpublished):
        yield Note(
            _("Nicht veröffentlicht und daher für das Servicecenter unsichtbar: %(names)s.") % {"names": names},
            "warning",
            url=reverse("contact_list"),
            link=_("Zum Verzeichnis"),
        )


def about_gap(gap: Gap) -> Note:
    """Which question is being answered."""
    question = f"„{gap.text or gap.title}“"
    return Note(
        _("Gefragt wurde: %(question)s Mit dem Veröffentlichen gilt die Wissenslücke als beantwortet.")
        % {"question": question},
        url=reverse("gap_detail", args=[gap.pk]),
        link=_("Zur Wissenslücke"),
    )


def about_joining(municipality: Municipality) -> Note:
    """That nobody reads anything yet."""
    return Note(
        _("%(name)s ist noch nicht live: Das Servicecenter liest davon noch nichts.") % {"name": municipality.name}
    )


def german(day: date) -> str:
    """03.11.2026"""
    return date_format(day, "d.m.Y")
