"""Whatever Asterisk says, nothing raises, no call is made up, and no call that is known is lost by it."""

import asyncio
import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from telephony_bridge.routing.ari import Access, Ari
from telephony_bridge.routing.calls import Routed, State
from telephony_bridge.routing.exchange import Exchange
from tests.asterisk.sip import play
from tests.thoroughness import PATIENT

CALL = "1700000000.1"
KINDS = [
    "StasisStart", "StasisEnd", "ChannelCreated", "ChannelDestroyed", "ChannelHangupRequest", "ChannelDtmfReceived", "Dial",
    "PlaybackFinished", "ChannelStateChange", "BridgeCreated", "RESTResponse", "",
]  # fmt: skip
ROLES = ["inbound", "leg", "returned", "adopted", "caller", "agent", "x"]
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30) | st.sampled_from([f"{CALL}-a1", "\ud800", "9.9", *ROLES]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["id", "name", "caller", "number", "state"]) | st.text(max_size=4), inner, max_size=4),
    max_leaves=6,
)  # fmt: skip
EVENTS = st.dictionaries(
    st.sampled_from(["channel", "args", "caller", "peer", "dialstatus", "playback", "digit", "bridge", "request_id", "x"]), JUNK, max_size=6
).flatmap(lambda body: st.sampled_from(KINDS).map(lambda kind: {**body, "type": kind}) | st.just(body))  # fmt: skip


class Socket:
    """What Asterisk says, then silence; answers every request."""

    def __init__(self, messages):
        self.messages = asyncio.Queue()
        for message in messages:
            self.messages.put_nowait(message)

    def __aiter__(self):
        return self

    async def __anext__(self):
        if (message := await self.messages.get()) is None:
            raise StopAsyncIteration
        return message

    async def send(self, text):
        told = json.loads(text)
        answer = {"type": "RESTResponse", "request_id": told["request_id"], "status_code": 204}
        self.messages.put_nowait(json.dumps(answer))


def spoken(messages):
    """The exchange after all of that, with a call that somebody talks in; and what was noted."""

    async def heard():
        notes = []
        exchange = Exchange(Access("", 0, "", ""), note=lambda *note: notes.append(note))
        exchange.ari = Ari(socket := Socket(messages))
        exchange.connected.set()
        exchange.open(Routed(CALL, state=State.TALKING, agent="agent1", agent_leg=f"{CALL}-a1", bridge=f"{CALL}-b2", waiting=False, count=2))  # fmt: skip
        reading = asyncio.create_task(exchange.ari._read())
        socket.messages.put_nowait(None)
        await exchange._listen(exchange.ari)
        await reading
        for _turn in range(20):  # until each call has taken notice
            await asyncio.sleep(0)
        for task in (tasks := list(exchange.tasks)):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return exchange, notes

    return play(heard())


@settings(max_examples=1_000 if PATIENT else 40, deadline=None, suppress_health_check=[*HealthCheck])
@given(st.lists(EVENTS, min_size=10, max_size=10))
def test_ten_thousand_events_as_nobody_should_send_them(events):
    """Ten at a time, in sequences that hypothesis makes worse (ten thousand with SLOW=1)."""
    spoken([json.dumps(event) for event in events])


@settings(max_examples=300 if PATIENT else 30, deadline=None)
@given(st.lists(JUNK | EVENTS, max_size=5))
def test_what_is_no_event_at_all(messages):
    spoken([json.dumps(message) for message in messages])


@settings(max_examples=300 if PATIENT else 50, deadline=None)
@given(JUNK, JUNK)
def test_who_comes_in_has_an_id(channel, arguments):
    _exchange, notes = spoken([json.dumps({"type": "StasisStart", "channel": channel, "args": arguments})])
    known = channel.get("id") if isinstance(channel, dict) else None
    made = {call for what, call, _details in notes if what == "inbound"}
    assert made <= ({known} if isinstance(known, str) and known else set())


def test_a_call_goes_on_through_noise():
    """Between what is right stands what is not."""
    noise = [
        json.dumps(one)
        for one in ({}, [], None, 7, {"type": "StasisStart"}, {"type": "ChannelDestroyed", "channel": 3})
    ]
    ended = json.dumps({"type": "ChannelDestroyed", "channel": {"id": CALL}})
    begun = json.dumps(
        {
            "type": "StasisStart",
            "channel": {"id": "1700000000.9", "name": "PJSIP/trunk-1"},
            "args": ["inbound", "+492921", "", ""],
        }
    )
    _exchange, notes = spoken([*noise, begun, *noise, ended, *noise])
    assert [call for what, call, _details in notes if what == "inbound"] == ["1700000000.9"]
    assert (CALL, "CallerGone") in [(call, details.get("event")) for what, call, details in notes if what == "seen"]
