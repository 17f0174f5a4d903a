"""Transfers as exchanges report them: consultations and passed-on calls are legs of the citizen's call, which stays one, in any order."""

import json
from itertools import permutations

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Person
from telephony_bridge import actions
from telephony_bridge.dialects.placetel import SIGNATURE, signature_of
from telephony_bridge.legs import MOST, Leg, heard, read_legs, written
from telephony_bridge.messages import CtiMessage, Direction, Event
from telephony_bridge.models import Call, CtiEvent, Presence, Source
from telephony_bridge.named import agents_named, forms_of
from telephony_bridge.tokens import hash_of, secret_of
from tenants import scope
from tenants.audit import SYSTEM
from tests.telephony_bridge.junk import junk_bodies

CITIZEN, CENTRAL = "01713920047", "029211030"


@pytest.fixture
def team(people, soest):
    """Jana at telephone 21, her colleague at 23; both ready."""
    with scope.front():
        for who, telephone in (("agent", "21"), ("agent2", "23")):
            Person.objects.filter(pk=people[who].pk).update(phone_user=telephone)
    for who in ("agent", "agent2"):
        with scope.desk(people[who].pk), transaction.atomic():
            actions.set_presence(soest.centre, "ready", acting_user=people[who])
    return people["agent"], people["agent2"]


@pytest.fixture
def posts(soest, team):
    """posts[dialect](event=…, …) -> the answer; Placetel's are signed."""
    return {dialect: poster(soest, dialect) for dialect in ("zammad", "sipgate", "placetel")}


def poster(soest, dialect):
    token = actions.give_token(centre=soest.centre, dialect=dialect, acting_user=SYSTEM)
    with scope.operator():
        source = Source.objects.get(token_hash=hash_of(token))
    client = Client(headers={"host": "localhost"})

    def send(**fields):
        raw = json.dumps({name.rstrip("_"): value for name, value in fields.items()}).encode()
        headers = (
            {SIGNATURE: signature_of(secret_of(source.pk, source.generation), raw)} if dialect == "placetel" else {}
        )
        return client.post(f"/api/v1/cti/{token}", raw, content_type="application/json", headers=headers)

    return send


@pytest.fixture
def post(posts):
    """In Zammad's dialect: post("newCall", "c1", …)."""
    return lambda event, call_id, **fields: posts["zammad"](event=event, callId=call_id, **fields)


def calls():
    """The citizens' calls: what turned out to be none of theirs is left out."""
    with scope.telephony():
        rows = Call.objects.select_related("municipality").order_by("pk")
        return [call for call in rows if call.told.get("direction") != "out"]


def the_call():
    (call,) = calls()
    return call


def state_of(person):
    with scope.telephony():
        return str(Presence.objects.get(person_id=person.pk).state)


def talk(post):
    """A citizen of Soest talks with Jana."""
    post("newCall", "c1", from_=CITIZEN, to=CENTRAL)
    post("answer", "c1", user="21")


def test_a_consultation_is_no_call_of_a_citizen(post, team, news):
    talk(post)
    told = len(news())
    post("newCall", "c2", from_="21", to="23", direction="in")
    post("answer", "c2", user="23")
    call = the_call()
    assert (call.agent_id, call.state) == (team[0].pk, "talking")
    assert news()[told:] == []
    post("hangup", "c2")
    post("hangup", "c1")
    assert (the_call().agent_id, the_call().state) == (team[0].pk, "wrap-up")


def test_an_attended_transfer_takes_the_call_to_the_colleague(post, team):
    talk(post)
    post("newCall", "c2", from_="21", to="23")
    post("answer", "c2", user="23")
    post("hangup", "c1")
    call = the_call()
    assert (call.agent_id, call.agent_name, call.state, call.hung_up_at) == (team[1].pk, team[1].name, "talking", None)
    assert (call.municipality.slug, call.from_number) == ("soest", "+491713920047")
    assert (state_of(team[0]), state_of(team[1])) == ("ready", "busy")
    post("hangup", "c1")  # sent again: the caller is elsewhere
    post("hangup", "c2")
    assert (the_call().agent_id, the_call().state) == (team[1].pk, "wrap-up")
    assert state_of(team[1]) == "wrap-up"


def test_a_transfer_to_somebody_outside_is_the_agents_to_close(post, team):
    talk(post)
    post("newCall", "c2", from_="21", to="02921 103-2244")
    post("answer", "c2", user="bauamt")
    post("hangup", "c1")
    call = the_call()
    assert (call.agent_id, call.state, call.outcome) == (team[0].pk, "wrap-up", "transferred")
    assert call.transferred_to == "02921 103-2244"
    post("hangup", "c2")
    assert (the_call().agent_id, the_call().state) == (team[0].pk, "wrap-up")


def test_an_internal_call_is_none(post, news):
    for event in ("newCall", "answer", "hangup"):
        post(event, "c9", from_="21", to="23", user="23")
    assert calls() == []
    assert news() == [("presence", *rest) for _kind, *rest in news()]
    with scope.telephony():
        assert set(CtiEvent.objects.values_list("result", flat=True)) == {"internal"}


def test_a_consultation_that_is_answered_before_it_is_reported(post, team):
    talk(post)
    post("answer", "c2", user="23")
    post("newCall", "c2", from_="21", to="23")
    call = the_call()
    assert (call.external_id, call.agent_id) == ("c1", team[0].pk)
    with scope.telephony():
        withdrawn = Call.objects.get(external_id="c2")
    assert (withdrawn.state, withdrawn.municipality_id, withdrawn.agent_id) == ("ended", None, None)
    assert state_of(team[1]) == "ready"
    post("hangup", "c1")
    assert (the_call().agent_id, the_call().state) == (team[1].pk, "talking")


def test_what_staff_dial_and_what_is_answered_before_that_is_known_is_withdrawn(post, team):
    post("answer", "c5", user="23")
    assert state_of(team[1]) == "busy"
    post("newCall", "c5", from_="23", to=CITIZEN, direction="out")
    assert calls() == []
    assert state_of(team[1]) == "ready"


def sipgate(posts, event, call_id, **fields):
    return posts["sipgate"](event=event, callId=call_id, direction="in", **{"from": CITIZEN} | fields)


def test_a_transfer_as_sipgate_documents_it(posts, team):
    """developer.sipgate.io/push-api/faq: the transferred call is a new call with origCallId."""
    first = {"origCallId": "1", "diversion": "21"}
    sipgate(posts, "newCall", "1", to=CENTRAL)
    sipgate(posts, "answer", "1", user="Jana", userId="21")
    sipgate(posts, "newCall", "2", to="23", **first)
    sipgate(posts, "answer", "2", userId="23", **first)
    assert (the_call().agent_id, the_call().state) == (team[1].pk, "talking")
    sipgate(posts, "hangup", "1", cause="normalClearing")
    assert (the_call().agent_id, the_call().state) == (team[1].pk, "talking")
    sipgate(posts, "hangup", "2", cause="normalClearing", **first)
    assert (the_call().external_id, the_call().agent_id, the_call().state) == ("1", team[1].pk, "wrap-up")


def test_a_blind_transfer_that_nobody_answers_as_sipgate_documents_it(posts, team):
    sipgate(posts, "newCall", "1", to=CENTRAL)
    sipgate(posts, "answer", "1", userId="21")
    sipgate(posts, "newCall", "2", to="23", origCallId="1", diversion="21")
    sipgate(posts, "hangup", "1")
    assert (the_call().agent_id, the_call().state) == (team[0].pk, "wrap-up")
    sipgate(posts, "hangup", "2", origCallId="1")
    assert (the_call().agent_id, the_call().state) == (team[0].pk, "wrap-up")


def test_a_blind_transfer_that_is_answered_after_its_agent_hung_up(posts, team):
    sipgate(posts, "newCall", "1", to=CENTRAL)
    sipgate(posts, "answer", "1", userId="21")
    sipgate(posts, "newCall", "2", to="23", origCallId="1")
    sipgate(posts, "hangup", "1")
    sipgate(posts, "answer", "2", userId="23", origCallId="1")
    call = the_call()
    assert (call.agent_id, call.state, call.wrap_up_at, call.wrap_up_until) == (team[1].pk, "talking", None, None)
    assert state_of(team[0]) == "ready"


def test_a_transfer_without_the_first_calls_id_is_known_by_who_diverted_it(posts, team):
    sipgate(posts, "newCall", "1", to=CENTRAL)
    sipgate(posts, "answer", "1", userId="21")
    sipgate(posts, "newCall", "2", to="23", diversion="21")
    sipgate(posts, "answer", "2", userId="23")
    assert (the_call().external_id, the_call().agent_id) == ("1", team[1].pk)


def test_a_call_that_is_forwarded_rings_on(posts, team, news):
    sipgate(posts, "newCall", "1", to=CENTRAL)
    sipgate(posts, "hangup", "1", cause="forwarded")
    assert (the_call().state, the_call().end_reason) == ("ended", "forwarded")
    sipgate(posts, "newCall", "2", to="23", origCallId="1", diversion=CENTRAL)
    call = the_call()
    assert (call.state, call.end_reason, call.hung_up_at, call.ended_at) == ("ringing", "", None, None)
    assert [op for kind, _id, op in news() if kind == "call"] == ["new", "ended", "new"]
    sipgate(posts, "answer", "2", userId="23", origCallId="1")
    assert (the_call().agent_id, the_call().state) == (team[1].pk, "talking")
    sipgate(posts, "hangup", "2", origCallId="1")
    assert the_call().state == "wrap-up"


def test_a_transfer_of_a_call_that_nobody_reported(posts, team):
    sipgate(posts, "answer", "2", to="23", userId="23", origCallId="1")
    call = the_call()
    assert (call.external_id, call.agent_id, call.state) == ("1", team[1].pk, "talking")
    sipgate(posts, "newCall", "1", to=CENTRAL)
    assert (the_call().municipality.slug, the_call().state) == ("soest", "talking")


def test_two_citizens_of_one_company_are_two_calls(post):
    """A telephone exchange shows one number for all who call by it."""
    talk(post)
    post("newCall", "c2", from_=CITIZEN, to=CENTRAL)
    assert len(calls()) == 2


def test_placetels_consultation(posts, team):
    call = posts["placetel"]
    call(event="IncomingCall", call_id="a", from_=CITIZEN, to=CENTRAL, direction="in")
    call(event="CallAccepted", call_id="a", from_=CITIZEN, to=CENTRAL, peer="21@fpbx.de", direction="in")
    call(event="OutgoingCall", call_id="b", from_="21@fpbx.de", to="23", direction="out")
    call(event="IncomingCall", call_id="c", from_="21@fpbx.de", to="23", direction="in")
    call(event="CallAccepted", call_id="c", from_="21@fpbx.de", to="23", peer="23@fpbx.de", direction="in")
    assert (the_call().external_id, the_call().agent_id) == ("a", team[0].pk)
    call(event="HungUp", call_id="a", type="accepted")
    assert (the_call().agent_id, the_call().state) == (team[1].pk, "talking")
    call(event="HungUp", call_id="c", type="accepted")
    assert the_call().state == "wrap-up"


def test_several_ringing_users_are_one_call(post, team):
    for user in ("21", "23"):
        post("newCall", "c1", from_=CITIZEN, to=CENTRAL, user=user)
    post("newCall", "c1", from_=CITIZEN, to=CENTRAL, user=["21", "23"])
    assert (the_call().state, the_call().agent_id) == ("ringing", None)
    post("answer", "c1", user=["PJSIP/23-0000001a"])
    assert the_call().agent_id == team[1].pk


def test_a_queues_name_stands_for_a_number(posts):
    posts["zammad"](event="newCall", callId="q", **{"from": CITIZEN, "to": "soest"})
    call = the_call()
    assert (call.municipality.slug, call.evidence["kind"]) == ("soest", "queue")


TRANSFER = [
    ("newCall", "1", {"to": CENTRAL}),
    ("answer", "1", {"userId": "21"}),
    ("newCall", "2", {"to": "23", "origCallId": "1"}),
    ("answer", "2", {"userId": "23", "origCallId": "1"}),
    ("hangup", "1", {}),
    ("hangup", "2", {"origCallId": "1"}),
]
ORDERS = list(permutations(range(len(TRANSFER))))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.sampled_from(ORDERS), doubled=st.integers(0, 5))
def test_a_transfer_in_any_order_is_one_call_that_ends(posts, order, doubled):
    """Each message once and one of them twice: one call of a citizen, over or in its wrap-up, known by its number; every message is kept."""
    with transaction.atomic():
        for index in [*order, order[doubled]]:
            event, call_id, fields = TRANSFER[index]
            assert sipgate(posts, event, call_id, **fields).status_code == 200
        (call,) = calls()
        assert call.state in {"wrap-up", "ended"}
        assert (call.external_id, call.municipality.slug, call.from_number) == ("1", "soest", "+491713920047")
        with scope.telephony():
            assert CtiEvent.objects.filter(source=call.source).count() == 7
        transaction.set_rollback(True)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    dialect=st.sampled_from(["zammad", "sipgate", "placetel"]),
    bodies=st.lists(junk_bodies("origCallId", "diversion", "peer", "type", "userId"), min_size=1, max_size=4),
)
def test_junk_is_refused_or_stored_and_never_a_crash(posts, dialect, bodies):
    with transaction.atomic():
        for body in bodies:
            with scope.telephony():
                before = CtiEvent.objects.count()
            try:
                found = posts[dialect](**body)
            except UnicodeEncodeError:  # our own client cannot write it
                continue
            assert found.status_code in {200, 400, 422, 429}
            with scope.telephony():
                assert CtiEvent.objects.count() - before == (found.status_code == 200)
        transaction.set_rollback(True)


@pytest.mark.parametrize(
    ("said", "form"),
    [
        ("PJSIP/1243-0000001a", "1243"),
        ("sip:23@pbx.example;transport=tcp", "23"),
        ("7777abcdefg@fpbx.de", "7777abcdefg"),
        (" Jana.Koester ", "jana.koester"),
        ("anna-beate", "anna-beate"),
        ("SIP/anna-beate", "anna-beate"),
    ],
)
def test_telephones_as_exchanges_name_them(said, form):
    assert form in forms_of(said)


def test_a_telephone_is_looked_up_as_it_is_before_its_parts(team, soest):
    with scope.front():
        Person.objects.filter(pk=team[1].pk).update(phone_user="21@fpbx.de")
    with scope.telephony():
        named = agents_named(soest.centre_id, ["21@fpbx.de", "21", "99"])
    assert {text: agent.person_id for text, agent in named.items()} == {"21@fpbx.de": team[1].pk, "21": team[0].pk}


def test_legs_are_bounded_and_stored_as_they_are():
    legs = {}
    for number in range(MOST + 5):
        message = CtiMessage(Event.ANSWER, str(number), to="23", users=("b",), direction=Direction.IN)
        legs = heard(legs, message, (7, "Bert"), is_direct=True)
    assert len(legs) == MOST
    assert read_legs({"legs": written(legs)}) == legs
    assert legs["0"] == Leg(True, "23", ("b",), is_answered=True, agent_id=7, agent_name="Bert")
    assert read_legs({"legs": {"x": {"is_over": True, "unknown": 1}}}) == {"x": Leg(is_over=True)}
