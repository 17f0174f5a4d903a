"""The webhook's own door: what it answers, what it hands on, and that it says the same as the view."""

import json

import pytest
from django.test import Client, override_settings

from telephony_bridge import door
from telephony_bridge.views import Answer
from tests import loops

PATH = "/api/v1/cti/token"


@pytest.fixture
def ask(monkeypatch):
    """ask(path, method=…, headers=…, scheme=…, messages=…) -> (what was stored, what was sent, whether it was handed on)."""
    stored, sent, handed_on = [], [], []

    async def store(post):
        stored.append(post)
        return Answer(422, {"error": "Straße fehlt"}, {"Retry-After": "5"})

    monkeypatch.setattr(door, "stored", store)

    async def app(_scope, _receive, _send):
        handed_on.append(True)

    def make(path=PATH, *, method="POST", headers=(), scheme="http", message=None, client=("192.0.2.7", 4711)):
        async def receive():
            return message or {"type": "http.request", "body": b"event=newCall", "more_body": False}

        async def send(part):
            sent.append(part)

        scope = {"type": "http", "path": path, "method": method, "scheme": scheme, "headers": list(headers)}
        scope["client"] = client
        loops.run(door.Door(app)(scope, receive, send))
        return stored, sent, bool(handed_on)

    return make


def test_a_message_is_stored_and_answered_in_json(ask):
    stored, sent, handed_on = ask(
        headers=[(b"content-type", b"Application/JSON; charset=utf-8"), (b"x-request-id", b"abc-1")]
    )
    headers = dict(sent[0]["headers"])
    assert [post[:4] for post in stored] == [("token", "application/json", b"event=newCall", "192.0.2.7")]
    assert (sent[0]["status"], json.loads(sent[1]["body"])) == (422, {"error": "Straße fehlt"})
    assert (headers[b"retry-after"], headers[b"x-request-id"], headers[b"cache-control"]) == (
        b"5",
        b"abc-1",
        b"no-store",
    )
    assert int(headers[b"content-length"]) == len(sent[1]["body"])
    assert not handed_on


def test_the_signature_is_handed_on(ask):
    stored, _sent, _handed_on = ask(headers=[(b"x-placetel-signature", b"abc"), (b"x-other", b"1")])
    assert stored[0].signatures == {"x-placetel-signature": "abc"}


def test_who_comes_by_a_unix_socket_has_no_address(ask):
    stored, _sent, _handed_on = ask(client=None)
    assert stored[0].address == ""


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_other_methods_are_refused_and_store_nothing(ask, method):
    stored, sent, _handed_on = ask(method=method)
    assert (stored, sent[0]["status"], dict(sent[0]["headers"])[b"allow"]) == ([], 405, b"POST")


@pytest.mark.parametrize(
    "path", ["/", "/api/v1/cti/", "/api/v1/cti", "/api/v1/cti/token/sipgate", "/api/v1/other", "/konto/login/"]
)
def test_everything_else_is_handed_on(ask, path):
    stored, sent, handed_on = ask(path)
    assert (stored, sent, handed_on) == ([], [], True)


def test_of_an_exchange_that_went_away_nothing_is_stored(ask):
    stored, sent, handed_on = ask(message={"type": "http.disconnect"})
    assert (stored, sent, handed_on) == ([], [], False)


@pytest.mark.parametrize(("scheme", "redirected"), [("http", True), ("https", False)])
def test_behind_tls_what_came_without_it_is_redirected(ask, scheme, redirected):
    """The scheme is uvicorn's word, which believes named proxies only."""
    with override_settings(SECURE_SSL_REDIRECT=True):
        stored, _sent, handed_on = ask(scheme=scheme, headers=[(b"x-forwarded-proto", b"https")])
    assert handed_on is redirected
    assert bool(stored) is not redirected


def test_a_forged_request_id_is_replaced(ask):
    _stored, sent, _handed_on = ask(headers=[(b"x-request-id", b"a\r\nset-cookie: x")])
    assert len(dict(sent[0]["headers"])[b"x-request-id"]) == 32


@pytest.mark.django_db
def test_the_view_says_the_same(db):
    found = Client().post("/api/v1/cti/unknown", {"event": "newCall"}, headers={"host": "localhost"})
    assert (found.status_code, found["content-type"]) == (401, "application/json")
    assert found.json() == {"error": "Das Token ist unbekannt oder wurde ersetzt."}
