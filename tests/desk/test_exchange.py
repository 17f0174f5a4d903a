"""The desk at an exchange of our own: what rings where, which buttons there are, and what they send."""

import pytest

from tests.desk.test_actions import post, said, stored
from tests.desk.test_page import parts


@pytest.fixture
def offered(ready, ring, people):
    """A call for which the first agent's telephone rings."""
    ready("agent", "agent2")
    return ring(is_controlled=True, offered_to_id=people["agent"].pk)


def sent():
    from telephony_bridge.models import ExchangeCommand
    from tenants import scope

    with scope.telephony():
        return list(ExchangeCommand.objects.values_list("verb", "number", "label"))


def seen(call, **fields):
    """As the bridge writes it."""
    from telephony_bridge.models import Call
    from tenants import scope

    with scope.telephony():
        Call.objects.filter(pk=call.pk).update(**fields)


def test_it_rings_at_one_desk_and_waits_at_the_others(desk, offered):
    mine, others = parts(desk().get("/anruf/", headers={"X-Fragment": "1"})), parts(desk("agent2").get("/anruf/"))
    assert 'data-state="ringing"' in mine["calls"]
    assert "Annehmen" in mine["calls"]
    assert "data-call-id" not in others["calls"]
    side = desk("agent2").get("/warteschlange/").content.decode()
    assert "Stadt Soest" in side
    assert "data-call-id" not in side
    assert "Annehmen" not in side


def test_accepting_lets_the_telephone_pick_up_and_only_that_one(desk, offered):
    assert post(desk(), offered, "annehmen").status_code == 200
    assert sent() == [("accept", "", "")]
    assert stored(offered).state == "ringing"  # until the exchange says that somebody talks
    answer = post(desk("agent2"), offered, "annehmen")
    assert (answer.status_code, said(answer)) == (409, "Der Anruf klingelt nicht mehr bei Ihnen.")


def test_giving_it_back_says_what_follows(desk, offered):
    assert "Sie sind in Pause" in said(post(desk(), offered, "zurueck"))
    assert sent() == [("decline", "", "")]


@pytest.mark.parametrize(
    ("phase", "buttons"),
    [
        ("", ["Halten", "Nummer wählen", "Auflegen"]),
        ("held", ["Zurückholen", "Nummer wählen", "Auflegen"]),
        ("dialling", ["Verbinden", "Zurück zum Anrufer"]),
        ("consulting", ["Verbinden", "Makeln", "Zurück zum Anrufer"]),
        ("swapped", ["Verbinden", "Makeln", "Rückfrage beenden"]),
        ("blind", ["Nachbearbeitung"]),
    ],
)
def test_the_card_has_what_can_be_done_now(desk, offered, people, phase, buttons):
    import re

    seen(
        offered,
        state="talking",
        agent_id=people["agent"].pk,
        offered_to_id=None,
        phase=phase,
        transferred_to="Ordnungsamt",
    )
    calls = parts(desk().get("/anruf/", headers={"X-Fragment": "1"}))["calls"].partition("<dialog")[0]
    assert re.findall(r'<span class="kern-label">(.*?)</span>', calls) == buttons
    assert ("Ordnungsamt" in re.findall(r'data-status="(.*?)"', calls)[0]) == (phase not in ("", "held"))


def test_a_contact_is_asked_first_or_gets_the_caller_at_once(desk, offered, people, publish, kreis):
    publish(kreis, "p_mueller", "Sabine Müller", kind="person", phone="02921 30-1234")
    seen(offered, state="talking", agent_id=people["agent"].pk, offered_to_id=None)
    client, who = desk(), {"entry": "person kreis:p_mueller"}
    assert post(client, offered, "anlage/consult", who).status_code == 200
    assert post(client, offered, "anlage/transfer", who).status_code == 200
    label = "Sabine Müller, 02921 30-1234, Kreis Soest"
    assert sent() == [("consult", "+492921301234", label), ("transfer", "+492921301234", label)]
    answer = client.get(f"/auskunft/kreis/person/p_mueller/?call={offered.public_id}").content.decode()
    assert "Erst ankündigen" in answer
    assert "Der Kontakt gehört zu" in answer


def test_a_typed_number_is_dialled_and_junk_is_named(desk, offered, people):
    seen(offered, state="talking", agent_id=people["agent"].pk, offered_to_id=None)
    client = desk()
    assert post(client, offered, "anlage/consult", {"number": " 02921/30-22 "}).status_code == 200
    assert sent()[0][:2] == ("consult", "+4929213022")
    answer = post(client, offered, "anlage/transfer", {"number": "meier"})
    assert (answer.status_code, said(answer)) == (409, "„meier“ ist keine Rufnummer.")
    assert post(client, offered, "anlage/fly").status_code == 404


def test_hanging_up_on_the_desk_hangs_up_at_the_exchange(desk, offered, people):
    seen(offered, state="talking", agent_id=people["agent"].pk, offered_to_id=None)
    assert post(desk(), offered, "nachbearbeitung").status_code == 200
    assert sent() == [("hang_up", "", "")]
    assert stored(offered).state == "wrap-up"


def test_who_could_not_be_reached_is_named_where_it_rings_again(desk, offered):
    seen(offered, returned_from="Sabine Müller, 1234, Kreis Soest")
    calls = parts(desk().get("/anruf/", headers={"X-Fragment": "1"}))["calls"]
    assert "Nicht erreicht: Sabine Müller, 1234, Kreis Soest." in calls


def test_who_wants_to_be_called_back_stands_on_the_desk_until_somebody_did(desk, ready, ring):
    from django.utils import timezone

    ready("agent")
    call = ring(state="ended", callback_wanted_at=timezone.now(), outcome="callback")
    withheld = ring(state="ended", callback_wanted_at=timezone.now(), from_number="")
    page = desk().get("/anruf/", headers={"X-Fragment": "1"}).content.decode()
    assert "Erledigt: Rückruf an 02921 555, Stadt Soest" in page
    assert withheld.public_id not in page
    assert (
        said(desk().post(f"/rueckruf/{call.public_id}/erledigt/", headers={"X-Fragment": "1"})) == "Rückruf erledigt."
    )
    assert "Erledigt: Rückruf" not in desk().get("/anruf/", headers={"X-Fragment": "1"}).content.decode()
    other = ring(state="ended")
    assert desk().post(f"/rueckruf/{other.public_id}/erledigt/", headers={"X-Fragment": "1"}).status_code == 409


def test_what_the_exchange_has_not_done_is_said(desk, offered, people):
    from django.db import transaction

    from telephony_bridge import actions
    from tenants import scope

    seen(offered, state="talking", agent_id=people["agent"].pk, offered_to_id=None)
    client = desk()
    post(client, offered, "anlage/hold")
    for result, words in (
        ("refused", "Der Anruf war schon weiter"),
        ("late", "nicht zu erreichen"),
        ("not_taken", "Es geht ohne Sie weiter."),
        ("talk_over", "Es war zu Ende oder weitergegeben"),
        ("done", ""),
    ):
        with scope.telephony(), transaction.atomic():
            from telephony_bridge.models import ExchangeCommand

            actions.end_commands({ExchangeCommand.objects.get().pk: result})
        state = parts(client.get("/anruf/", headers={"X-Fragment": "1"}))["state"]
        assert (words in state) if words else ('data-word=""' in state)


def test_a_caller_from_the_town_hall_is_perhaps_whose_extension_it_is(desk, offered, publish, soest):
    publish(soest, "p_meyer", "Anja Meyer", kind="person", ext="1049")
    seen(offered, from_number="+4929211031049", evidence={"kind": "to", "number": "+4929211030", "via_115": True})
    calls = parts(desk().get("/anruf/", headers={"X-Fragment": "1"}))["calls"]
    assert "vielleicht Anja Meyer, Stadt Soest" in calls
    assert "über 115" in calls
    publish(soest, "p_zwei", "Zwei Leute", kind="person", ext="1049")
    assert "vielleicht" not in desk().get("/anruf/", headers={"X-Fragment": "1"}).content.decode()
    seen(offered, from_number="+492921555")
    assert "vielleicht" not in desk().get("/anruf/", headers={"X-Fragment": "1"}).content.decode()
