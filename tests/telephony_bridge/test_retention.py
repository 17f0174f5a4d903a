"""After 30 days nobody knows any more who called; what reports count stays."""

from datetime import timedelta

import pytest
from django.utils import timezone

from telephony_bridge import actions
from telephony_bridge.models import Call, CtiEvent, ExchangeCommand, Source
from tenants import scope
from tenants.models import AuditEntry


@pytest.fixture
def calls(soest):
    with scope.telephony():
        source = Source.objects.create(centre=soest.centre, name="Anlage", token_hash="x")
        for number, (days, state) in enumerate([(31, "ended"), (29, "ended"), (31, "talking")]):
            call = Call.objects.create(
                centre=soest.centre, municipality=soest, source=source, external_id=str(number), state=state, from_number="+492921555",
                from_raw="02921555", note="Notiz", concern="Sperrmüll", ringing_at=timezone.now() - timedelta(days=days),
            )  # fmt: skip
            event = CtiEvent.objects.create(
                source=source, call=call, external_id=str(number), event="newCall", body={"from": "02921555"}
            )
            CtiEvent.objects.filter(pk=event.pk).update(received_at=call.ringing_at)


def test_forget_callers(calls):
    with scope.telephony():
        assert actions.forget_callers() == 1
        rows = {c.external_id: (c.from_number, c.from_raw, c.note, c.concern) for c in Call.objects.all()}
        assert rows["0"] == ("", "", "", "Sperrmüll")
        assert rows["1"] == rows["2"] == ("+492921555", "02921555", "Notiz", "Sperrmüll")
        assert set(CtiEvent.objects.values_list("external_id", flat=True)) == {"1"}
        assert actions.forget_callers() == 0
    with scope.owner():
        assert AuditEntry.objects.get(action="forget_callers").after == {"calls": 1, "messages": 2}


def test_what_agents_wanted_of_our_exchange_is_forgotten_too(calls, at_desk, people):
    with scope.telephony():
        old, young = Call.objects.get(external_id="0"), Call.objects.get(external_id="1")
        Call.objects.update(target="+4917012345", returned_from="Max Mustermann")
        Call.objects.update(is_controlled=True, agent_id=people["agent"].pk)
    with at_desk("agent") as person:
        for call in (old, young):
            ExchangeCommand.objects.create(
                centre_id=call.centre_id, call=call, person_id=person.pk, verb="transfer", number="+4917012345"
            )
    with scope.owner():
        ExchangeCommand.objects.filter(call=old).update(created_at=timezone.now() - timedelta(days=31))
    with scope.telephony():
        actions.forget_callers()
        assert list(ExchangeCommand.objects.values_list("call", flat=True)) == [young.pk]
        assert list(Call.objects.filter(target="", returned_from="").values_list("pk", flat=True)) == [old.pk]
    with scope.owner():
        assert AuditEntry.objects.get(action="forget_callers").after == {"calls": 1, "messages": 3}
