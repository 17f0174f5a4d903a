"""What agents want of our own exchange: kept for the bridge with who wants it; refused where it cannot be, and never for another centre's call."""

import pytest
from django.db import DatabaseError, connection, transaction

from telephony_bridge import actions
from telephony_bridge.models import Call, ExchangeCommand, Presence
from tenants import scope
from tenants.errors import Refusal


@pytest.fixture
def mine(ring, people):
    """mine(state="talking", phase="held") -> a call at our exchange that the agent has, or that rings there."""

    def make(**fields):
        given = {"state": "talking", "agent_id": people["agent"].pk, "is_controlled": True}
        return ring(**{**given, **fields})

    return make


def commands():
    with scope.telephony():
        return list(ExchangeCommand.objects.values_list("verb", "number", "person_id"))


def pressed(at_desk, call, verb, who="agent", **more):
    with at_desk(who) as person:
        fresh = Call.objects.get(pk=call.pk)
        actions.command_exchange(fresh, verb, acting_user=person, **more)
        return fresh


def test_who_is_rung_accepts_or_declines(at_desk, mine, people):
    call = mine(state="ringing", agent_id=None, offered_to_id=people["agent"].pk)
    for verb in ("accept", "decline"):
        with pytest.raises(Refusal, match="klingelt nicht mehr bei Ihnen"):
            pressed(at_desk, call, verb, who="agent2")
        pressed(at_desk, call, verb)
    assert [verb for verb, _number, _who in commands()] == ["accept", "decline"]


@pytest.mark.parametrize(
    ("phase", "possible"),
    [
        ("", {"hold", "transfer", "consult", "hang_up"}),
        ("held", {"resume", "transfer", "consult", "hang_up"}),
        ("dialling", {"complete", "cancel"}),
        ("consulting", {"swap", "complete", "cancel"}),
        ("swapped", {"swap", "complete", "cancel"}),
        ("blind", set()),
    ],
)
def test_only_what_makes_sense_now_is_sent(at_desk, mine, phase, possible):
    call, done = mine(phase=phase), set()
    for verb in ("hold", "resume", "transfer", "consult", "swap", "complete", "cancel", "hang_up"):
        with transaction.atomic():
            try:
                pressed(at_desk, call, verb, number="+492921301234" if verb in ("transfer", "consult") else "")
                done.add(verb)
            except Refusal:
                continue
    assert done == possible
    assert {verb for verb, _number, _who in commands()} == possible


def test_to_whom_it_goes_stands_on_the_card(at_desk, mine):
    call = pressed(at_desk, mine(), "consult", number="+492921301234", label="Sabine Müller, 1234, Kreis Soest")
    assert call.transferred_to == "Sabine Müller, 1234, Kreis Soest"


@pytest.mark.parametrize("number", ["0&PJSIP/agent2", "${SHELL(ls)}", "*21", "1" * 30])
def test_what_is_no_number_is_not_dialled(at_desk, mine, number):
    with pytest.raises(Refusal, match="keine Rufnummer"):
        pressed(at_desk, mine(), "transfer", number=number)
    assert commands() == []


def test_another_s_call_and_another_exchange_s_are_refused(at_desk, mine):
    with pytest.raises(Refusal, match="nicht angenommen"):
        pressed(at_desk, mine(), "hold", who="agent2")
    with pytest.raises(Refusal, match="nicht vom Arbeitsplatz aus"):
        pressed(at_desk, mine(is_controlled=False), "hold")


def test_another_centre_s_agent_cannot_name_the_call_at_all(at_desk, mine, people, places):
    call = mine()
    with pytest.raises(Call.DoesNotExist):
        pressed(at_desk, call, "hold", who="agent.unna")
    stranger = people["agent.unna"].pk
    statement = (
        "INSERT INTO telephony_bridge_exchangecommand (centre_id, call_id, person_id, verb, number, label, created_at, result)"
        " VALUES (%s, %s, %s, 'hang_up', '', '', now(), '')"
    )
    own = places["unna"].centre_id if "unna" in places else None
    for centre, person in ((call.centre_id, stranger), (own, stranger), (own, people["agent"].pk)):
        with pytest.raises(DatabaseError), at_desk("agent.unna"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, [centre, call.pk, person])
    assert commands() == []
    pressed(at_desk, call, "hold")  # and whose it is can
    assert len(commands()) == 1


def test_a_command_is_done_once_and_an_old_one_is_late(at_desk, mine):
    call = mine()
    pressed(at_desk, call, "hold")
    with scope.telephony(), transaction.atomic():
        (wanted,) = actions.open_commands(call.centre_id)
        assert not actions.is_late(wanted)
        actions.end_commands({wanted.pk: "done"})
        assert actions.open_commands(call.centre_id) == []
        actions.end_commands({wanted.pk: "refused"})
        fresh = ExchangeCommand.objects.get()
        assert (fresh.result, fresh.done_at is not None) == ("refused", True)


def test_a_break_keeps_its_reason_until_the_next_presence(at_desk, soest):
    with at_desk("agent") as person:
        actions.set_presence(soest.centre, "break", acting_user=person, reason="Fortbildung")
        assert Presence.objects.get(person_id=person.pk).reason == "Fortbildung"
        actions.set_presence(soest.centre, "ready", acting_user=person)
        assert Presence.objects.get(person_id=person.pk).reason == ""


@pytest.mark.parametrize("verb", ["hang_up", "transfer", "accept"])
def test_of_a_colleagues_call_the_database_takes_no_command_either(at_desk, mine, people, verb):
    call = mine(offered_to_id=people["agent"].pk)
    for who, is_taken in (("agent2", False), ("supervisor", False), ("agent", True)):
        with at_desk(who) as person:
            try:
                with transaction.atomic():
                    ExchangeCommand.objects.create(
                        centre_id=call.centre_id, call=call, person_id=person.pk, verb=verb, number="110"
                    )
                assert is_taken
            except DatabaseError:
                assert not is_taken
    assert [person for _verb, _number, person in commands()] == [people["agent"].pk]
