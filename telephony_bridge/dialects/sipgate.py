"""The dialect of sipgate.io's Push API (developer.sipgate.io/push-api/api-reference and /faq; the repository sipgate/sipgate.io, README).

A form: event newCall | answer | hangup; callId (also xcid); from, to (digits or "anonymous"); direction; user[], userId[] and fullUserId[]
on newCall, user, userId and fullUserId on answer; diversion, the number that was dialled first; answeringNumber; cause. A transferred call
is a new call whose origCallId is the id of the one that is passed on.

Only newCall is sent by itself. Its answer is XML that names where answer and hangup go; their answers are discarded.
"""

from xml.sax.saxutils import quoteattr

from django.utils.translation import gettext as _

from telephony_bridge.dialects import fields
from telephony_bridge.dialects.fields import Body
from telephony_bridge.messages import BadMessage, CtiMessage, Event

_EVENTS = {"newcall": Event.NEW_CALL, "answer": Event.ANSWER, "hangup": Event.HANGUP}
_USERS = [f"{name}{end}" for name in ("fullUserId", "userId", "user") for end in ("", "[]")]


def parse(body: Body) -> CtiMessage:
    """The report in the decoded `body`; users are named by all their names and ids. Raises BadMessage(422) as zammad.parse does."""
    event = _EVENTS.get(fields.word(fields.text_of(body, "event")))
    if event is None:
        raise BadMessage(422, _("Das Ereignis ist unbekannt; bekannt sind newCall, answer und hangup."))
    to, diversion = fields.text_of(body, "to"), fields.text_of(body, "diversion")
    return CtiMessage(
        event=event,
        call_id=fields.needed_id(body, "callId", "xcid"),
        from_=fields.text_of(body, "from"),
        to=to,
        direction=fields.direction_of(body),
        users=fields.users_of(body, *_USERS),
        answering_number=fields.text_of(body, "answeringNumber"),
        cause=fields.cause_of(body),
        request_uri=to
        if diversion
        else "",  # where it arrived: the centre's own number decides before the diverted one
        diversion=(diversion,) if diversion else (),
        part_of=fields.id_of(body, "origCallId"),
    )


def answer(message: CtiMessage, address: str) -> str:
    """What sipgate.io is answered in XML: to a new call, that its answer and its end are to be reported at `address`."""
    wanted = f" onAnswer={quoteattr(address)} onHangup={quoteattr(address)}" if message.event is Event.NEW_CALL else ""
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<Response{wanted}/>\n'
