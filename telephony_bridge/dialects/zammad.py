"""The dialect of Zammad's generic CTI, which connectors for many exchanges speak (telephony: "Other PBXs").

Fields: event, callId, from, to, direction, user, queue, answeringNumber, cause; with the variations that connectors have.
"""

import re
import unicodedata
from collections.abc import Mapping
from hashlib import sha256

from django.utils.translation import gettext as _

from telephony_bridge.dialects.body import decode_body
from telephony_bridge.messages import BadMessage, Cause, CtiMessage, Direction, Event

__all__ = ["BadMessage", "CtiMessage", "decode_body", "parse"]

LONGEST_TEXT = 200
LONGEST_CALL_ID = 120
LONGEST_CAUSE = 40
_MOST_USERS = 20
_EVENTS = {"newcall": Event.NEW_CALL, "answer": Event.ANSWER, "hangup": Event.HANGUP}
_DIRECTIONS = {"in": Direction.IN, "inbound": Direction.IN, "out": Direction.OUT, "outbound": Direction.OUT}
_CAUSES = {cause.lower(): cause for cause in Cause}
_UNSEEN = {
    "Cc",
    "Cf",
    "Cs",
    "Co",
    "Cn",
}  # control, bidi and zero-width characters, lone surrogates, private and unassigned ones


def parse(body: Mapping[str, object]) -> CtiMessage:
    """The report in the decoded `body`. Unknown fields are ignored, missing ones are "" (or None, or no users).

    Raises BadMessage(422) for an unknown event or direction, a missing call id, and values of wrong types.
    """
    event = _EVENTS.get(_word(_field(body, "event")))
    if event is None:
        raise BadMessage(422, _("Das Ereignis ist unbekannt; bekannt sind newCall, answer und hangup."))
    return CtiMessage(
        event=event,
        call_id=_call_id(body),
        from_=_field(body, "from"),
        to=_field(body, "to"),
        direction=_direction(_field(body, "direction")),
        users=_users(body),
        queue=_field(body, "queue"),
        answering_number=_field(body, "answeringNumber", "answering_number", "answeringnumber"),
        cause=_cause(_field(body, "cause")),
    )


def _call_id(body: Mapping[str, object]) -> str:
    """The exchange's id of the call. One that is too long keeps its beginning and gets a fingerprint, so that two stay two."""
    names = [name for name in ("callId", "call_id", "callid", "callID") if body.get(name) not in (None, "")]
    raw = _scalar(body[names[0]], names[0]) if names else ""
    call_id = _clean(raw)
    if not call_id:
        raise BadMessage(422, _("In der Meldung fehlt die Kennung des Anrufs, callId."))
    if len(call_id) <= LONGEST_CALL_ID:
        return call_id
    fingerprint = sha256(call_id.encode()).hexdigest()[:32]
    return f"{call_id[: LONGEST_CALL_ID - 33]}~{fingerprint}"


def _users(body: Mapping[str, object]) -> tuple[str, ...]:
    """Who is rung or has answered: `user` or `user[]`, one or many, each named once."""
    found: dict[str, None] = {}
    for name in ("user", "user[]"):
        value = body.get(name)
        for one in value if isinstance(value, list) else [value]:
            if user := _clean(_scalar(one, name))[:LONGEST_TEXT].strip():
                found[user] = None
    return tuple(found)[:_MOST_USERS]


def _field(body: Mapping[str, object], *names: str) -> str:
    """The first of `names` that says something, clean and bounded; "" when none does."""
    for name in names:
        if text := _clean(_scalar(body.get(name), name))[:LONGEST_TEXT].strip():
            return text
    return ""


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


def _word(text: str) -> str:
    return re.sub(r"[_\s-]", "", text).lower()


def _direction(text: str) -> Direction | None:
    if not text:
        return None
    direction = _DIRECTIONS.get(text.lower())
    if direction is None:
        raise BadMessage(422, _("Die Richtung des Anrufs ist unbekannt; bekannt sind in und out."))
    return direction


def _cause(text: str) -> str:
    return _CAUSES.get(_word(text), text[:LONGEST_CAUSE])
