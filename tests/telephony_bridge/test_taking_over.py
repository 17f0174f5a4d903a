"""Somebody who leads the team takes a talk over: in the core, in the pool, after a time without a connection, and what the desks know of it."""

import asyncio
import time
from datetime import timedelta
from itertools import count

import pytest
import time_machine
from django.db import ProgrammingError, transaction
from django.utils import timezone

from telephony_bridge import actions, queries, times
from telephony_bridge.actions.taking_over import end_write_ups
from telephony_bridge.models import Call, ExchangeCommand, Presence
from telephony_bridge.presence import follow_calls
from telephony_bridge.routing import calls as c
from telephony_bridge.routing.ari import Access
from telephony_bridge.routing.calls import Role, Routed, State, Why
from telephony_bridge.routing.core import step
from telephony_bridge.routing.exchange import Exchange as Routing
from telephony_bridge.routing.pool import Pool
from telephony_bridge.routing.requests import request_of
from telephony_bridge.routing.resync import compared
from telephony_bridge.routing.spool import Record
from tenants import scope
from tenants.errors import Refusal
from tenants.models import AuditEntry
from tests.asterisk.sip import play
from tests.telephony_bridge.test_resync import CALLER as RESYNCED
from tests.telephony_bridge.test_resync import channel, leg
from tests.telephony_bridge.test_routing import AGENT_LEG, BRIDGE, CALLER, Exchange, told

LEADER_LEG, OTHER_BRIDGE = f"{CALLER}-s3", f"{CALLER}-b4"


def wanted(*before: c.Event) -> Exchange:
    """A talk that somebody is about to take over."""
    exchange = told(*before)
    exchange.taken.append("leader")
    assert exchange.happens(c.TakeOver("leader"))
    return exchange


def test_both_talk_on_until_it_is_answered_and_then_the_caller_is_with_who_took_over():
    exchange = wanted()
    assert (exchange.together(), exchange.music, exchange.leased) == ({AGENT_LEG}, set(), False)
    exchange.happens(c.LegAnswered(LEADER_LEG))
    assert exchange.bridges == {OTHER_BRIDGE: {CALLER, LEADER_LEG}}
    assert AGENT_LEG not in exchange.alive
    assert exchange.freed == [("agent1", Why.CALL_OVER)]
    assert (exchange.call.state, exchange.call.agent, exchange.call.last_agent) == (State.TALKING, "leader", "leader")
    exchange.happens(c.LegGone(AGENT_LEG))  # says late what was done
    assert exchange.together() == {LEADER_LEG}
    assert exchange.happens(c.Hold())
    assert exchange.happens(c.HangUp())
    assert exchange.freed == [("agent1", Why.CALL_OVER), ("leader", Why.CALL_OVER)]


def test_the_caller_is_moved_in_one_step_before_anything_ends():
    """Were the first to fail, both would still be together."""
    call = wanted().call
    commands = step(call, c.LegAnswered(LEADER_LEG)).commands
    assert commands == (
        c.Make(OTHER_BRIDGE),
        c.Join(OTHER_BRIDGE, (LEADER_LEG, CALLER)),
        c.Drop(AGENT_LEG),
        c.Remove(BRIDGE),
        c.Release("agent1", Why.CALL_OVER),
    )


def test_who_is_held_is_held_no_more():
    exchange = wanted(c.Hold())
    assert (exchange.music, exchange.leased) == ({CALLER}, True)
    exchange.happens(c.LegAnswered(f"{CALLER}-s3"))
    assert (exchange.together(), exchange.music, exchange.leased) == ({LEADER_LEG}, set(), False)


def test_a_telephone_that_is_busy_or_not_answered_changes_nothing_for_both():
    exchange = wanted()
    exchange.gone(LEADER_LEG)
    exchange.happens(c.LegGone(LEADER_LEG))
    assert exchange.together() == {AGENT_LEG}
    assert exchange.freed == [("leader", Why.NOT_TAKEN)]
    assert exchange.happens(c.TakeOver("leader"))  # and can be tried again


@pytest.mark.parametrize(
    "end",
    [c.Transfer("+4929"), c.Consult("+4929"), c.HangUp(), c.LegGone(AGENT_LEG), c.CallerGone(), c.CallerLeft()],
    ids=lambda event: type(event).__name__,
)
def test_a_talk_that_is_over_before_rings_no_longer(end):
    exchange = wanted()
    exchange.happens(end)
    assert LEADER_LEG not in exchange.alive
    assert ("leader", Why.TALK_OVER) in exchange.freed
    assert exchange.call.leader is None
    exchange.alive.add(LEADER_LEG)
    exchange.happens(c.LegAnswered(LEADER_LEG))  # in that very moment
    assert LEADER_LEG not in exchange.alive or exchange.call.state is State.ENDED


def test_an_agent_whose_telephone_goes_away_while_the_caller_is_held_and_rung_for_loses_nobody():
    exchange = wanted(c.Hold())
    exchange.gone(AGENT_LEG)
    exchange.happens(c.LegGone(AGENT_LEG))
    assert (exchange.call.state, exchange.leased, exchange.seeks) == (State.QUEUED, True, ["agent1"])
    assert exchange.freed == [("agent1", Why.CALL_OVER), ("leader", Why.TALK_OVER)]


@pytest.mark.parametrize("before", [[c.Consult("+4929")], [c.Transfer("+4929")]])
def test_what_is_no_talk_with_an_agent_is_not_taken_over(before):
    exchange = told(*before)
    assert not exchange.happens(c.TakeOver("leader"))
    assert ("leader", Why.TALK_OVER) in exchange.freed


def test_neither_by_two_nor_by_whom_it_is_already():
    exchange = wanted()
    assert not exchange.happens(c.TakeOver("another"))
    assert not told().happens(c.TakeOver("agent1"))


def test_without_us_an_answer_takes_nothing_over():
    """Unlike an agent's leg, it does not begin in the dialplan."""
    request = request_of(Routed(CALLER, "+49"), c.Dial(LEADER_LEG, Role.LEADER, "leader", name="Soest: Ausweis"))
    assert request.query["app"] == "rufverbund"
    assert request.query["appArgs"] == f"leg,{CALLER},leader"
    assert request.query["endpoint"] == "PJSIP/leader"
    assert request.query["originator"] == CALLER
    assert "context" not in request.query


def test_a_telephone_is_reserved_once_and_gets_no_other_call():
    pool = Pool(["leader"])
    assert pool.reserve("leader")
    assert not pool.reserve("leader")
    pool.seek("one")
    assert pool.pairs() == []
    pool.in_use("leader", "channel")
    pool.release("leader")
    assert not pool.reserve("leader")
    pool.hung_up("channel")
    assert pool.pairs() == [("one", "leader")]


# After a time without a connection

A, S, B, OTHER_B = (f"{RESYNCED}-{name}" for name in ("a1", "s3", "b2", "b4"))


def adopted(channels, bridges):
    found = compared("rufverbund", {}, [channel(RESYNCED), *channels], bridges)
    (call,) = found.adopted
    return call, found


@pytest.mark.parametrize("state", ["Ringing", "Up"])
def test_another_bridge_leaves_who_was_only_rung_for_it_out(state):
    call, found = adopted([leg(A, "agent1"), leg(S, "leader", state=state)], [{"id": B, "channels": [RESYNCED, A]}])
    assert (call.state, call.agent, call.leader) == (State.TALKING, "agent1", None)
    assert found.orphans == [f"channels/{S}"]


def test_another_bridge_knows_who_has_taken_over():
    bridges = [{"id": B, "channels": [A]}, {"id": OTHER_B, "channels": [RESYNCED, S]}]
    call, found = adopted([leg(A, "agent1"), leg(S, "leader")], bridges)
    assert (call.state, call.agent, call.agent_leg, call.bridge) == (State.TALKING, "leader", S, OTHER_B)
    assert sorted(found.orphans) == [f"bridges/{B}", f"channels/{A}"]


def test_another_bridge_knows_who_has_taken_over_and_lets_the_caller_wait():
    call, found = adopted([leg(S, "leader")], [{"id": OTHER_B, "channels": [S]}])
    assert (call.state, call.agent, call.waiting, found.orphans) == (State.TALKING, "leader", True, [])


def test_who_is_rung_for_a_caller_whom_nobody_has_any_more_is_not_given_the_call():
    call, found = adopted([leg(S, "leader", state="Ringing")], [])
    assert (call.state, call.agent, found.orphans) == (State.QUEUED, None, [f"channels/{S}"])


@pytest.mark.parametrize(
    ("channels", "event"),
    [([], c.LegGone(S)), ([leg(S, "leader")], c.LegAnswered(S)), ([leg(S, "leader", state="Ringing")], None)],
)
def test_what_has_become_of_it_meanwhile_is_told(channels, event):
    call = Routed(
        RESYNCED,
        state=State.TALKING,
        agent="agent1",
        agent_leg=A,
        bridge=B,
        waiting=False,
        leader="leader",
        leader_leg=S,
    )
    there = [channel(RESYNCED), leg(A, "agent1"), *channels]
    found = compared("rufverbund", {RESYNCED: call}, there, [{"id": B, "channels": [RESYNCED, A]}])
    assert found.missed == ([(RESYNCED, event)] if event else [])
    assert found.orphans == []


def test_a_leg_that_was_to_be_dropped_without_a_connection_is_dropped_then():
    call = Routed(RESYNCED, state=State.TALKING, agent="leader", agent_leg=S, bridge=OTHER_B, waiting=False)
    there = [channel(RESYNCED), leg(A, "agent1"), leg(S, "leader")]
    found = compared("rufverbund", {RESYNCED: call}, there, [{"id": OTHER_B, "channels": [RESYNCED, S]}])
    assert found.orphans == [f"channels/{A}"]


# At the desk


@pytest.fixture
def talk(ring, people, at_desk, soest):
    """A talk of Jana's at an exchange of ours."""
    with at_desk("agent") as jana:
        actions.set_presence(soest.centre, "ready", acting_user=jana)
    call = ring(
        is_controlled=True, state="talking", agent_id=jana.pk, agent_name=jana.name, answered_at=timezone.now(),
        source=asterisk(soest.centre),
    )  # fmt: skip
    with scope.telephony(), transaction.atomic():
        follow_calls(jana.pk, jana.name, soest.centre_id)
    return call


def asterisk(centre):
    with scope.telephony(), transaction.atomic():
        source = actions.asterisk_source(centre.pk)
    source.centre = centre
    return source


@pytest.fixture
def sits(people):
    """sits("supervisor", "leitung"): whose telephone is which."""

    def sit(who, telephone):
        with scope.owner(), transaction.atomic():
            type(people[who]).objects.filter(pk=people[who].pk).update(phone_user=telephone)

    sit("agent", "agent1")
    sit("supervisor", "leitung")
    return sit


def stored(call, *told):
    """Records of the bridge's spool about a call, in order."""
    numbers = count(time.time_ns() // 1000)
    records = [Record(next(numbers), timezone.now(), what, call.external_id, details) for what, details in told]
    with scope.telephony():
        actions.store_records(call.source, "spool", records)
        return Call.objects.get(pk=call.pk)


def seen(event, agent, state="talking"):
    return "seen", {
        "event": event,
        "state": state,
        "agent": agent,
        "last_agent": agent,
        "target": None,
        "waiting": False,
    }


def presence_of(person):
    with scope.telephony():
        return Presence.objects.get(person_id=person.pk)


def wishes():
    with scope.telephony():
        return list(ExchangeCommand.objects.order_by("pk").values_list("verb", "result"))


def test_whoever_leads_the_team_wants_a_colleagues_talk(talk, at_desk, news):
    with at_desk("supervisor") as beate:
        actions.lead_call(talk, "take_over", acting_user=beate, telephone="leitung")
    assert wishes() == [("take_over", "")]
    with scope.owner():
        (row,) = AuditEntry.objects.filter(action="take_call_over")
    assert (row.person_name, row.object_label) == ("Beate Hüsing", talk.public_id)


@pytest.mark.parametrize(
    ("fields", "telephone"),
    [
        ({"is_controlled": False}, "leitung"),
        ({"state": "wrap-up"}, "leitung"),
        ({"state": "ringing", "agent_id": None}, "leitung"),
        ({"phase": "consulting"}, "leitung"),
        ({"phase": "blind"}, "leitung"),
        ({}, ""),
    ],
)
def test_what_is_no_talk_with_a_colleague_is_refused(talk, at_desk, fields, telephone):
    with scope.telephony(), transaction.atomic():
        Call.objects.filter(pk=talk.pk).update(**fields)
    with at_desk("supervisor") as beate, pytest.raises(Refusal):
        actions.lead_call(talk, "take_over", acting_user=beate, telephone=telephone)
    assert wishes() == []


def test_neither_ones_own_talk_nor_while_one_talks(talk, ring, people, at_desk):
    beate = people["supervisor"]
    own = ring(is_controlled=True, state="talking", agent_id=beate.pk, agent_name=beate.name)
    for call in (own, talk):
        with at_desk("supervisor"), pytest.raises(Refusal):
            actions.lead_call(call, "take_over", acting_user=beate, telephone="leitung")
    assert wishes() == []


def test_a_colleague_may_not_by_the_database_either(talk, at_desk):
    with at_desk("agent2") as murat, pytest.raises(ProgrammingError), transaction.atomic():
        actions.lead_call(talk, "take_over", acting_user=murat, telephone="agent2")
    with at_desk("agent.unna") as olga, pytest.raises(Call.DoesNotExist):
        actions.lead_call(talk, "take_over", acting_user=olga, telephone="x")
    assert wishes() == []


def test_who_had_the_talk_reads_who_has_it_now_and_writes_it_up(talk, sits, people, at_desk, news):
    answered = talk.answered_at
    call = stored(talk, seen("TakeOver", "agent1"), seen("LegAnswered", "leitung"))
    assert (call.state, call.agent_name, call.answered_at) == ("talking", "Beate Hüsing", answered)
    assert presence_of(people["supervisor"]).state == "busy"
    jana = presence_of(people["agent"])
    assert (jana.state, jana.after_call, jana.reason) == (
        "wrap-up",
        "ready",
        "Beate Hüsing hat das Gespräch übernommen",
    )
    assert ("presence", str(people["agent"].pk), "changed") in news()
    call = stored(talk, seen("CallerGone", None, "ended"))
    assert (call.state, call.agent_name) == ("wrap-up", "Beate Hüsing")
    assert presence_of(people["agent"]).state == "wrap-up"
    with scope.owner():
        assert AuditEntry.objects.get(action="hand_call_over").object_label.startswith("Jana Köster")


def test_the_wrap_up_ends_by_itself_or_as_soon_as_one_is_ready(talk, sits, people, at_desk, soest):
    stored(talk, seen("LegAnswered", "leitung"))
    with time_machine.travel(timezone.now(), tick=False) as clock:
        with at_desk("agent") as jana:
            actions.heartbeat(jana.pk, soest.centre_id)
        clock.shift(times.WRAP_UP - timedelta(seconds=1))
        with scope.worker():
            assert end_write_ups() == 0
        clock.shift(timedelta(seconds=2))
        with scope.worker():
            assert end_write_ups() == 1
            assert end_write_ups() == 0
    jana = presence_of(people["agent"])
    assert (jana.state, jana.reason) == ("ready", "")


def test_who_wanted_to_write_anyway_and_who_writes_a_call_up_is_not_ended(talk, people, at_desk, soest):
    with at_desk("agent2") as murat:
        actions.set_presence(soest.centre, "wrap-up", acting_user=murat)
    stored(talk, seen("CallerGone", None, "ended"))
    assert presence_of(people["agent"]).state == "wrap-up"
    with time_machine.travel(timezone.now() + timedelta(hours=1), tick=False), scope.worker():
        assert end_write_ups() == 0


def test_who_was_to_be_on_a_break_afterwards_is(talk, sits, people, at_desk, soest):
    with at_desk("agent") as jana:
        actions.set_presence(soest.centre, "break", acting_user=jana)
    stored(talk, seen("LegAnswered", "leitung"))
    assert (presence_of(jana).state, presence_of(jana).reason) == ("break", "")


@pytest.mark.parametrize("why", ["not_taken", "talk_over"])
def test_whoever_does_not_get_the_talk_reads_why_and_nothing_else_changes(talk, sits, people, at_desk, news, why):
    with at_desk("supervisor") as beate:
        actions.lead_call(talk, "take_over", acting_user=beate, telephone="leitung")
    with scope.telephony():
        actions.end_commands({command.pk: "done" for command in actions.open_commands(talk.centre_id)})
    before = len(news())
    call = stored(talk, ("released", {"agent": "leitung", "why": why}))
    assert (call.state, call.agent_name) == ("talking", "Jana Köster")
    assert wishes() == [("take_over", why)]
    assert news()[before:] == [("call", talk.public_id, "changed")]
    with at_desk("supervisor"):
        assert queries.unheard(beate.pk).result == why
    assert presence_of(people["agent"]).state == "busy"


@pytest.mark.parametrize(
    ("deed", "why"), [(c.TakeOver("leader"), Why.TALK_OVER), (c.AgentFound("leader"), Why.CALLER_GONE)]
)
def test_who_was_given_to_a_call_that_was_over_already_is_free_again(deed, why):
    """The caller hangs up while the call's task waits for Asterisk; the deed stands behind that in the queue."""
    told = []

    async def played():
        exchange = Routing(Access("127.0.0.1", 1, "bridge", "none"), note=lambda *note: told.append(note))
        line = exchange.open(Routed("1.1", state=State.TALKING, agent="agent1", agent_leg="1.1-a1", bridge="1.1-b2"))
        assert exchange.pool.reserve("leader")
        for event in (c.CallerGone(), deed):
            line.events.put_nowait(event)
        await asyncio.gather(*exchange.tasks)
        assert exchange.pool.reserve("leader")

    play(played())
    assert ("released", "1.1", {"agent": "leader", "why": why.value}) in told
