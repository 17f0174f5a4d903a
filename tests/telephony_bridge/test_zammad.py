"""Reports of exchanges in Zammad's dialect, with the variations of the connectors and with junk."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from telephony_bridge.dialects.zammad import decode_body, parse
from telephony_bridge.messages import BadMessage, CtiMessage, Direction, Event

CALL = {"event": "newCall", "callId": "c1"}


def test_a_whole_new_call() -> None:
    body = {
        "event": "newCall",
        "from": "491713920047",
        "to": "029211030",
        "direction": "in",
        "callId": "12345678",
        "user[]": ["Anna", "Bert"],
        "queue": "Zentrale",
        "answeringNumber": "1243",
        "cause": "normalClearing",
        "diversion": "ignored",
    }
    assert parse(body) == CtiMessage(
        Event.NEW_CALL,
        "12345678",
        "491713920047",
        "029211030",
        Direction.IN,
        ("Anna", "Bert"),
        "Zentrale",
        "1243",
        cause="normalClearing",
    )


def test_as_curl_sends_it() -> None:
    message = parse(
        decode_body(
            "application/x-www-form-urlencoded",
            b"event=newCall&from=anonymous&to=%2B49+2941+980-0&callId=7&direction=in",
        )
    )
    assert (message.to, message.from_, message.call_id) == ("+49 2941 980-0", "anonymous", "7")


@pytest.mark.parametrize(
    ("name", "event"),
    [
        ("newCall", Event.NEW_CALL),
        ("answer", Event.ANSWER),
        ("hangup", Event.HANGUP),
        ("new_call", Event.NEW_CALL),
        ("NEWCALL", Event.NEW_CALL),
    ],
)
def test_events(name: str, event: Event) -> None:
    assert parse({"event": name, "callId": "1"}) == CtiMessage(event, "1")


@pytest.mark.parametrize("name", ["callId", "call_id", "callid", "callID"])
def test_call_id_in_every_spelling(name: str) -> None:
    assert parse({"event": "answer", name: "x-1"}).call_id == "x-1"
    assert parse({"event": "answer", "callId": "", name: 42}).call_id == "42"


@pytest.mark.parametrize(
    ("fields", "users"),
    [
        ({}, ()),
        ({"user": "Anna"}, ("Anna",)),
        ({"user": ["Anna", "Bert", "Anna"]}, ("Anna", "Bert")),
        ({"user[]": "PJSIP/1243"}, ("PJSIP/1243",)),
        ({"user[]": ["Anna", "", None], "user": "Bert"}, ("Bert", "Anna")),
        ({"user": 1243}, ("1243",)),
        ({"user": None}, ()),
        ({"user": [str(n) for n in range(50)]}, tuple(str(n) for n in range(20))),
    ],
)
def test_users(fields: dict[str, object], users: tuple[str, ...]) -> None:
    assert parse({**CALL, **fields}).users == users


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        ("busy", "busy"),
        ("NoAnswer", "noAnswer"),
        ("no_answer", "noAnswer"),
        ("Q.850;cause=16", "Q.850;cause=16"),
        ("x" * 99, "x" * 40),
        (None, ""),
    ],
)
def test_causes(said: object, cause: str) -> None:
    assert parse({**CALL, "cause": said}).cause == cause


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"event": "ringing"}, "Ereignis ist unbekannt"),
        ({"event": ""}, "Ereignis ist unbekannt"),
        ({"event": None}, "Ereignis ist unbekannt"),
        ({"event": ["newCall", "newCall"]}, "Feld event .* kein Text"),
        ({"event": {"a": 1}}, "Feld event .* kein Text"),
        ({"callId": ""}, "callId"),
        ({"callId": "\x00\u200b "}, "fehlt die Kennung"),
        ({"callId": None}, "fehlt die Kennung"),
        ({"callId": ["1"]}, "Feld callId .* kein Text"),
        ({"callId": 1.5}, "Feld callId .* kein Text"),
        ({"callId": True}, "Feld callId .* kein Text"),
        ({"from": ["1", "2"]}, "Feld from .* kein Text"),
        ({"to": {"number": "1"}}, "Feld to .* kein Text"),
        ({"queue": False}, "Feld queue .* kein Text"),
        ({"user": {"name": "Anna"}}, "Feld user .* kein Text"),
        ({"user": ["Anna", ["Bert"]]}, "Feld user .* kein Text"),
        ({"direction": "sideways"}, "Richtung"),
        ({"direction": 1}, "Richtung"),
    ],
)
def test_what_is_refused(fields: dict[str, object], said: str) -> None:
    with pytest.raises(BadMessage, match=said) as refused:
        parse({**CALL, **fields})
    assert refused.value.status == 422
    assert refused.value.sentence == str(refused.value)


def test_texts_are_cleaned_and_bounded() -> None:
    body: dict[str, object] = {
        **CALL,
        "from": "\x00 02921\t555\r\n",
        "to": "\u202e1030\ud800",
        "queue": "q" * 300,
        "user": "A\x1bnna",
        "answering_number": " 1243 ",
    }
    message = parse(body)
    assert (message.from_, message.to, message.queue, message.users, message.answering_number) == (
        "02921 555",
        "1030",
        "q" * 200,
        ("Anna",),
        "1243",
    )


def test_long_call_ids_stay_different() -> None:
    one, other = (parse({"event": "answer", "callId": "a" * 5000 + end}).call_id for end in "12")
    assert len(one) == len(other) == 120
    assert one != other
    assert parse({"event": "answer", "callId": "b" * 120}).call_id == "b" * 120


JUNK = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(),
        st.sampled_from(["newCall", "answer", "in", "out"]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=5,
)
NAMES = st.sampled_from(
    [
        "event",
        "callId",
        "call_id",
        "callid",
        "from",
        "to",
        "direction",
        "user",
        "user[]",
        "queue",
        "answeringNumber",
        "cause",
        "x",
    ]
)


@given(st.dictionaries(NAMES, JUNK))
@example({"event": "newCall", "callId": "\ud800a"})
def test_nothing_but_a_bad_message_is_raised(body: dict[str, Any]) -> None:
    try:
        message = parse(body)
    except BadMessage as refused:
        assert refused.status == 422  # noqa: PT017 - both ways are right, and each is checked
        return
    texts = [
        message.call_id,
        message.from_,
        message.to,
        message.queue,
        message.cause,
        message.answering_number,
        *message.users,
    ]
    assert message.call_id
    assert all("\x00" not in text and len(text) <= 200 for text in texts)
    json.dumps(texts, ensure_ascii=False).encode()  # the database can store it
