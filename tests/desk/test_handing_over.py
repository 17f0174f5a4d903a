"""What goes along with a transfer from the desk, and what is said beside the button: who is responsible, and whether anybody is there."""

import re

import pytest

from tests.desk.test_actions import post, stored

WHO = {"entry": "person soest:p_ostermann"}


@pytest.fixture
def contact(publish, soest):
    """A contact with an account."""
    publish(soest, "p_ostermann", "Karin Ostermann", kind="person", phone="02921 103-1017", email="reader@example.org")


@pytest.fixture
def talking(ready, ring, people):
    """talking(**fields) -> a call of the first agent at our own exchange."""
    ready("agent")
    given = {"is_controlled": True, "state": "talking", "agent_id": people["agent"].pk}
    return lambda **fields: ring(**given | fields)


def cards():
    from telephony_bridge.handover_models import Handover
    from telephony_bridge.models import Call  # noqa: F401  the app's models are loaded
    from tenants import scope

    with scope.telephony():
        return list(Handover.objects.order_by("pk").values_list("person_id", "contact_key", "concern", "state"))


def answer(client, call, where="soest/person/p_ostermann"):
    return client.get(f"/auskunft/{where}/?call={call.public_id}").content.decode()


@pytest.mark.parametrize("verb", ["transfer", "consult"])
def test_what_is_written_beside_the_contact_goes_along_and_stands_in_the_wrap_up(desk, contact, talking, people, verb):
    call = talking(concern="Karin Ostermann", concern_kind="person", concern_key="soest:p_ostermann")
    sent = WHO | {f"about {WHO['entry']}": "Sperrmüll ", "about person soest:p_other": "anderes"}
    assert post(desk(), call, f"anlage/{verb}", sent).status_code == 200
    assert cards() == [(people["reader"].pk, "person:p_ostermann", "Sperrmüll", "asked")]
    assert (stored(call).concern, stored(call).concern_kind, stored(call).concern_key) == ("Sperrmüll", "", "")


def test_a_contact_that_was_looked_up_is_nothing_that_the_caller_wants(desk, contact, talking):
    call = talking(concern="Karin Ostermann", concern_kind="person", concern_key="soest:p_ostermann")
    assert post(desk(), call, "anlage/consult", WHO | {f"about {WHO['entry']}": ""}).status_code == 200
    assert [card[2] for card in cards()] == [""]
    from telephony_bridge import link
    from telephony_bridge.models import ExchangeCommand
    from tenants import scope

    with scope.telephony():
        wanted = ExchangeCommand.objects.select_related("call__municipality").get()
        assert link._concern(wanted) == "Stadt Soest"  # what the telephone there shows


def test_an_article_stays_what_the_call_is_about(desk, contact, talking):
    call = talking(concern="Sperrmüll", concern_kind="article", concern_key="soest:sperrmuell")
    for about in ({}, {f"about {WHO['entry']}": "Sperrmüll"}):
        assert post(desk(), call, "anlage/consult", WHO | about).status_code == 200
    assert cards()[-1][2] == "Sperrmüll"
    assert stored(call).concern_key == "soest:sperrmuell"


def test_what_was_taken_out_does_not_go_along(desk, contact, talking):
    call = talking(concern="Sperrmüll", concern_kind="article", concern_key="soest:sperrmuell")
    assert post(desk(), call, "anlage/transfer", WHO | {f"about {WHO['entry']}": " "}).status_code == 200
    assert cards()[-1][2] == stored(call).concern == ""


def test_a_typed_number_and_a_refusal_leave_no_card(desk, contact, talking):
    call = talking()
    assert post(desk(), call, "anlage/transfer", {"number": "02921 3022"}).status_code == 200
    assert post(desk(), talking(phase="blind"), "anlage/transfer", WHO).status_code == 409
    assert cards() == []


def test_who_notes_a_transfer_gives_a_card_and_can_take_it_back(desk, contact, talking, people):
    call = talking(is_controlled=False, concern="Sperrmüll")
    assert post(desk(), call, "weitergeleitet", WHO).status_code == 200
    assert cards() == [(people["reader"].pk, "person:p_ostermann", "Sperrmüll", "transferred")]
    assert post(desk(), call, "weitergeleitet", {"undo": "1"}).status_code == 200
    assert [card[3] for card in cards()] == ["returned"]


def test_the_dialog_knows_what_the_call_is_about(desk, contact, talking, publish, soest):
    publish(soest, "sperrmuell", "Sperrmüll anmelden", contacts=contacts(soest))
    client, call = desk(), talking(concern="Reisepass", concern_kind="article")
    offered = re.compile(r'name="about person soest:p_ostermann"[^>]* value="(.*?)"')
    assert offered.findall(answer(client, call, "soest/article/sperrmuell")) == ["Sperrmüll anmelden"]
    assert offered.findall(answer(client, call)) == ["Reisepass"]
    with_itself = talking(concern="Karin Ostermann", concern_kind="person")
    assert offered.findall(answer(client, with_itself)) == [""]


def contacts(town):
    from django.db import transaction

    from knowledge.models import Contact
    from tenants import scope

    with scope.municipality(town.schema_name), transaction.atomic():
        return list(Contact.objects.order_by("-key"))


def test_the_responsible_person_stands_first_with_their_hours(desk, talking, publish, soest):
    hours = {"p_b": "Mo-So 0-24 Uhr", "p_a": "", "p_c": "nach Vereinbarung"}
    for key, text in hours.items():
        publish(soest, key, f"Person {key}", kind="person", phone="02921 103-1017", hours=text)
    named = sorted(contacts(soest), key=lambda one: ["p_b", "p_c", "p_a"].index(one.key))
    publish(soest, "sperrmuell", "Sperrmüll anmelden", contacts=named)
    page = answer(desk(), talking(), "soest/article/sperrmuell")
    assert re.findall(r'data-opens="to-person-(\w+)"( data-action="transfer")?', page) == [
        ("p_b", ' data-action="transfer"'), ("p_c", ""), ("p_a", ""),
    ]  # fmt: skip
    said = re.findall(r'data-opens="to-person-(\w+)".*?(?: aria-describedby="(.*?)")?>', page)
    assert said == [("p_b", "hours-person-p_b"), ("p_c", "hours-person-p_c"), ("p_a", "")]


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        ("2026-11-25T10:00+01:00", "jetzt erreichbar"),
        ("2026-11-25T20:00+01:00", "jetzt außerhalb der Sprechzeiten"),
        ("2026-12-25T10:00+01:00", "jetzt außerhalb der Sprechzeiten"),  # Christmas
    ],
)
def test_whether_somebody_is_there_now_stands_beside_the_button(
    monkeypatch, desk, talking, publish, soest, moment, words
):
    from datetime import datetime

    from desk.views import knowledge

    publish(soest, "p_a", "Anna Acht", kind="person", phone="02921 103-1017", hours="Mo-Fr 8-16 Uhr")
    publish(soest, "p_b", "Bea Acht", kind="person", phone="02921 103-1018", hours="nach Vereinbarung")
    monkeypatch.setattr(knowledge.timezone, "now", lambda: datetime.fromisoformat(moment))
    call = talking()
    assert answer(desk(), call, "soest/person/p_a").count(words) == 2  # in the list, and in its dialog
    assert "jetzt" not in answer(desk(), call, "soest/person/p_b").partition("answer__foot")[0]
