"""sipgate.io's dialect: what is understood, and the XML that makes it report the rest of a call."""

from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given

from telephony_bridge import actions
from telephony_bridge.dialects.body import decode_body
from telephony_bridge.dialects.sipgate import answer, parse
from telephony_bridge.messages import BadMessage, CtiMessage, Direction, Event
from telephony_bridge.models import Call
from tenants import scope
from tenants.audit import SYSTEM
from tenants.models import NumberPrefix
from tests.telephony_bridge.junk import junk_bodies

FORM = "application/x-www-form-urlencoded"
# The examples of developer.sipgate.io/push-api/api-reference.
NEW_CALL = (
    b"event=newCall&from=492111234567&to=4915791234567&direction=in&callId=123456&user[]=Alice&user[]=Bob"
    b"&userId[]=w0&userId[]=w1&fullUserId[]=1234567w0&fullUserId[]=1234567w1"
)
ANSWER = (
    b"event=answer&callId=123456&user=John+Doe&userId=w0&fullUserId=1234567w0&from=492111234567&to=4915791234567"
    b"&direction=in&answeringNumber=21199999999"
)
HANGUP = b"event=hangup&cause=normalClearing&callId=123456&from=492111234567&to=4915791234567&direction=in&answeringNumber=4921199999999"


def read(raw: bytes) -> CtiMessage:
    return parse(decode_body(FORM, raw))


def test_the_documented_new_call() -> None:
    message = read(NEW_CALL)
    assert (message.event, message.call_id, message.direction) == (Event.NEW_CALL, "123456", Direction.IN)
    assert (message.from_, message.to) == ("492111234567", "4915791234567")
    assert set(message.users) == {"Alice", "Bob", "w0", "w1", "1234567w0", "1234567w1"}


def test_the_documented_answer_and_hangup() -> None:
    answered, ended = read(ANSWER), read(HANGUP)
    assert (answered.event, answered.users) == (Event.ANSWER, ("1234567w0", "w0", "John Doe"))
    assert answered.answering_number == "21199999999"
    assert (ended.event, ended.cause) == (Event.HANGUP, "normalClearing")


def test_a_transfer_names_the_call_that_is_passed_on() -> None:
    message = read(
        b"event=newCall&callId=2&origCallId=1&from=492111234567&to=49292123&diversion=492921103&direction=in"
    )
    assert (message.call_id, message.part_of, message.diversion) == ("2", "1", ("492921103",))


def test_xcid_is_the_id_where_there_is_no_other() -> None:
    assert read(b"event=hangup&xcid=abc").call_id == "abc"
    assert read(b"event=hangup&callId=1&xcid=abc").call_id == "1"


@pytest.mark.parametrize(
    "raw", [b"event=dtmf&callId=1&dtmf=1", b"event=newCall", b"callId=1", b"event=newCall&callId=1&direction=up"]
)
def test_what_is_refused(raw: bytes) -> None:
    with pytest.raises(BadMessage) as refused:
        read(raw)
    assert refused.value.status == 422


def test_the_answer_to_a_new_call_asks_for_the_rest() -> None:
    root = ET.fromstring(answer(read(NEW_CALL), 'https://x.example/api/v1/cti/a&"b'))  # noqa: S314  our own
    assert root.attrib == dict.fromkeys(("onAnswer", "onHangup"), 'https://x.example/api/v1/cti/a&"b')
    assert (root.tag, list(root)) == ("Response", [])
    assert ET.fromstring(answer(read(HANGUP), "https://x.example/")).attrib == {}  # noqa: S314  our own


@given(junk_bodies("origCallId", "xcid", "userId[]", "fullUserId", "diversion"))
def test_nothing_but_a_bad_message_is_raised(body: dict[str, Any]) -> None:
    try:
        message = parse(body)
    except BadMessage as refused:
        assert refused.status == 422  # noqa: PT017 - both ways are right, and each is checked
        return
    assert message.call_id
    ET.fromstring(answer(message, "https://x.example/"))  # noqa: S314  our own


@pytest.fixture
def post(soest):
    token = actions.give_token(centre=soest.centre, dialect="sipgate", acting_user=SYSTEM)
    client = Client(headers={"host": "localhost"})
    return lambda **fields: client.post(f"/api/v1/cti/{token}", urlencode({"callId": "c1"} | fields), content_type=FORM)


@pytest.mark.django_db
def test_the_webhook_answers_in_xml_with_its_own_address(soest):
    token = actions.give_token(centre=soest.centre, dialect="sipgate", acting_user=SYSTEM)
    found = Client(headers={"host": "soest.localhost"}).post(f"/api/v1/cti/{token}", NEW_CALL, content_type=FORM)
    assert (found.status_code, found["content-type"]) == (200, "application/xml")
    address = f"http://localhost/api/v1/cti/{token}"
    assert ET.fromstring(found.content).attrib == {"onAnswer": address, "onHangup": address}  # noqa: S314  our own
    with scope.telephony():
        assert Call.objects.get(external_id="123456").from_number == "+492111234567"


@pytest.mark.django_db
def test_a_refusal_is_json_in_every_dialect(post):
    found = post(event="dtmf")
    assert (found.status_code, found["content-type"]) == (422, "application/json")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("own_number", "slug", "kind"), [(False, "soest", "diversion"), (True, "kreis", "did")], ids=["shared", "own"]
)
def test_a_diverted_central_number_is_recognised(post, kreis, own_number, slug, kind):
    """It arrives at a number of the centre; only when that belongs to one municipality, it decides before the diverted number."""
    if own_number:
        with scope.operator():
            NumberPrefix.objects.create(
                municipality=kreis, prefix="+4929219999", max_length=15, is_did=True, confirmed_at=timezone.now()
            )
    post(event="newCall", to="4929219999", diversion="4929211030", **{"from": "491713920047"})
    with scope.telephony():
        made = Call.objects.select_related("municipality").get(external_id="c1")
    assert (made.municipality.slug, made.evidence["kind"]) == (slug, kind)
