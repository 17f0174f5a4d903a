"""Two at the same moment, with real threads, connections and logins."""

import threading
import time
from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts.models import Person
from telephony_bridge import actions
from telephony_bridge.models import Call, CtiEvent, Presence
from tenants import scope
from tenants.audit import SYSTEM
from tenants.models import OutboxEntry, ServiceCentre

AGENTS = ("agent", "agent2", "supervisor")


@pytest.fixture(scope="module")
def stage(in_threads):
    """Token and persons, read once."""

    def prepare():
        with scope.operator():
            centre = ServiceCentre.objects.get(slug="soest")
        with scope.front():
            people = {name: Person.objects.get(email=f"{name}@example.org") for name in AGENTS}
        return centre, people, actions.give_token(centre=centre, acting_user=SYSTEM)

    return in_threads(prepare)[0]


def posting(token, **fields):
    def send():
        return (
            Client(headers={"host": "localhost"})
            .post(f"/api/v1/cti/{token}", fields, content_type="application/json")
            .status_code
        )

    return send


def the(external_id):
    def read():
        with scope.telephony():
            return Call.objects.get(external_id=external_id)

    return read


def test_of_all_who_accept_at_once_exactly_one_has_the_call(in_threads, stage):
    centre, people, token = stage

    def claiming(person, call):
        def claim():
            with scope.desk(person.pk), transaction.atomic():
                actions.set_presence(centre, "ready", acting_user=person)
            with scope.desk(person.pk), transaction.atomic():
                return actions.claim_call(Call.objects.get(pk=call.pk), acting_user=person)

        return claim

    for number in range(10):
        assert in_threads(posting(token, event="newCall", callId=f"claim{number}", to="029211030")) == [200]
        [call] = in_threads(the(f"claim{number}"))
        claims = in_threads(*(claiming(person, call) for person in people.values()))
        assert [claim.won for claim in claims].count(True) == 1
        [call] = in_threads(the(f"claim{number}"))
        assert {claim.agent_name for claim in claims} == {call.agent_name}


def test_a_message_posted_in_parallel_makes_one_call(in_threads, stage):
    _centre, _people, token = stage
    for number in range(5):
        same = posting(token, event="newCall", callId=f"same{number}", to="029211030", **{"from": "01713920047"})
        assert in_threads(*[same] * 6) == [200] * 6

    def stored():
        with scope.telephony():
            results = [
                list(CtiEvent.objects.filter(external_id=f"same{n}").values_list("result", flat=True)) for n in range(5)
            ]
            ids = list(Call.objects.filter(external_id__startswith="same").values_list("public_id", flat=True))
        with scope.worker():
            return results, ids, OutboxEntry.objects.filter(kind="call", object_id__in=ids).count()

    [(results, ids, told)] = in_threads(stored)
    assert [(sorted(r).count("created"), r.count("duplicate")) for r in results] == [(1, 5)] * 5
    assert len(ids) == told == 5


def test_a_calls_messages_posted_at_once_end_it_once(in_threads, stage):
    _centre, _people, token = stage
    for number in range(8):
        said = {"callId": f"whole{number}", "to": "029211030"}
        messages = [posting(token, event=event, **said) for event in ("newCall", "answer", "hangup")]
        assert in_threads(*messages) == [200] * 3
        [call] = in_threads(the(f"whole{number}"))
        assert call.state == "ended"
        assert call.municipality_id is not None


def test_hanging_up_and_accepting_at_once(in_threads, stage):
    """Whoever comes first: the call is either taken and in wrap-up, or gone, and the agent knows it."""
    _centre, people, token = stage
    person = people["agent"]
    for number in range(8):
        in_threads(posting(token, event="newCall", callId=f"race{number}", to="029211030"))
        [call] = in_threads(the(f"race{number}"))

        def claim(call=call):
            with scope.desk(person.pk), transaction.atomic():
                return actions.claim_call(call, acting_user=person)

        answered, _status = in_threads(claim, posting(token, event="hangup", callId=f"race{number}", cause="cancel"))
        [call] = in_threads(the(f"race{number}"))
        assert (call.state == "wrap-up" and call.agent_id == person.pk) or (call.state == "ended" and not answered.won)


def test_a_presence_that_somebody_holds_holds_up_no_other(in_threads, stage):
    """Were all taken at once, those before it would be locked for as long, and whoever holds it could wait for one of them: a deadlock."""
    centre, people, _token = stage
    first, second = sorted(person.pk for person in (people["agent"], people["agent2"]))
    long_ago, held = timezone.now() - timedelta(hours=1), threading.Event()
    rows = Presence.objects.filter(centre=centre, person_id__in=[first, second]).order_by("person_id")

    def make():
        with scope.telephony(), transaction.atomic():
            for person in (first, second):
                Presence.objects.update_or_create(
                    person_id=person, centre=centre, defaults={"state": "ready", "seen_at": long_ago}
                )

    def hold():
        with scope.telephony(), transaction.atomic():
            rows.select_for_update().get(person_id=second)
            held.set()
            deadline = time.monotonic() + 10
            while rows.get(person_id=first).seen_at == long_ago and time.monotonic() < deadline:
                time.sleep(0.01)
            return rows.select_for_update().get(person_id=first).seen_at

    def beat():
        assert held.wait(10)
        with scope.telephony():
            return actions.heartbeats([(first, centre.pk), (second, centre.pk)])

    def seen():
        with scope.telephony():
            return list(rows.values_list("seen_at", flat=True))

    in_threads(make)
    seen_meanwhile, written = in_threads(hold, beat)
    assert seen_meanwhile > long_ago
    assert written == 2
    assert min(in_threads(seen)[0]) > long_ago


def test_a_consultation_that_is_answered_while_it_is_reported_is_no_call_of_a_citizen(in_threads, stage):
    _centre, people, token = stage

    def telephones():
        with scope.front():
            for who, telephone in (("agent", "leg-21"), ("agent2", "leg-23")):
                Person.objects.filter(pk=people[who].pk).update(phone_user=telephone)

    def citizens():
        with scope.telephony():
            return [call.external_id for call in Call.objects.order_by("pk") if call.told.get("direction") != "out"]

    in_threads(telephones)
    before = in_threads(citizens)[0]
    for number in range(10):
        first, second = f"talk{number}", f"leg{number}"
        for event, who in (("newCall", ""), ("answer", "leg-21")):
            in_threads(posting(token, event=event, callId=first, to="029211030", user=who))
        asks = posting(token, event="newCall", callId=second, to="leg-23", **{"from": "leg-21"})
        answers = posting(token, event="answer", callId=second, user="leg-23")
        assert in_threads(asks, answers) == [200, 200]
        [call] = in_threads(the(first))
        assert call.agent_id == people["agent"].pk
        in_threads(posting(token, event="hangup", callId=first))
        [call] = in_threads(the(first))
        assert (call.state, call.agent_id) == ("talking", people["agent2"].pk)
        in_threads(posting(token, event="hangup", callId=second))
    assert in_threads(citizens)[0] == [*before, *(f"talk{number}" for number in range(10))]
