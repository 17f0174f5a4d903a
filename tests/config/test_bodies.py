"""No request, whoever sends it, makes us keep more than a form can hold."""

import pytest

from config import asgi
from config.bodies import BoundedBodies
from tests import loops


def through(chunks, *, length=None, limit=100, answers=False, path="/"):
    """(status or None, what the application received, how many chunks were taken)."""
    headers = [(b"content-length", str(length).encode())] if length is not None else []
    messages = [
        {"type": "http.request", "body": part, "more_body": n < len(chunks) - 1} for n, part in enumerate(chunks)
    ]
    sent, got, taken = [], [], []

    async def receive():
        taken.append(1)
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    async def app(_scope, receive, send):
        if answers:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        while (message := await receive())["type"] == "http.request":
            got.append(message["body"])
            if not message["more_body"]:
                break

    bounded = BoundedBodies(app, limit, {"/hochladen/": 1000})
    loops.run(bounded({"type": "http", "path": path, "headers": headers}, receive, send))
    return sent[0]["status"] if sent else None, b"".join(got), len(taken)


def test_what_fits_arrives_as_it_came():
    assert through([b"a" * 60, b"b" * 40], length=100) == (None, b"a" * 60 + b"b" * 40, 2)
    assert through([b""]) == (None, b"", 1)


def test_an_announced_length_is_refused_unread():
    assert through([b"x"], length=101) == (413, b"", 0)


@pytest.mark.parametrize("length", [None, 5, "x", "9" * 30])
def test_a_body_without_an_honest_length_ends_at_the_limit(length):
    assert through([b"x" * 30] * 1000, length=length) == (413, b"x" * 90, 4)


@pytest.mark.parametrize(
    ("path", "status"),
    [("/hochladen/", None), ("/hochladen/x", None), ("/hochladen", 413), ("/", 413), ("/x/hochladen/", 413)],
)
def test_where_files_are_uploaded_they_may_be_larger_and_nowhere_else(path, status):
    assert through([b"x" * 900], length=900, path=path)[0] == status
    assert through([b"x" * 900], path=path)[0] == status
    assert through([b"x" * 1001], path=path)[0] == 413


def test_an_answer_that_has_begun_is_left_alone():
    assert through([b"x" * 30] * 1000, answers=True)[0] == 200


@pytest.mark.parametrize("host", [b"localhost", b"elsewhere.example"])
def test_it_stands_before_django(host):
    sent, taken = [], []

    async def receive():
        taken.append(1)
        return {"type": "http.request", "body": b"x" * 1_000_000, "more_body": True}

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/konto/login/",
        "query_string": b"",
        "headers": [(b"host", host)],
    }
    loops.run(asgi.application(scope, receive, send))
    assert (sent[0]["status"], len(taken)) == (413, 3)
