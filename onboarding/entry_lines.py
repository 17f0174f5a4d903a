"""Entries as lines of JSON: the form in which knowledge and directory come in and go out (one object a line, UTF-8).

A line is judged by itself here: is it JSON, are its keys there and of the right type. Lengths and addresses are judged by the models.
"""

import codecs
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from knowledge.snapshots import FIELDS
from knowledge.validation import UNREADABLE
from tenants.errors import Refusal

LARGEST_FILE = 200_000_000  # bytes
LONGEST_LINE = 1_000_000  # bytes
KINDS = (
    "department",
    "person",
    "article",
)  # the order in which they are written: contacts name departments, articles name contacts
TEXTS = {
    "body", "group", "dept", "function", "ext", "phone", "email", "room", "hours", "responsibilities", "short_answer", "costs", "documents",
    "leika", "parent",
}  # fmt: skip
LISTS = {"synonyms", "contacts"}  # of texts
DATES = {"valid_from", "valid_to", "review_at"}
BYTE_ORDER_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
Source = Path | Sequence[bytes]


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that cannot be imported, and why."""

    number: int  # the first is 1
    reason: str
    id: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A line that is well-formed: `values` are fields of the model, only those that the line has; null is empty."""

    number: int
    key: str
    kind: str
    values: dict[str, Any]
    ignored: list[str] = field(default_factory=list)


class _BadValueError(Exception):
    """What is wrong with a line, in a German sentence."""


def read(source: Source, slug: str) -> Iterator[Line | BadLine]:
    """Each line of a file (or list), judged; empty lines are passed over. Raises Refusal for a file that cannot be read as a whole."""
    seen: dict[str, int] = {}
    for number, raw in enumerate(_raw(source), start=1):
        if not raw.strip():
            continue
        line = _judged(number, raw, slug)
        if isinstance(line, Line):
            first = seen.setdefault(line.key, number)
            if first != number:
                line = BadLine(
                    number,
                    _("Die Kennung „%(id)s“ steht schon in Zeile %(first)d.") % {"id": line.key, "first": first},
                    line.key,
                )
        yield line


def _raw(source: Source) -> Iterator[bytes]:
    if not isinstance(source, Path):
        yield from source
        return
    try:
        size = source.stat().st_size
        if size > LARGEST_FILE:
            raise Refusal(
                _("Die Datei ist größer als %(most)d MB. Teilen Sie sie auf.") % {"most": LARGEST_FILE // 1_000_000}
            )
        with source.open("rb") as file:
            while raw := file.readline(LONGEST_LINE + 1):
                yield raw
                while len(raw) > LONGEST_LINE and not raw.endswith(b"\n"):  # the rest of a line that is too long
                    raw = file.readline(LONGEST_LINE + 1)
    except OSError as error:
        raise Refusal(
            _("%(file)s lässt sich nicht lesen: %(why)s.") % {"file": source, "why": error.strerror}
        ) from error


def _judged(number: int, raw: bytes, slug: str) -> Line | BadLine:
    shown = ""
    try:
        data = _object(_text(number, raw))
        shown = str(data.get("id") or "")[:120]
        key, kind = _key(data, slug), _kind(data)
        known = {"id", "kind", "title", *_fields(kind)}
        values = {name: _value(name, data[name]) for name in data if name in known - {"id", "kind"}} | {
            "title": _title(data)
        }
    except _BadValueError as error:
        return BadLine(number, str(error), shown)
    return Line(number, key, kind, values, [name for name in data if name not in known])


def _fields(kind: str) -> set[str]:
    """What a line may say about an entry of this kind: the names of contracts, so `dept` for a contact's department."""
    return set(FIELDS[kind]) - {"department"}


def _text(number: int, raw: bytes) -> str:
    if len(raw) > LONGEST_LINE:
        raise _BadValueError(_("Die Zeile ist länger als %(most)d kB.") % {"most": LONGEST_LINE // 1000})
    if number == 1 and raw.startswith(BYTE_ORDER_MARKS):
        raise Refusal(_("Die Datei ist in UTF-16 gespeichert. Speichern Sie sie in UTF-8."))
    try:
        return raw.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        raise _BadValueError(
            _("Die Zeile ist nicht in UTF-8 gespeichert (vermutlich Windows-1252). Speichern Sie die Datei in UTF-8.")
        ) from error


def _object(text: str) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise _BadValueError(_("Kein gültiges JSON (Zeichen %(place)d).") % {"place": error.pos + 1}) from error
    except (ValueError, RecursionError) as error:  # numbers of thousands of digits; thousands of brackets
        raise _BadValueError(_("Kein JSON, das sich lesen lässt.")) from error
    if not isinstance(data, dict):
        raise _BadValueError(_("Die Zeile ist kein JSON-Objekt."))
    return data


def _key(data: dict[str, Any], slug: str) -> str:
    key = data.get("id")
    if not isinstance(key, str) or not key:
        raise _BadValueError(_("„id“ fehlt oder ist kein Text."))
    own = _own(_readable(key), slug)
    if not own:
        raise _BadValueError(_("„id“ nennt nur die Kommune, nicht den Eintrag."))
    return own


def _own(key: str, slug: str) -> str:
    """The key without the prefix `slug:`; another municipality's prefix is an error."""
    prefix, colon, rest = key.rpartition(":")
    if colon and prefix != slug:
        raise _BadValueError(
            _("„%(id)s“ gehört zu „%(other)s“, nicht zu „%(slug)s“.")
            % {"id": key[:80], "other": prefix[:40], "slug": slug}
        )
    return rest


def _title(data: dict[str, Any]) -> str:
    title = _value("title", data.get("title")).strip()
    if not title:
        raise _BadValueError(_("„title“ fehlt oder ist leer."))
    return str(title)


def _kind(data: dict[str, Any]) -> str:
    kind = data.get("kind")
    if kind not in KINDS:
        raise _BadValueError(
            _("„kind“ ist article, person oder department, hier: %(kind)s.") % {"kind": json.dumps(kind)[:40]}
        )
    return str(kind)


def _readable(name: str) -> str:
    """The name of an entry, which is looked up before any model judges it."""
    if UNREADABLE.search(name):
        raise _BadValueError(_("Der Text enthält Steuerzeichen, die nicht gespeichert werden können."))
    return name


def _value(name: str, value: Any) -> Any:
    if name == "parent" and isinstance(value, str):
        _readable(value)
    if name == "contacts" and isinstance(value, list):
        _readable("".join(item for item in value if isinstance(item, str)))
    if name in LISTS | {"links"}:
        fits = value is None or (
            isinstance(value, list) and (name == "links" or all(isinstance(item, str) for item in value))
        )
        if not fits:
            raise _BadValueError(_("„%(name)s“ ist keine Liste von Texten.") % {"name": name})
        return value or []
    if not (value is None or isinstance(value, str)):
        raise _BadValueError(_("„%(name)s“ ist kein Text.") % {"name": name})
    if name not in DATES:
        return value or ""
    try:
        return date.fromisoformat(value) if value else None
    except ValueError as error:
        raise _BadValueError(_("„%(name)s“ ist kein Datum der Form 2026-01-31.") % {"name": name}) from error


def own_keys(names: list[str], slug: str) -> list[str]:
    """Keys that an entry names, without this municipality's prefix."""
    return [name.removeprefix(f"{slug}:") for name in names]


def as_line(slug: str, kind: str, key: str, saved: dict[str, Any]) -> str:
    """An entry's snapshot as a line: what `read` reads, empty fields left out, ids with the prefix `slug:`."""
    data: dict[str, Any] = {
        "id": f"{slug}:{key}",
        "kind": kind,
        "title": saved["title"],
        "body": saved["body"],
        "synonyms": saved["synonyms"],
    }
    data["group"] = saved["group"] or None
    for name, value in saved.items():
        if name in _fields(kind) and name not in data and value not in (None, "", []):
            data[name] = value
    return json.dumps(data, ensure_ascii=False)
