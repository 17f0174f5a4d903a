"""What others publish, send or write with a login that they have broken into: it costs nobody else anything."""

from contextlib import nullcontext

import pytest
from django.core import mail
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone

from telephony_bridge import actions
from telephony_bridge.handover_models import Handover
from tenants import scope
from tenants.models import AuditEntry


@pytest.mark.parametrize("address", ['"', "ä@[<", "a@b.example, c@d.example", "a@b.example\nBcc: c@d.example", "{}"])
def test_an_address_that_is_none_costs_nobody_else_their_letter(card, address):
    bad, good = card(address), card("buergerbuero@stadt.example")
    with scope.worker():
        assert actions.mail_handovers() == 1
        assert [actions.mail_handovers() for _ in range(3)] == [0, 0, 0]
    assert [letter.to for letter in mail.outbox] == [["buergerbuero@stadt.example"]]
    with scope.owner():
        bad.refresh_from_db()
        good.refresh_from_db()
    assert (bad.mail_tries, bad.mailed_at, good.mail_tries) == (1, None, 1)


def test_a_letter_goes_to_nobody_but_whom_the_municipality_has_published(card, soest, publish_address):
    """Whoever breaks into the desk's login writes cards as they like."""
    strange, moved, good = card("a@stadt.example"), card("b@stadt.example"), card("C@stadt.example")
    with scope.owner():
        Handover.objects.filter(pk=strange.pk).update(email="victim@elsewhere.example")
    publish_address(soest, moved.contact_key.removeprefix("person:"), "other@stadt.example")
    with scope.worker():
        assert (actions.mail_handovers(), actions.mail_handovers()) == (1, 0)
    assert [letter.to for letter in mail.outbox] == [["c@stadt.example"]]
    with scope.owner():
        assert AuditEntry.objects.filter(action="mail_handover").count() == 1
        assert Handover.objects.get(pk=good.pk).mailed_at


def test_a_card_that_has_gone_meanwhile_is_ticked_off_by_nobody(card, people, soest):
    """The agent has taken the call back between the page and the press."""
    held = card(person_id=people["reader"].pk)
    with scope.owner():
        Handover.objects.update(state="returned", state_at=timezone.now())
    with scope.municipality(soest.schema_name), transaction.atomic():
        assert actions.finish_handover(held, acting_user=people["reader"]) is False
    with scope.owner():
        held.refresh_from_db()
    assert held.done_at is None


NEVER = ("infinity", "-infinity", "20000-01-01")  # PostgreSQL keeps them, Python cannot
WISH = (
    "INSERT INTO telephony_bridge_exchangecommand (centre_id, call_id, person_id, verb, number, label, created_at, result)"
    " VALUES (%(centre)s, %(mine)s, %(me)s, '{verb}', '', '', '{at}', '')"
)
CARD = (
    "INSERT INTO telephony_bridge_handover (call_id, centre_id, municipality_id, called_name, contact_key, contact_name, email, caller, concern,"
    " agent_id, agent_name, at, state, state_at, mail_tries)"
    " VALUES (%(mine)s, %(centre)s, %(town)s, '', 'x', 'x', '', '', '', %(me)s, '', '{at}', 'transferred', '{at}', 0)"
)
TIMES = {
    **{
        f"call.{name}": f"UPDATE telephony_bridge_call SET {name} = '{{at}}' WHERE id = %(mine)s"
        for name in ("answered_at", "ended_at", "wrap_up_at", "wrap_up_until", "callback_done_at")
    },
    "presence.since": "UPDATE telephony_bridge_presence SET since = '{at}' WHERE person_id = %(me)s",
    "presence.seen_at": "UPDATE telephony_bridge_presence SET seen_at = '{at}' WHERE person_id = %(me)s",
    "municipality": "UPDATE tenants_municipality SET situation_since = '{at}' WHERE id = %(town)s",
    "wish": WISH.replace("{verb}", "hold"),
    "card": CARD,
}


@pytest.fixture
def by_sql(at_desk, ring, people, soest):
    """by_sql(statement) -> whether the database does it for an agent who has a talk, and is present."""
    mine = ring(state="talking", agent_id=people["agent"].pk, is_controlled=True)
    with at_desk("agent") as person:
        actions.set_presence(soest.centre, "ready", acting_user=person)
    named = {"centre": soest.centre_id, "town": soest.pk, "mine": mine.pk, "me": people["agent"].pk}

    def attempt(statement):
        try:
            with at_desk("agent"), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement, named)
                return cursor.rowcount == 1
        except ProgrammingError:
            return False

    return attempt


@pytest.mark.parametrize("what", TIMES)
def test_no_time_stops_all_who_read_it(by_sql, what):
    """One row of infinity, and neither a desk of the centre nor the bridge can read its table any more."""
    assert by_sql(TIMES[what].format(at=timezone.now().isoformat()))
    assert not any(by_sql(TIMES[what].format(at=at)) for at in NEVER)


@pytest.mark.parametrize("at", NEVER)
def test_nor_does_one_of_a_municipality_stop_the_letters_of_all(card, soest, at):
    held = card("a@stadt.example")
    statement = "UPDATE telephony_bridge_handover SET done_at = %s WHERE id = %s"
    for time, refused in ((timezone.now(), nullcontext()), (at, pytest.raises(ProgrammingError))):
        with refused, scope.municipality(soest.schema_name), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, [time, held.pk])
    with scope.worker():
        assert actions.mail_handovers() == 1


def test_no_wish_is_one_that_the_bridge_does_not_know(by_sql):
    """It would not do those of all others either that were pressed at the same moment."""
    assert by_sql(WISH.format(verb="hang_up", at=timezone.now().isoformat()))
    assert not by_sql(WISH.format(verb="explode", at=timezone.now().isoformat()))


def test_who_has_given_up_was_spoken_to_by_nobody(by_sql, ring):
    over, waits = ring(state="ended"), ring()
    take = "UPDATE telephony_bridge_call SET agent_id = %(me)s, agent_name = 'x', outcome = 'answered' WHERE id = {}"
    assert not by_sql(take.format(over.pk))
    assert by_sql(take.format(waits.pk))
