"""What others publish, send or write with a login that they have broken into: it costs nobody else anything."""

from itertools import count

import pytest
from django.core import mail
from django.db import transaction
from django.utils import timezone

from telephony_bridge import actions
from telephony_bridge.handover_models import Handover
from tenants import scope
from tenants.models import AuditEntry


@pytest.fixture
def card(ring, people, soest, publish_address):
    """card(email=…, **fields) -> one of a caller who was transferred, to a contact with this address."""
    numbers = count()

    def make(email="", **fields):
        publish_address(soest, key := f"p_{next(numbers)}", email)
        call = ring(state="ended", agent_id=people["agent"].pk)
        with scope.owner():
            return Handover.objects.create(
                call=call, centre=soest.centre, municipality=soest, contact_key=f"person:{key}", contact_name="X",
                email=email.lower(), agent_id=people["agent"].pk, agent_name="Jana Köster",
                **{"state": "transferred"} | fields,
            )  # fmt: skip

    return make


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
    assert (bad.mail_tries, bad.mailed_at, good.mail_tries) == (3, None, 1)


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
