"""How exchanges report calls: one module per dialect, each turns a request's body into a `CtiMessage`."""

from collections.abc import Callable
from typing import NamedTuple

from telephony_bridge.dialects import placetel, sipgate, zammad
from telephony_bridge.dialects.fields import Body
from telephony_bridge.messages import CtiMessage


class Dialect(NamedTuple):
    """How an exchange is understood and answered."""

    parse: Callable[[Body], CtiMessage]  # raises BadMessage
    answer: Callable[[CtiMessage, str], str] | None = None  # message, address of the webhook -> XML; None: JSON `{}`
    signature: str = ""  # the header, in small letters, that holds a signature of the body
    check: Callable[[str, bytes, str], None] | None = None  # secret, body, signature; raises BadMessage


ZAMMAD = Dialect(zammad.parse)
DIALECTS = {
    "zammad": ZAMMAD,
    "sipgate": Dialect(sipgate.parse, answer=sipgate.answer),
    "placetel": Dialect(placetel.parse, signature=placetel.SIGNATURE, check=placetel.check),
}
SIGNATURES = frozenset(dialect.signature for dialect in DIALECTS.values() if dialect.signature)


def dialect_of(name: str) -> Dialect:
    """The dialect of a source (Source.dialect). What is no other one speaks Zammad's."""
    return DIALECTS.get(name, ZAMMAD)
