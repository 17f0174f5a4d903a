"""From the bytes of a webhook's request to a mapping of names to values; what cannot be read is a BadMessage, never a crash."""

import json
import math
import re
from collections.abc import Mapping
from typing import NoReturn
from urllib.parse import parse_qsl

from django.utils.translation import gettext as _

from telephony_bridge.messages import BadMessage

LIMIT = 64 * 1024  # bytes; a report has a few hundred
_MOST_FIELDS = 200
_DEEPEST = 8  # a report is flat; what is deeper than the writer's own stack could not be stored again
_REFUSED_BY_DATABASE = re.compile("[\x00\ud800-\udfff]")  # NUL and lone surrogates, which JSON can spell
_LONGEST_INTEGER = 40  # digits: more is no number of a telephone, and int() of thousands is slow or refused


def decode_body(content_type: str, raw: bytes, limit: int = LIMIT) -> Mapping[str, object]:
    """The fields of a form or JSON body. A form's field that comes once is a str, one that comes again a list of str.

    A body that begins like a JSON object is read as one, whatever the header says: `curl -d` and some exchanges call JSON a form.
    Raises BadMessage: 413 beyond `limit` bytes, 415 for other kinds of content, 400 for what cannot be decoded, 422 for JSON that is no object.
    """
    if len(raw) > limit:
        raise BadMessage(413, _("Die Meldung ist zu groß: höchstens %(limit)s KiB.") % {"limit": limit // 1024})
    kind = content_type.partition(";")[0].strip().lower()
    text = _text(raw)
    if kind.endswith(("/json", "+json")) or text.startswith("{"):
        return _json(text)
    if kind in {"", "application/x-www-form-urlencoded", "text/plain", "application/octet-stream"}:
        return _form(text)
    raise BadMessage(415, _("Die Meldung ist weder JSON noch ein Formular (application/x-www-form-urlencoded)."))


def storable(value: object) -> object:
    """`value`, as decode_body gives it, without the characters that PostgreSQL refuses in jsonb."""
    if isinstance(value, str):
        return _REFUSED_BY_DATABASE.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, list):
        return [storable(one) for one in value]
    if isinstance(value, Mapping):
        return {
            _REFUSED_BY_DATABASE.sub("\N{REPLACEMENT CHARACTER}", str(name)): storable(one)
            for name, one in value.items()
        }
    return value


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise BadMessage(400, _("Die Meldung ist nicht in UTF-8 geschrieben.")) from None


def _form(text: str) -> dict[str, object]:
    try:
        pairs = parse_qsl(
            text, keep_blank_values=True, strict_parsing=bool(text), errors="strict", max_num_fields=_MOST_FIELDS
        )
    except UnicodeDecodeError:
        raise BadMessage(400, _("Die Meldung ist nicht in UTF-8 geschrieben.")) from None
    except ValueError:  # a part without "=", or too many parts
        raise BadMessage(400, _("Die Meldung ist kein lesbares Formular.")) from None
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return {name: found[0] if len(found) == 1 else found for name, found in values.items()}


def _json(text: str) -> dict[str, object]:
    try:
        value: object = json.loads(
            text, object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_no_constant
        )
    except RecursionError:
        raise BadMessage(400, _("Die Meldung ist zu tief verschachtelt.")) from None
    except ValueError:
        raise BadMessage(400, _("Die Meldung ist kein gültiges JSON.")) from None
    if _depth(value) > _DEEPEST:
        raise BadMessage(400, _("Die Meldung ist zu tief verschachtelt."))
    if not isinstance(value, dict):
        raise BadMessage(422, _("Die Meldung ist JSON, aber kein Objekt mit Feldern."))
    return value


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """A JSON object; a name that comes twice leaves open which value counts, so it is refused."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadMessage(400, _("Ein Feld der Meldung kommt doppelt vor."))
    return found


def _integer(digits: str) -> int:
    if len(digits) > _LONGEST_INTEGER:
        raise BadMessage(422, _("Eine Zahl der Meldung ist zu groß."))
    return int(digits)


def _float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):  # 1e999
        raise BadMessage(422, _("Eine Zahl der Meldung ist zu groß."))
    return number


def _depth(value: object) -> int:
    """How deep lists and objects are nested, counted to just beyond what is allowed."""
    level, depth = [value], 0
    while level and depth <= _DEEPEST:
        inner = [list(one.values()) if isinstance(one, dict) else one for one in level if isinstance(one, dict | list)]
        level, depth = [one for values in inner for one in values], depth + 1
    return depth


def _no_constant(name: str) -> NoReturn:
    raise BadMessage(400, _("%(name)s ist kein gültiger Wert in JSON.") % {"name": name})
