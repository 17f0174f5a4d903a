"""An entry as a JSON object: what a version keeps, what the pool is told, and the way back into the draft.

References are keys, never numbers or copies: what a contact or a department says is looked up where it is published.
"""

from datetime import date
from typing import Any

from django.db import models
from django.db.models.fields.related import ForeignKey
from django.utils.translation import gettext as _
from markdown_it import MarkdownIt
from markdown_it.token import Token

from knowledge.models import Article, Contact, Department, Entry, Publication, Version

MODELS: dict[str, type[Article] | type[Contact] | type[Department]] = {
    "article": Article,
    "person": Contact,
    "department": Department,
}
COMMON = ("title", "synonyms", "group", "body")
REACHED_BY = ("phone", "ext", "email", "room", "hours", "responsibilities")
FIELDS: dict[str, tuple[str, ...]] = {
    "article": (
        *COMMON,
        "short_answer",
        "costs",
        "documents",
        "links",
        "leika",
        "contacts",
        "valid_from",
        "valid_to",
        "review_at",
    ),
    "person": (*COMMON, "department", "dept", "function", *REACHED_BY),
    "department": (*COMMON, "parent", *REACHED_BY),
}
# When editors look again is their own affair: it is not read by agents, so it is neither published nor taken back.
INTERNAL = {"review_at"}
_markdown = MarkdownIt("commonmark")


def snapshot(entry: Entry) -> dict[str, Any]:
    """The entry's own fields as JSON values; dates ISO, references as keys. Two queries at most."""
    return {name: _value(entry, name) for name in FIELDS[entry.KIND]}


def _value(entry: Entry, name: str) -> Any:
    if name == "contacts":
        return contact_keys(entry)
    value = getattr(entry, name)
    if isinstance(value, Entry):
        return value.key
    return value.isoformat() if isinstance(value, date) else value


def contact_keys(article: models.Model) -> list[str]:
    """The keys of an article's contacts, the first responsible first."""
    if article.pk is None:
        return []
    return list(
        Contact.objects.filter(responsibility__article=article.pk)
        .order_by("responsibility__position", "pk")
        .values_list("key", flat=True)
    )


def restore(entry: Entry, saved: dict[str, Any]) -> list[Contact] | None:
    """Write a snapshot into the instance, without saving; returns the contacts of an article in order, None for other kinds.

    Departments and contacts that are gone meanwhile are left out; INTERNAL fields stay as they are.
    """
    for name in FIELDS[entry.KIND]:
        if name == "contacts" or name in INTERNAL or name not in saved:
            continue
        field = entry._meta.get_field(name)
        value = saved[name]
        if isinstance(field, ForeignKey):
            value = Department.objects.filter(key=value or "").first()
        elif isinstance(field, models.DateField) and value:
            value = date.fromisoformat(value)
        setattr(entry, name, value)
    if entry.KIND != "article":
        return None
    found = {contact.key: contact for contact in Contact.objects.filter(key__in=saved.get("contacts", []))}
    return [found[key] for key in saved.get("contacts", []) if key in found]


def changed_fields(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Names of the fields that differ for those who read them, in the order of the form."""
    return [name for name in new if name not in INTERNAL and new[name] != old.get(name)]


def label(kind: str, name: str) -> str:
    """What a field is called on screen."""
    return str(_("Titel")) if name == "title" and kind != "person" else _label(kind, name)


def _label(kind: str, name: str) -> str:
    if name == "title":
        return str(_("Name"))
    return str(getattr(MODELS[kind]._meta.get_field(name), "verbose_name", name))


def plain(markdown: str) -> str:
    """The words of a Markdown text, without its signs and without HTML; what search reads."""
    return "\n".join(filter(None, (_words(token) for token in _markdown.parse(markdown)))).strip()


def _words(token: Token) -> str:
    if token.type in {"fence", "code_block"}:
        return token.content.strip()
    if token.type != "inline":
        return ""
    return "".join(
        " " if child.type.endswith("break") else child.content
        for child in token.children or []
        if child.type != "html_inline"
    )


def publication_fields(entry: Entry, saved: dict[str, Any]) -> dict[str, Any]:
    """The columns of the entry's Publication, without version and time. `saved` is its snapshot."""
    texts = (
        saved.get("short_answer"),
        plain(entry.body),
        saved.get("costs"),
        plain(saved.get("documents", "")),
        plain(saved.get("responsibilities", "")),
    )
    payload = {name: value for name, value in saved.items() if name not in {"title", "synonyms", "group", *INTERNAL}}
    if isinstance(entry, Contact):
        payload["dept"] = entry.department_name
    return {
        "title": entry.title,
        "subtitle": subtitle(entry)[:300],
        "body": "\n".join(filter(None, texts)),
        "synonyms": entry.synonyms,
        "group": entry.group,
        "ext": saved.get("ext", ""),
        "payload": payload,
        "valid_from": getattr(entry, "valid_from", None),
        "valid_to": getattr(entry, "valid_to", None),
    }


def subtitle(entry: Entry) -> str:
    """One line below the title: function and department, or the department above."""
    if isinstance(entry, Contact):
        return contact_line(entry.function, entry.department_name)
    return entry.parent.title if isinstance(entry, Department) and entry.parent else ""


def contact_line(function: str, department: str) -> str:
    """Function and department in one line; what is missing is left out."""
    return " · ".join(filter(None, (function, department)))


def published(entry: Entry) -> Publication | None:
    """What the pool reads of the entry now."""
    return Publication.objects.filter(kind=entry.KIND, key=entry.key).first()


def last_version(entry: Entry) -> Version | None:
    """The newest version of the entry, published or withdrawn."""
    return Version.objects.filter(kind=entry.KIND, key=entry.key).order_by("-number").first()
