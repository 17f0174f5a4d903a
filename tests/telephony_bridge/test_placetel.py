"""Placetel's dialect: its events, and that only what is signed with the source's secret counts."""

from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from telephony_bridge import actions
from telephony_bridge.dialects.placetel import check, parse, signature_of
from telephony_bridge.messages import BadMessage, Direction, Event
from telephony_bridge.models import Call, CtiEvent, Source
from telephony_bridge.tokens import hash_of, secret_of
from tenants import scope
from tenants.audit import SYSTEM
from tests.telephony_bridge.junk import junk_bodies

FORM = "application/x-www-form-urlencoded"
CALL_ID = "f4591ba315d81671d7a06c2a3b4f963dafd119de39cb26edd8a6476676b2f447"


def test_the_documented_signature() -> None:
    raw = b"call_id=4a4cbb39578170aed9a2761a7bec8c7e704a541f52291ef603d6f5f152980c3c&event=CallAccepted&from=0123456789&to=0987654321"
    expected = "c4f823c5b8806432fe2b83b1fc2ee714422e0cdfb4b5129152a7d0bbcd7792d0"
    assert signature_of("12345", raw) == expected
    check("12345", raw, expected)
    check("12345", raw, expected.upper())


@given(raw=st.binary(max_size=50), signature=st.text(max_size=70))
def test_no_other_signature_passes(raw: bytes, signature: str) -> None:
    with pytest.raises(BadMessage) as refused:
        check("12345", raw, signature)
    assert refused.value.status == 401


@pytest.mark.parametrize(
    ("event", "kind", "direction"),
    [
        ("IncomingCall", Event.NEW_CALL, Direction.IN),
        ("OutgoingCall", Event.NEW_CALL, Direction.OUT),
        ("CallAccepted", Event.ANSWER, None),
        ("HungUp", Event.HANGUP, None),
    ],
)
def test_events(event: str, kind: Event, direction: Direction | None) -> None:
    message = parse({"event": event, "call_id": CALL_ID, "from": "022129191999", "to": "02921103"})
    assert (message.event, message.call_id, message.direction) == (kind, CALL_ID, direction)
    assert parse({"event": event, "call_id": CALL_ID, "direction": "out"}).direction is Direction.OUT


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        ("accepted", "normalClearing"),
        ("missed", "noAnswer"),
        ("voicemail", "forwarded"),
        ("blocked", "congestion"),
        ("canceled", "cancel"),
        ("unavailable", "notFound"),
        ("something new", "something new"),
    ],
)
def test_why_a_call_ended(said: str, cause: str) -> None:
    assert parse({"event": "HungUp", "call_id": "1", "type": said}).cause == cause


@given(junk_bodies("type", "peer", "duration"))
def test_nothing_but_a_bad_message_is_raised(body: dict[str, Any]) -> None:
    try:
        assert parse(body).call_id
    except BadMessage as refused:
        assert refused.status == 422  # noqa: PT017 - both ways are right, and each is checked


@pytest.fixture
def secret(soest):
    """The secret of Soest's Placetel; `.token` of the same source."""
    token = actions.give_token(centre=soest.centre, dialect="placetel", acting_user=SYSTEM)
    with scope.operator():
        source = Source.objects.get(token_hash=hash_of(token))
    return secret_of(source.pk, source.generation), token


@pytest.fixture
def post(secret):
    """post(event=…, …) with the right signature; signature="" without, or with a wrong one."""
    key, token = secret
    client = Client(headers={"host": "localhost"})

    def send(signature=None, **fields):
        raw = urlencode({"call_id": CALL_ID} | {name.rstrip("_"): value for name, value in fields.items()}).encode()
        said = signature_of(key, raw) if signature is None else signature
        headers = {"x-placetel-signature": said} if said else {}
        return client.post(f"/api/v1/cti/{token}", raw, content_type=FORM, headers=headers)

    return send


def test_a_call_from_its_first_ring_to_its_end(post, people):
    from accounts.models import Person

    with scope.front():
        Person.objects.filter(pk=people["agent"].pk).update(phone_user="7777abcdefg@fpbx.de")
    assert post(event="IncomingCall", from_="01713920047", to="029211030", direction="in").json() == {}
    post(event="CallAccepted", from_="01713920047", to="029211030", peer="7777abcdefg@fpbx.de")
    with scope.telephony():
        call = Call.objects.select_related("municipality").get(external_id=CALL_ID)
    assert (call.municipality.slug, call.state, call.agent_id) == ("soest", "talking", people["agent"].pk)
    post(event="HungUp", type="accepted", duration="12", direction="in")
    with scope.telephony():
        call.refresh_from_db()
    assert (call.state, call.hangup_cause) == ("wrap-up", "normalClearing")


def test_what_staff_dial_is_no_call_of_a_citizen(post):
    post(event="OutgoingCall", from_="7777abcdefg@fpbx.de", to="23", direction="out")
    post(event="HungUp", type="busy")
    with scope.telephony():
        assert not Call.objects.exists()
        assert CtiEvent.objects.count() == 2


@pytest.mark.parametrize("signature", ["", "0" * 64, "ä"])
def test_what_is_not_signed_is_refused_and_said_to_who_connects(post, secret, signature):
    found = post(signature=signature, event="IncomingCall", to="029211030")
    assert found.status_code == 401
    assert "Signatur" in found.json()["error"]
    with scope.telephony():
        assert not CtiEvent.objects.exists()
        source = Source.objects.get(token_hash=hash_of(secret[1]))
    assert source.refused_why == found.json()["error"]


def test_a_rotated_secret_replaces_the_old_one(post, soest, secret):
    actions.give_token(centre=soest.centre, dialect="placetel", rotate=True, acting_user=SYSTEM)
    assert post(event="IncomingCall").status_code == 401
