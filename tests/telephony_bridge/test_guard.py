"""Bodies of webhooks are bounded before Django sees them."""

import json

import pytest

from telephony_bridge.dialects.body import LIMIT
from telephony_bridge.guard import BodyGuard
from tests import loops

PATH = "/api/v1/cti/token"


def through(chunks, *, path=PATH, length=None, last=None):
    """(status or None, what the application received, how many chunks were taken)."""
    headers = [(b"content-length", str(length).encode())] if length is not None else []
    messages = [
        {"type": "http.request", "body": chunk, "more_body": n < len(chunks) - 1} for n, chunk in enumerate(chunks)
    ]
    messages += [last] if last else []
    sent, got, taken = [], [], []

    async def receive():
        taken.append(1)
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    async def app(_scope, receive, _send):
        while (message := await receive())["type"] == "http.request":
            got.append(message["body"])
            if not message["more_body"]:
                break

    loops.run(BodyGuard(app)({"type": "http", "path": path, "headers": headers}, receive, send))
    if sent:
        assert "64 KiB" in json.loads(sent[1]["body"])["error"]
    return sent[0]["status"] if sent else None, b"".join(got), len(taken)


def test_what_fits_arrives_whole():
    assert through([b"a" * 10, b"b" * 10]) == (None, b"a" * 10 + b"b" * 10, 2)
    assert through([b"x" * LIMIT], length=LIMIT) == (None, b"x" * LIMIT, 1)
    assert through([b""]) == (None, b"", 1)


def test_an_announced_length_is_refused_unread():
    assert through([b"x"], length=LIMIT + 1) == (413, b"", 0)


def test_an_endless_body_is_refused_where_the_limit_is():
    status, got, taken = through([b"x" * 10_000] * 1000)
    assert (status, got) == (413, b"")
    assert taken == LIMIT // 10_000 + 1


def test_a_length_that_lies_is_counted():
    assert through([b"x" * LIMIT, b"x"], length=5)[0] == 413


def test_other_paths_are_not_touched():
    assert through([b"x" * LIMIT] * 3, path="/wissen/")[0] is None


@pytest.mark.parametrize("length", ["", "-1", "9" * 30, "abc"])
def test_a_length_that_is_no_number(length):
    assert through([b"x"], length=length) == (None, b"x", 1)


def test_cookies_do_not_reach_the_webhook():
    seen = []

    async def app(scope, _receive, _send):
        seen.append(scope["headers"])

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    for path in (PATH, "/konto/"):
        headers = [(b"cookie", b"rufverbund_session=x"), (b"host", b"localhost")]
        loops.run(BodyGuard(app)({"type": "http", "path": path, "headers": headers}, receive, receive))
    assert seen == [[(b"host", b"localhost")], [(b"cookie", b"rufverbund_session=x"), (b"host", b"localhost")]]


def test_a_sender_that_goes_away_leaves_nothing():
    assert through([b"x", b"y"])[1] == b"xy"
    status, got, _taken = through([])
    assert (status, got) == (None, b"")
