"""Calls that came by the authorities' number 115 are marked, dialled or diverted; nothing else is."""

import pytest

from telephony_bridge.called import came_by_115
from telephony_bridge.messages import CtiMessage, Event


@pytest.mark.parametrize(
    ("where", "said", "is_it"),
    [
        ("to", "115", True),
        ("to", "02921115", True),
        ("to", "+492921115", True),
        ("to", "sip:115@trunk.example", True),
        ("diversion", ("<sip:+49115@provider;user=phone>;reason=unconditional", "<sip:+4929211030@x>"), True),
        ("history_info", ("<sip:115@a>;index=1, <sip:+4929211030@b>;index=1.1",), True),
        ("to", "029211151", False),
        ("to", "+4929211030", False),
        ("to", "02931115", False),
        ("to", "1150", False),
        ("request_uri", "sip:+4929211030@192.168.0.115", False),
        ("to", "", False),
    ],
)
def test_by_115(where, said, is_it):
    assert came_by_115(CtiMessage(Event.NEW_CALL, "1", **{where: said}), ["02921"]) is is_it
