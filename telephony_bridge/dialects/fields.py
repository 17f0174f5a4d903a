"""Fields of a decoded report, read the same way in every dialect: clean, bounded, and a BadMessage for what is of a wrong type."""

import re
import unicodedata
from collections.abc import Mapping
from hashlib import sha256

from django.utils.translation import gettext as _

from telephony_bridge.messages import BadMessage, Cause, Direction

LONGEST_TEXT = 200
LONGEST_CALL_ID = 120
LONGEST_CAUSE = 40
_MOST_USERS = 20
_DIRECTIONS = {"in": Direction.IN, "inbound": Direction.IN, "out": Direction.OUT, "outbound": Direction.OUT}
_CAUSES = {cause.lower(): cause for cause in Cause}
_UNSEEN = {
    "Cc",
    "Cf",
    "Cs",
    "Co",
    "Cn",
}  # control, bidi and zero-width characters, lone surrogates, private and unassigned ones
Body = Mapping[str, object]


def text_of(body: Body, *names: str) -> str:
    """The first of `names` that says something, clean and bounded; "" when none does."""
    for name in names:
        if text := _clean(_scalar(body.get(name), name))[:LONGEST_TEXT].strip():
            return text
    return ""


def needed_id(body: Body, *names: str) -> str:
    """The exchange's id of the call, by the first of `names` that says one. Raises BadMessage when none does."""
    call_id = id_of(body, *names)
    if not call_id:
        raise BadMessage(422, _("In der Meldung fehlt die Kennung des Anrufs, %(name)s.") % {"name": names[0]})
    return call_id


def id_of(body: Body, *names: str) -> str:
    """An id of a call, "" without one. What is too long keeps its beginning and gets a fingerprint, so that two stay two."""
    given = [name for name in names if body.get(name) not in (None, "")]
    call_id = _clean(_scalar(body[given[0]], given[0])) if given else ""
    if len(call_id) <= LONGEST_CALL_ID:
        return call_id
    fingerprint = sha256(call_id.encode()).hexdigest()[:32]
    return f"{call_id[: LONGEST_CALL_ID - 33]}~{fingerprint}"


def users_of(body: Body, *names: str) -> tuple[str, ...]:
    """Who is rung or has answered: under each of `names` one or many, each named once."""
    found: dict[str, None] = {}
    for name in names:
        value = body.get(name)
        for one in value if isinstance(value, list) else [value]:
            if user := _clean(_scalar(one, name))[:LONGEST_TEXT].strip():
                found[user] = None
    return tuple(found)[:_MOST_USERS]


def direction_of(body: Body, name: str = "direction") -> Direction | None:
    """Whether a citizen calls or a member of staff; None where nothing is said."""
    text = text_of(body, name)
    if not text:
        return None
    direction = _DIRECTIONS.get(text.lower())
    if direction is None:
        raise BadMessage(422, _("Die Richtung des Anrufs ist unbekannt; bekannt sind in und out."))
    return direction


def cause_of(body: Body, name: str = "cause", words: Mapping[str, str] = _CAUSES) -> str:
    """Why the call ended: a Cause where the dialect's `words` know it, else what the exchange says."""
    text = text_of(body, name)
    return words.get(word(text), text[:LONGEST_CAUSE])


def word(text: str) -> str:
    """A name for comparing: without underscores, blanks and hyphens, in small letters."""
    return re.sub(r"[_\s-]", "", text).lower()


def _scalar(value: object, name: str) -> str:
    """A text or whole number as text; None is "". Raises BadMessage for anything else."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise BadMessage(422, _("Das Feld %(name)s der Meldung ist kein Text.") % {"name": name})


def _clean(text: str) -> str:
    """`text` without characters that nobody sees or the database refuses; tabs and line ends become spaces."""
    spaced = re.sub(r"\s", " ", text)
    return "".join(character for character in spaced if unicodedata.category(character) not in _UNSEEN).strip()
