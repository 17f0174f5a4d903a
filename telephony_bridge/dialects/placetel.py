"""The dialect of Placetel's Call Control/Notify API (github.com/Placetel/call-control-notify-api, README).

A form: event IncomingCall | CallAccepted | HungUp | OutgoingCall; call_id (SHA-256 in hexadecimal); from, to (a number, "anonymous", or a
SIP user such as 7777abcdefg@fpbx.de); direction; peer, the SIP user who accepted (CallAccepted); type, why it ended (HungUp). CallAccepted
is sent for incoming calls only. Every request is signed: X-PLACETEL-SIGNATURE is the HMAC with SHA-256 of the body, in hexadecimal.
"""

import hashlib
import hmac

from django.utils.translation import gettext as _

from telephony_bridge.dialects import fields
from telephony_bridge.dialects.fields import Body
from telephony_bridge.messages import BadMessage, Cause, CtiMessage, Direction, Event

SIGNATURE = "x-placetel-signature"  # the header's name in small letters, as ASGI writes it
_EVENTS = {
    "incomingcall": (Event.NEW_CALL, Direction.IN),
    "callaccepted": (Event.ANSWER, None),
    "hungup": (Event.HANGUP, None),
    "outgoingcall": (Event.NEW_CALL, Direction.OUT),
}
_TYPES: dict[str, str] = {
    "accepted": Cause.NORMAL_CLEARING,
    "missed": Cause.NO_ANSWER,
    "voicemail": Cause.FORWARDED,
    "blocked": Cause.CONGESTION,
    "busy": Cause.BUSY,
    "canceled": Cause.CANCEL,
    "unavailable": Cause.NOT_FOUND,
    "congestion": Cause.CONGESTION,
}


def parse(body: Body) -> CtiMessage:
    """The report in the decoded `body`. Raises BadMessage(422) as zammad.parse does."""
    known = _EVENTS.get(fields.word(fields.text_of(body, "event")))
    if known is None:
        raise BadMessage(
            422, _("Das Ereignis ist unbekannt; bekannt sind IncomingCall, OutgoingCall, CallAccepted und HungUp.")
        )
    event, implied = known
    return CtiMessage(
        event=event,
        call_id=fields.needed_id(body, "call_id", "callId"),
        from_=fields.text_of(body, "from"),
        to=fields.text_of(body, "to"),
        direction=fields.direction_of(body) or implied,
        users=fields.users_of(body, "peer"),
        cause=fields.cause_of(body, "type", _TYPES),
    )


def signature_of(secret: str, raw: bytes) -> str:
    """What the header must say of this body."""
    return hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()


def check(secret: str, raw: bytes, signature: str) -> None:
    """Raises BadMessage(401) unless the body was signed with the source's secret. Takes as long for a signature that begins rightly."""
    if not signature:
        raise BadMessage(
            401, _("Die Signatur fehlt: Tragen Sie bei Placetel das gemeinsame Geheimnis des Anschlusses ein.")
        )
    expected = signature_of(secret, raw).encode()
    if not hmac.compare_digest(expected, signature.strip().lower().encode("utf-8", "surrogatepass")):
        raise BadMessage(401, _("Die Signatur passt nicht zum gemeinsamen Geheimnis des Anschlusses."))
