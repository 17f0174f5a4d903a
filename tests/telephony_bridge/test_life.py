"""While no bridge serves the exchange, whoever presses something is told so at once, and nothing is kept for later."""

from datetime import timedelta

import pytest
from django.db import ProgrammingError, transaction
from django.db.models.functions import Now

from telephony_bridge import actions
from telephony_bridge.actions.life import SILENT, show_life
from telephony_bridge.models import ExchangeCommand, Source
from tenants import scope
from tenants.errors import Refusal


@pytest.fixture
def exchange(soest):
    with scope.telephony(), transaction.atomic():
        found = actions.asterisk_source(soest.centre_id)
    found.centre = soest.centre
    return found


@pytest.fixture
def talk(ring, exchange, people):
    jana = people["agent"]
    return ring(source=exchange, is_controlled=True, state="talking", agent_id=jana.pk, agent_name=jana.name)


def served(exchange, *, ago):
    with scope.telephony(), transaction.atomic():
        Source.objects.filter(pk=exchange.pk).update(alive_at=Now() - ago)


def wishes():
    with scope.telephony():
        return list(ExchangeCommand.objects.values_list("verb", flat=True))


@pytest.mark.parametrize("ago", [None, timedelta(0), SILENT - timedelta(seconds=3)])
def test_what_is_pressed_is_kept_for_who_does_it(at_desk, exchange, talk, ago):
    if ago is not None:
        served(exchange, ago=ago)
    with at_desk("agent") as jana:
        actions.command_exchange(talk, "hold", acting_user=jana)
    assert wishes() == ["hold"]


def test_what_nobody_would_do_is_refused_at_once(at_desk, exchange, talk, ring):
    served(exchange, ago=SILENT + timedelta(seconds=1))
    waits = ring(source=exchange, is_controlled=True)
    with at_desk("agent") as jana, pytest.raises(Refusal, match="Die Telefonanlage ist gerade nicht erreichbar"):
        actions.command_exchange(talk, "hold", acting_user=jana)
    for verb, call in (("pull", waits), ("first", waits), ("take_over", talk)):
        with at_desk("supervisor") as beate, pytest.raises(Refusal, match="Die Telefonanlage ist gerade nicht erreich"):
            actions.lead_call(call, verb, acting_user=beate, telephone="leitung")
    assert wishes() == []
    with scope.telephony(), transaction.atomic():
        show_life(exchange)
    with at_desk("agent"):
        actions.command_exchange(talk, "hold", acting_user=jana)
    assert wishes() == ["hold"]


def test_the_desk_sees_when_and_nothing_else_and_nothing_of_others(at_desk, exchange):
    served(exchange, ago=timedelta(0))
    with at_desk("agent"):
        assert Source.objects.filter(pk=exchange.pk).values_list("alive_at", flat=True).get()
    with at_desk("agent.unna"):
        assert not Source.objects.filter(pk=exchange.pk).exists()
    for column in ("token_hash", "networks", "name"):
        with at_desk("agent"), pytest.raises(ProgrammingError), transaction.atomic():
            Source.objects.values_list(column).first()
    with at_desk("agent"), pytest.raises(ProgrammingError), transaction.atomic():
        show_life(exchange)
