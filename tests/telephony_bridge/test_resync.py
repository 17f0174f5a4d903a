"""What Asterisk has, against what we know: what was missed is told, what is not known is taken over, what belongs to nobody is ended."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from telephony_bridge.routing import calls as c
from telephony_bridge.routing.calls import Routed, State
from telephony_bridge.routing.core import step
from telephony_bridge.routing.pool import Pool
from telephony_bridge.routing.resync import compared, started

CALLER, LEG, BRIDGE, TARGET = "17.1", "17.1-a1", "17.1-b2", "17.1-x3"


def channel(id_, *, name="trunk", app="Stasis", data="rufverbund,inbound,+49", state="Up"):
    place = {"app_name": app, "app_data": data}
    return {
        "id": id_,
        "name": f"PJSIP/{name}-00000001",
        "state": state,
        "dialplan": place,
        "channelvars": {"DIALLED": "+49"},
    }


def leg(id_, name, **more):
    return channel(id_, name=name, data="rufverbund,leg,17.1,agent", **more)


def bridge(*channels):
    return {"id": BRIDGE, "channels": list(channels)}


@pytest.mark.parametrize(
    ("channels", "bridges", "state", "waiting", "agent"),
    [
        ([], [], State.QUEUED, True, None),
        ([leg(LEG, "agent1", state="Ringing")], [], State.OFFERED, True, "agent1"),
        ([leg(LEG, "agent1")], [bridge(CALLER, LEG)], State.TALKING, False, "agent1"),
        ([leg(LEG, "agent-7")], [bridge(LEG)], State.TALKING, True, "agent-7"),
        ([leg(LEG, "agent1"), leg(TARGET, "trunk", state="Ringing")], [bridge(LEG)], State.DIALLING, True, "agent1"),
        ([leg(LEG, "agent1"), leg(TARGET, "trunk")], [bridge(LEG, TARGET)], State.CONSULTING, True, "agent1"),
        ([leg(LEG, "agent1"), leg(TARGET, "trunk")], [bridge(LEG, CALLER)], State.CONSULTING, False, "agent1"),
        ([leg(TARGET, "trunk")], [bridge(CALLER, TARGET)], State.TRANSFERRED, False, None),
        ([leg(TARGET, "trunk", state="Ringing")], [bridge()], State.DIALLING, True, None),
        (
            [leg(LEG, "agent1")],
            [bridge()],
            State.OFFERED,
            True,
            "agent1",
        ),  # killed between making the bridge and joining
        ([leg(LEG, "agent1"), leg(TARGET, "trunk")], [bridge(LEG)], State.DIALLING, True, "agent1"),
    ],
)
def test_a_call_that_is_not_known_is_taken_over_as_it_is(channels, bridges, state, waiting, agent):
    found = compared("rufverbund", {}, [channel(CALLER), *channels], bridges)
    (call,) = found.adopted
    assert (call.state, call.waiting, call.agent, call.dialled) == (state, waiting, agent, "+49")
    assert found.leased == ([CALLER] if waiting else [])
    assert found.sounds == [f"playbacks/{CALLER}-p"]
    unused = state is State.OFFERED and bridges
    assert found.orphans == ([f"bridges/{BRIDGE}"] if unused else [])
    fresh = call.with_id("a")[1]
    assert fresh not in {one["id"] for one in channels}


@pytest.mark.parametrize("members", [[TARGET], [CALLER]], ids=["asking", "swapped"])
def test_who_asked_and_hung_up_while_nobody_saw_it_has_connected_both(members):
    found = compared("rufverbund", {}, [channel(CALLER), leg(TARGET, "trunk")], [bridge(*members)])
    (call,) = found.adopted
    assert [event for _call, event in found.missed] == [c.LegGone(str(call.agent_leg))]
    told = step(call, found.missed[0][1])
    assert (told.call.state, told.call.waiting, told.call.agent_leg) == (State.TRANSFERRED, False, None)
    joined = {name for command in told.commands if isinstance(command, c.Join) for name in command.channels}
    assert joined | set(members) == {CALLER, TARGET}


def test_one_that_nobody_has_answered_yet_begins_anew():
    found = compared("rufverbund", {}, [channel(CALLER, state="Ring")], [])
    assert found.adopted[0].state is State.NEW
    assert found.missed == [(CALLER, c.Arrived())]


def test_an_answer_that_nobody_heard_is_told():
    found = compared("rufverbund", {}, [channel(CALLER), leg(LEG, "agent1")], [])
    assert found.missed == [(CALLER, c.LegAnswered(LEG))]


def test_what_others_have_is_left_alone():
    others = [
        channel("18.1", data="another,inbound"),
        channel("19.1", name="agent1", app="Queue", data="fallback"),
        channel("20.1", data="rufverbund2,inbound"),
    ]
    found = compared("rufverbund", {}, others, [{"id": "theirs", "channels": ["18.1"]}])
    assert (found.adopted, found.missed, found.orphans) == ([], [], [])


def test_what_belongs_to_nobody_is_ended():
    found = compared("rufverbund", {}, [leg(LEG, "agent1")], [bridge(LEG)])
    assert found.orphans == [f"channels/{LEG}", f"bridges/{BRIDGE}"]


def test_a_leg_that_the_dialplan_has_connected_is_left_alone_and_one_that_nobody_wants_is_not():
    taken = channel(CALLER, app="Bridge")
    assert compared("rufverbund", {}, [taken, channel(LEG, name="agent1", app="Wait")], []).orphans == []
    left = compared("rufverbund", {}, [taken, leg(LEG, "agent1")], [bridge(LEG)])
    assert left.orphans == [f"channels/{LEG}", f"bridges/{BRIDGE}"]


@pytest.mark.parametrize(
    ("place", "legs", "bridges", "state", "agent"),
    [
        ({"app_name": "Queue", "context": "wait"}, [], [], State.FALLBACK, None),
        (
            {"app_name": "Bridge", "context": "take"},
            [channel(LEG, name="agent1", app="Wait")],
            [],
            State.FALLBACK,
            "agent1",
        ),
        ({"app_name": "Queue", "context": "wait"}, [leg(LEG, "agent1")], [], State.FALLBACK, None),
        ({"app_name": "Dial", "context": "transfer"}, [], [], State.BLIND, None),
        (
            {"app_name": "Dial", "context": "transfer"},
            [],
            [{"id": "x", "channels": [CALLER, "9.9"]}],
            State.TRANSFERRED,
            None,
        ),
    ],
)
def test_whom_the_dialplan_has_is_known_so_that_the_end_is_noted(place, legs, bridges, state, agent):
    found = compared("rufverbund", {}, [{**channel(CALLER), "dialplan": place}, *legs], bridges)
    (call,) = found.adopted
    assert (call.state, call.agent, call.waiting) == (state, agent, False)
    assert (found.missed, found.living) == ([], [CALLER])
    assert found.orphans == [f"channels/{one['id']}" for one in legs if agent is None]
    ended = step(call, c.CallerGone())
    assert ended.call.state is State.ENDED


@pytest.mark.parametrize("playing", [True, False])
def test_what_was_being_played_to_a_call_of_ours_is_ended(playing):
    known = {CALLER: replace(TALKING, playing=playing)}
    found = compared("rufverbund", known, [channel(CALLER), leg(LEG, "agent1")], [bridge(CALLER, LEG)])
    assert found.sounds == ([f"playbacks/{CALLER}-p"] if playing else [])


def fetched(id_, caller=CALLER):
    """An agent's leg that has come from the safety net."""
    return channel(id_, name="agent1", data=f"rufverbund,adopted,agent,{caller}")


@pytest.mark.parametrize(
    ("members", "state", "waiting", "missed"),
    [
        ([CALLER, "18.1"], State.TALKING, False, []),
        (["18.1"], State.TALKING, True, []),
        (None, State.OFFERED, True, [(CALLER, c.LegAnswered("18.1"))]),
    ],
)
def test_an_agent_who_came_from_the_safety_net_is_no_call_but_has_one(members, state, waiting, missed):
    bridges = [] if members is None else [bridge(*members)]
    found = compared("rufverbund", {}, [channel(CALLER), fetched("18.1")], bridges)
    (call,) = found.adopted
    assert (call.id, call.state, call.agent, call.agent_leg) == (CALLER, state, "agent1", "18.1")
    assert (call.waiting, found.missed, found.orphans) == (waiting, missed, [])


def test_and_without_the_caller_does_not_sit_in_silence():
    assert compared("rufverbund", {}, [fetched("18.1")], []).orphans == ["channels/18.1"]
    known = {CALLER: replace(TALKING, agent_leg="18.1")}
    there = [channel(CALLER), fetched("18.1"), fetched("19.1")]
    found = compared("rufverbund", known, there, [bridge(CALLER, "18.1")])
    assert (found.adopted, found.missed, found.orphans) == ([], [], ["channels/19.1"])


def test_who_is_on_the_way_to_us_is_not_taken_over_before():
    coming = {**channel(CALLER), "dialplan": {"app_name": "Ringing", "context": "from-trunk"}}
    called = {**channel("9.9"), "dialplan": {"app_name": "AppDial", "context": "from-trunk"}}
    assert compared("rufverbund", {}, [coming, called], []).adopted == []


def test_of_a_call_for_which_something_was_not_done_only_asterisk_knows():
    known = {CALLER: TALKING}
    found = compared(
        "rufverbund", known, [channel(CALLER), leg(LEG, "agent1")], [{"id": BRIDGE, "channels": []}], {CALLER}
    )
    (call,) = found.adopted
    assert (call.state, found.missed, found.orphans) == (
        State.OFFERED,
        [(CALLER, c.LegAnswered(LEG))],
        [f"bridges/{BRIDGE}"],
    )
    assert compared("rufverbund", known, [channel(CALLER)], [], {CALLER}).adopted[0].state is State.QUEUED
    assert compared("rufverbund", known, [], [], {CALLER}).missed == [(CALLER, c.CallerGone())]
    left = compared("rufverbund", known, [channel(CALLER, app="Queue")], [], {CALLER})
    assert (left.adopted, left.missed) == ([], [(CALLER, c.CallerLeft()), (CALLER, c.LegGone(LEG))])


TALKING = Routed(CALLER, state=State.TALKING, agent="agent1", agent_leg=LEG, bridge=BRIDGE, waiting=False, count=2)


@pytest.mark.parametrize(
    ("known", "channels", "missed", "then"),
    [
        (TALKING, [], [c.CallerGone()], State.ENDED),
        (TALKING, [channel(CALLER)], [c.LegGone(LEG)], State.ENDED),
        (TALKING, [channel(CALLER, app="Queue"), leg(LEG, "agent1")], [c.CallerLeft()], State.FALLBACK),
        (TALKING, [channel(CALLER), leg(LEG, "agent1")], [], State.TALKING),
        (
            Routed(CALLER, state=State.BLIND, last_agent="agent1", waiting=False),
            [channel(CALLER, data="rufverbund,returned,,BUSY")],
            [c.Returned()],
            State.QUEUED,
        ),
        (
            Routed(CALLER, state=State.BLIND, waiting=False),
            [channel(CALLER)],
            [c.Returned()],
            State.QUEUED,
        ),  # never sent
        (
            Routed(CALLER, state=State.OFFERED, agent="agent1", agent_leg=LEG, count=1),
            [channel(CALLER, app="Bridge"), channel(LEG, name="agent1", app="Wait")],
            [c.Taken()],
            State.FALLBACK,
        ),
        (
            Routed(CALLER, state=State.BLIND, waiting=False),
            [channel(CALLER, app="Dial")],
            [c.CallerLeft()],
            State.BLIND,
        ),
    ],
)
def test_what_was_missed_is_told_and_the_core_follows(known, channels, missed, then):
    found = compared("rufverbund", {CALLER: known}, channels, [bridge(CALLER, LEG)])
    assert [event for _call, event in found.missed] == missed
    for event in missed:
        known = step(known, event).call
    assert known.state is then


# Who gets the next call


def test_who_has_been_free_longest_gets_the_call_that_came_first():
    pool = Pool(["a", "b"])
    for call in ("1", "2", "3"):
        pool.seek(call)
    assert pool.pairs() == [("1", "a"), ("2", "b")]
    pool.release("b")
    assert pool.pairs() == [("3", "b")]
    assert pool.pairs() == []


def test_a_caller_whom_nobody_answers_keeps_the_place():
    pool = Pool(["a"])
    pool.seek("1")
    pool.seek("2")
    assert pool.pairs() == [("1", "a")]
    pool.seek("1", "a")  # a has not answered, and is not free
    pool.come("b")
    assert pool.pairs() == [("1", "b")]


def test_a_caller_who_comes_back_gets_the_same_agent_if_that_one_is_free():
    pool = Pool()
    pool.seek("1")
    pool.seek("2", "b")
    pool.come("a")
    pool.come("b")
    assert pool.pairs() == [("2", "b"), ("1", "a")]
    pool.over("2")
    pool.release("a")
    pool.leave("a")
    pool.seek("2")
    pool.seek("3")
    pool.forgo("2")
    pool.come("a")
    pool.leave("a")
    assert pool.pairs() == []
    pool.come("a")
    pool.come("a")
    assert pool.pairs() == [("3", "a")]
    assert pool.pairs() == []


def test_who_is_ready_once_more_while_talking_gets_no_second_call():
    pool = Pool(["a"])
    pool.seek("1")
    pool.seek("2")
    assert pool.pairs() == [("1", "a")]
    pool.come("a")
    assert pool.pairs() == []
    pool.release("a")
    assert pool.pairs() == [("2", "a")]


def test_who_has_left_while_talking_gets_none_afterwards():
    pool = Pool(["a"])
    pool.seek("1")
    pool.pairs()
    pool.leave("a")
    pool.release("a")
    assert pool.free == []


def test_a_telephone_is_not_rung_before_the_call_before_is_down():
    pool = Pool(["a", "b"])
    pool.in_use("a", "x")
    assert pool.free == ["b"]
    pool.hung_up("x")
    pool.hung_up("unknown")
    assert pool.free == ["b", "a"]
    pool.are_in_use({"y": "b"})
    assert pool.free == ["a"]
    pool.are_in_use({})
    assert pool.free == ["a", "b"]


@pytest.mark.parametrize("info", [None, {}, {"status": None}, {"status": {"startup_time": "soon"}}, [1]])
def test_an_exchange_that_does_not_say_when_it_was_started(info):
    assert started(info) is None


def test_when_an_exchange_was_started():
    told = {"status": {"startup_time": "2026-11-30T20:23:32.000+0100"}}
    assert started(told) == datetime(2026, 11, 30, 19, 23, 32, tzinfo=UTC)
