"""An entry as agents will read it, made from its snapshot: typed, drafted or published alike."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from knowledge.models import Contact, Department, Publication


@dataclass
class Responsible:
    """A contact as it stands below an answer. `unpublished`: agents do not see it."""

    title: str
    what: str
    number: str
    unpublished: bool


@dataclass
class Answer:
    """Everything that the desk shows of an entry; what an entry does not have is empty."""

    title: str
    body: str = ""
    short_answer: str = ""
    costs: str = ""
    documents: str = ""
    links: list[dict[str, str]] = field(default_factory=list)
    validity: str = ""
    contacts: list[Responsible] = field(default_factory=list)
    function: str = ""
    dept: str = ""
    ext: str = ""
    phone: str = ""
    email: str = ""
    room: str = ""
    hours: str = ""
    responsibilities: str = ""


def answer_of(saved: dict[str, Any]) -> Answer:
    """The answer in a snapshot; its contacts say what is published of them."""
    own = {
        name: saved[name] for name in Answer.__dataclass_fields__ if name in saved and name not in {"contacts", "dept"}
    }
    return Answer(
        **own, dept=department_of(saved), validity=validity(saved), contacts=contacts_of(saved.get("contacts", []))
    )


def department_of(saved: dict[str, Any]) -> str:
    """The department of a contact, or the one above a department."""
    key = saved.get("department") or saved.get("parent")
    titles = Department.objects.filter(key=key).values_list("title", flat=True) if key else []
    return next(iter(titles), str(saved.get("dept") or ""))


def validity(saved: dict[str, Any]) -> str:
    """From when until when, in words; empty when always."""
    begins, ends = (
        date.fromisoformat(day) if (day := saved.get(name)) else None for name in ("valid_from", "valid_to")
    )
    first, last = (date_format(day, "d.m.Y") if day else "" for day in (begins, ends))
    if first and last:
        return _("%(first)s bis %(last)s") % {"first": first, "last": last}
    if first:
        return _("ab %(first)s") % {"first": first}
    return _("bis %(last)s") % {"last": last} if last else ""


def contacts_of(keys: list[str]) -> list[Responsible]:
    """The named contacts in order: what agents read of them, or the draft of those that are not published."""
    if not keys:
        return []
    shown = {row.key: row for row in Publication.objects.filter(kind="person", key__in=keys)}
    drafts = {row.key: row for row in Contact.objects.filter(key__in=keys).select_related("department")}
    return [
        published(shown[key]) if key in shown else drafted(drafts[key]) for key in keys if key in shown or key in drafts
    ]


def published(row: Publication) -> Responsible:
    """A contact as agents see it."""
    what = row.payload.get("function") or row.payload.get("dept") or ""
    return Responsible(
        row.title, what, number(row.payload.get("phone", ""), row.payload.get("ext", "")), unpublished=False
    )


def drafted(contact: Contact) -> Responsible:
    """A contact that agents do not see yet."""
    return Responsible(
        contact.title, contact.function or contact.department_name, number(contact.phone, contact.ext), unpublished=True
    )


def number(phone: str, ext: str) -> str:
    """How to reach them."""
    return phone or (_("Durchwahl %(ext)s") % {"ext": ext} if ext else "")
