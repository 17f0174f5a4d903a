"""Bodies of webhooks: forms, JSON, and everything that is neither."""

import json
from urllib.parse import urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from telephony_bridge.dialects.body import LIMIT, decode_body, storable
from telephony_bridge.messages import BadMessage

FORM, JSON = "application/x-www-form-urlencoded", "application/json"


def refusal(content_type: str, raw: bytes) -> tuple[int, str]:
    with pytest.raises(BadMessage) as refused:
        decode_body(content_type, raw)
    return refused.value.status, refused.value.sentence


@pytest.mark.parametrize(
    ("content_type", "raw", "fields"),
    [
        (FORM, b"event=newCall&from=&to=%2B4929211030", {"event": "newCall", "from": "", "to": "+4929211030"}),
        (FORM + "; charset=UTF-8", b"user=M%C3%BCller", {"user": "Müller"}),
        (FORM, b"user[]=a&user[]=b&user%5B%5D=c", {"user[]": ["a", "b", "c"]}),
        (FORM, b"to=49+2941+980", {"to": "49 2941 980"}),
        (FORM, b"", {}),
        ("", b"event=hangup", {"event": "hangup"}),
        (
            JSON,
            b'{"event": "newCall", "from": 4929211030, "user": ["a", null]}',
            {"event": "newCall", "from": 4929211030, "user": ["a", None]},
        ),
        ("Application/JSON;charset=utf-8", b"{}", {}),
        ("application/vnd.api+json", b"{}", {}),
        (JSON, b'\xef\xbb\xbf {"a": "\xc3\xbc"}\r\n', {"a": "ü"}),
        (
            FORM,
            b'{"event": "answer", "to": "a=b&c"}',
            {"event": "answer", "to": "a=b&c"},
        ),  # what `curl -d` makes of JSON
        ("text/plain", b' {"event": "answer"}', {"event": "answer"}),
    ],
)
def test_bodies(content_type: str, raw: bytes, fields: dict[str, object]) -> None:
    assert decode_body(content_type, raw) == fields


@pytest.mark.parametrize(
    ("content_type", "raw", "status", "said"),
    [
        (JSON, b"x" * (LIMIT + 1), 413, "höchstens 64 KiB"),
        (FORM, b"a=" + b"x" * LIMIT, 413, "zu groß"),
        ("multipart/form-data; boundary=x", b"--x", 415, "weder JSON noch ein Formular"),
        ("application/xml", b"<a/>", 415, "weder JSON noch ein Formular"),
        (JSON, b"", 400, "kein gültiges JSON"),
        (JSON, b"event=newCall", 400, "kein gültiges JSON"),
        (JSON, b'{"event": ', 400, "kein gültiges JSON"),
        (JSON, b'{"a": 1} {"a": 1}', 400, "kein gültiges JSON"),
        (JSON, b'{"a": "\xff"}', 400, "UTF-8"),
        (FORM, b"a=\xff", 400, "UTF-8"),
        (FORM, b"a=%ff", 400, "UTF-8"),
        (FORM, b"\x00\x01\x02", 400, "kein lesbares Formular"),
        (FORM, b"&".join([b"a=1"] * 201), 400, "kein lesbares Formular"),
        (JSON, b"[1]", 422, "kein Objekt"),
        (JSON, b"null", 422, "kein Objekt"),
        (JSON, b'"newCall"', 422, "kein Objekt"),
        (JSON, b"[" * 60_000, 400, "zu tief"),
        (JSON, b'{"a":' * 12_000, 400, "zu tief"),
        (JSON, b'{"a":' * 9 + b"1" + b"}" * 9, 400, "zu tief"),
        (JSON, b'{"a":' + b"[" * 500 + b"]" * 500 + b"}", 400, "zu tief"),
        (JSON, b'{"a": 1e999}', 422, "zu groß"),
        (JSON, b'{"a": NaN}', 400, "NaN"),
        (JSON, b'{"a": -Infinity}', 400, "-Infinity"),
        (JSON, b'{"a": 1, "a": 2}', 400, "doppelt"),
        (JSON, b'{"a": {"b": 1, "b": 1}}', 400, "doppelt"),
        (JSON, b'{"a": ' + b"9" * 41 + b"}", 422, "zu groß"),
        (JSON, b'{"a": ' + b"9" * 50_000 + b"}", 422, "zu groß"),
    ],
)
def test_what_is_refused(content_type: str, raw: bytes, status: int, said: str) -> None:
    found, sentence = refusal(content_type, raw)
    assert found == status
    assert said in sentence


def test_what_the_database_refuses_is_replaced_before_it_is_stored() -> None:
    fields = decode_body(JSON, b'{"a\\u0000": ["\\ud800x", {"b": "c\\u0000", "n": 1, "x": null}]}')
    assert storable(fields) == {"a\ufffd": ["\ufffdx", {"b": "c\ufffd", "n": 1, "x": None}]}


def test_a_body_of_exactly_the_limit_is_read() -> None:
    assert decode_body(FORM, b"a=" + b"x" * (LIMIT - 2)) == {"a": "x" * (LIMIT - 2)}


@given(
    st.dictionaries(
        st.text(st.characters(codec="utf-8"), min_size=1),
        st.text(st.characters(codec="utf-8")),
        min_size=1,
        max_size=20,
    )
)
def test_forms_and_json_are_read_back(fields: dict[str, str]) -> None:
    assert decode_body(JSON, json.dumps(fields).encode()) == fields
    if not urlencode(fields).startswith("{"):
        assert decode_body(FORM, urlencode(fields).encode()) == fields


@given(st.sampled_from([FORM, JSON, "", "text/plain", "image/png", ";", "\x00"]), st.binary(max_size=300))
@example(JSON, b"\xef\xbb\xbf")
@example(JSON, b"{" + b'"a":{' * 5000)
def test_nothing_but_a_bad_message_is_raised(content_type: str, raw: bytes) -> None:
    try:
        fields = decode_body(content_type, raw)
    except BadMessage as refused:
        status = refused.status
    else:
        status = 200 if isinstance(fields, dict) else 0
    assert status in {200, 400, 413, 415, 422}
