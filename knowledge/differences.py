"""What differs between two versions of an entry, field by field and word by word."""

import difflib
import re
from dataclasses import dataclass
from typing import Any

from django.utils.dateparse import parse_date
from django.utils.formats import date_format

from knowledge import snapshots
from knowledge.models import Contact, Department, Entry, Version

MOST_TOKENS = 6000  # a side; beyond it the whole text counts as replaced
# Words with what stands inside them (E-Mail, 12,50, 8:00), each other sign, and the blanks between.
TOKEN = re.compile(r"\s+|\w+(?:[.,:/-]\w+)*|[^\w\s]")
DATES = {"valid_from", "valid_to", "review_at"}


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of text: `same`, `removed` (only in the older) or `added` (only in the newer)."""

    op: str
    text: str


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that differs; `old` and `new` as people read them, `segments` both in one text."""

    field: str
    label: str
    old: str
    new: str
    segments: list[Segment]


def differences(older: Version | None, newer: Version) -> list[Difference]:
    """Between two versions of an entry; None: everything is new."""
    return _compare(newer.kind, older.snapshot if older else {}, newer.snapshot)


def draft_differences(entry: Entry) -> list[Difference]:
    """Between what is published and the draft; empty when nothing is published or nothing differs."""
    last = snapshots.last_version(entry)
    if last is None or last.op != Version.OPS.publish:
        return []
    return _compare(entry.KIND, last.snapshot, snapshots.snapshot(entry))


def _compare(kind: str, old: dict[str, Any], new: dict[str, Any]) -> list[Difference]:
    names = _names(old, new)
    result = []
    for field in snapshots.changed_fields(old, new):
        before, after = _text(field, old.get(field), names), _text(field, new[field], names)
        if before != after:
            result.append(Difference(field, snapshots.label(kind, field), before, after, segments(before, after)))
    return result


def _names(*saved: dict[str, Any]) -> dict[str, str]:
    """Titles of the contacts and departments that snapshots name by key."""
    contacts = {key for each in saved for key in each.get("contacts", [])}
    departments = {each.get(name) for each in saved for name in ("department", "parent")} - {None, ""}
    names: dict[str, str] = {}
    if contacts:
        names |= dict(Contact.objects.filter(key__in=contacts).values_list("key", "title"))
    if departments:
        names |= dict(Department.objects.filter(key__in=departments).values_list("key", "title"))
    return names


def _text(field: str, value: Any, names: dict[str, str]) -> str:
    if field in {"contacts", "department", "parent"}:
        keys: list[str] = value if isinstance(value, list) else [value or ""]
        return ", ".join(names.get(key, key) for key in keys if key)
    if field == "links":
        return "\n".join(f"{link['label']}: {link['url']}" for link in value or [])
    if field in DATES and value:
        return date_format(parse_date(value) or value, "d.m.Y")
    return ", ".join(value) if isinstance(value, list) else value or ""


def segments(old: str, new: str) -> list[Segment]:
    """Word by word and sign by sign; blanks alone hold no two places together."""
    a, b = TOKEN.findall(old), TOKEN.findall(new)
    if len(a) > MOST_TOKENS or len(b) > MOST_TOKENS:
        return [Segment(op, text) for op, text in (("removed", old), ("added", new)) if text]
    result = []
    matcher = difflib.SequenceMatcher(str.isspace, a, b, autojunk=len(a) + len(b) > 2000)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal":
            result.append(Segment("same", "".join(a[i1:i2])))
            continue
        result += [Segment(op, "".join(part)) for op, part in (("removed", a[i1:i2]), ("added", b[j1:j2])) if part]
    return result
