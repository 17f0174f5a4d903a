"""The dialect of Zammad's generic CTI, which connectors for many exchanges speak (telephony: "Other PBXs").

Fields: event, callId, from, to, direction, user, queue, answeringNumber, cause; with the variations that connectors have. Those that
were made from sipgate's dialect name the call that is passed on, too (origCallId).
"""

from django.utils.translation import gettext as _

from telephony_bridge.dialects import fields
from telephony_bridge.dialects.body import decode_body
from telephony_bridge.dialects.fields import Body
from telephony_bridge.messages import BadMessage, CtiMessage, Event

__all__ = ["BadMessage", "CtiMessage", "decode_body", "parse"]

_EVENTS = {"newcall": Event.NEW_CALL, "answer": Event.ANSWER, "hangup": Event.HANGUP}


def parse(body: Body) -> CtiMessage:
    """The report in the decoded `body`. Unknown fields are ignored, missing ones are "" (or None, or no users).

    Raises BadMessage(422) for an unknown event or direction, a missing call id, and values of wrong types.
    """
    event = _EVENTS.get(fields.word(fields.text_of(body, "event")))
    if event is None:
        raise BadMessage(422, _("Das Ereignis ist unbekannt; bekannt sind newCall, answer und hangup."))
    return CtiMessage(
        event=event,
        call_id=fields.needed_id(body, "callId", "call_id", "callid", "callID"),
        from_=fields.text_of(body, "from"),
        to=fields.text_of(body, "to"),
        direction=fields.direction_of(body),
        users=fields.users_of(body, "user", "user[]"),
        queue=fields.text_of(body, "queue"),
        answering_number=fields.text_of(body, "answeringNumber", "answering_number", "answeringnumber"),
        cause=fields.cause_of(body),
        part_of=fields.id_of(body, "origCallId", "orig_call_id", "origcallid"),
    )
