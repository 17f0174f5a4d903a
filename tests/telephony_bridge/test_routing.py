"""The core of the routing: what the telephone of an agent, a target and a caller can do, in whatever order; against a small exchange that does what is wanted."""

from dataclasses import dataclass, field

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from telephony_bridge.routing import calls as c
from telephony_bridge.routing.calls import Role, Routed, State, Why
from telephony_bridge.routing.core import step

CALLER = "1700000000.1"
AGENT_LEG, BRIDGE, TARGET_LEG = f"{CALLER}-a1", f"{CALLER}-b2", f"{CALLER}-x3"


@dataclass
class Exchange:
    """What Asterisk would have after the commands: channels that live, bridges with channels in them, who hears music, who has a lease."""

    call: Routed = field(default_factory=lambda: Routed(CALLER, "+4929211030"))
    alive: set[str] = field(default_factory=lambda: {CALLER})
    bridges: dict[str, set[str]] = field(default_factory=dict)
    music: set[str] = field(default_factory=set)
    playing: bool = False
    leased: bool = True  # the dialplan's own, from the first moment
    in_dialplan: bool = False
    seeks: list[str | None] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    freed: list[tuple[str, Why]] = field(default_factory=list)
    callbacks: int = 0
    ids: list[str] = field(default_factory=list)
    most: int = 0  # who were together at once

    def happens(self, event: c.Event) -> bool:
        """Returns whether it was not refused."""
        told = step(self.call, event)
        self.call = told.call
        for command in told.commands:
            self.obey(command)
        return told.done

    def obey(self, command: c.Command) -> None:
        match command:
            case c.Music(channel, on):
                (self.music.add if on else self.music.discard)(channel)
            case c.Play():
                assert not self.playing  # a channel plays one thing
                self.playing = True
            case c.Silence():
                self.playing = False
            case c.Lease(on):
                self.leased = on
            case c.Dial(leg):
                self.ids.append(leg)
                self.alive.add(leg)
            case c.Drop(channel):
                self.gone(channel)
            case _:
                self.bring_together(command)

    def bring_together(self, command: c.Command) -> None:
        match command:
            case c.Make(bridge):
                self.ids.append(bridge)
                self.bridges[bridge] = set()
            case c.Remove(bridge):
                del self.bridges[bridge]
            case c.Join(bridge, channels):
                assert not (self.playing and CALLER in channels), (
                    "what is being played keeps the caller out of the bridge"
                )
                for members in self.bridges.values():  # Asterisk takes a channel out of the bridge where it was
                    members -= set(channels)
                self.bridges[bridge] |= set(channels) & self.alive
                self.most = max(self.most, len(self.bridges[bridge]))
                self.music -= set(channels)
            case c.Part(bridge, channel):
                self.bridges[bridge].discard(channel)
            case c.Send():
                self.in_dialplan = True
                for members in self.bridges.values():
                    members.discard(CALLER)
            case _:
                self.distribute(command)

    def distribute(self, command: c.Command) -> None:
        match command:
            case c.Seek(preferred):
                self.seeks.append(preferred)
            case c.Forgo():
                self.seeks.clear()  # also where nobody is sought, since the agent's old leg is not down yet
            case c.CallBack():
                self.callbacks += 1
            case c.Release(agent, why):
                self.freed.append((agent, why))

    def gone(self, channel: str) -> None:
        self.alive.discard(channel)
        self.music.discard(channel)
        for members in self.bridges.values():
            members.discard(channel)

    def agent_is_given(self, agent: str = "agent1") -> None:
        self.seeks.pop()
        self.taken.append(agent)
        self.happens(c.AgentFound(agent))

    def together(self) -> set[str]:
        """Who is in a bridge with the caller."""
        return set().union(*(members for members in self.bridges.values() if CALLER in members)) - {CALLER}


def told(*events: c.Event) -> Exchange:
    """An exchange after a talk has begun and these have happened."""
    exchange = Exchange()
    exchange.happens(c.Arrived())
    exchange.agent_is_given()
    exchange.happens(c.LegAnswered(AGENT_LEG))
    assert exchange.call.state is State.TALKING
    for event in events:
        assert exchange.happens(event), event
    return exchange


def test_a_call_is_taken_offered_and_connected():
    exchange = Exchange()
    exchange.happens(c.Arrived())
    assert (exchange.music, exchange.leased, exchange.seeks) == ({CALLER}, True, [None])
    exchange.agent_is_given()
    assert exchange.leased
    exchange.happens(c.LegAnswered(AGENT_LEG))
    assert exchange.together() == {AGENT_LEG}
    assert (exchange.music, exchange.leased) == (set(), False)


def test_who_does_not_answer_is_released_and_the_caller_waits_on():
    exchange = Exchange()
    exchange.happens(c.Arrived())
    exchange.agent_is_given()
    exchange.happens(c.LegGone(AGENT_LEG))
    assert exchange.freed == [("agent1", Why.NOT_ANSWERED)]
    assert (exchange.call.state, exchange.seeks, exchange.leased, exchange.music) == (
        State.QUEUED,
        ["agent1"],
        True,
        {CALLER},
    )


def test_who_hangs_up_while_it_rings_stops_the_ringing():
    exchange = Exchange()
    exchange.happens(c.Arrived())
    exchange.agent_is_given()
    exchange.happens(c.CallerGone())
    assert AGENT_LEG not in exchange.alive
    assert exchange.freed == [("agent1", Why.CALLER_GONE)]


def test_an_answer_to_an_offer_that_is_over_does_not_sit_in_silence():
    exchange = Exchange()
    exchange.happens(c.Arrived())
    exchange.alive.add("other-a1")
    exchange.happens(c.LegAnswered("other-a1"))
    assert "other-a1" not in exchange.alive


def test_accepted_on_the_desk_the_telephone_falls_silent_and_picks_up_by_itself():
    exchange = Exchange()
    exchange.happens(c.Arrived())
    exchange.agent_is_given()
    assert exchange.happens(c.Accept())
    assert AGENT_LEG not in exchange.alive
    assert not exchange.happens(c.Accept())
    exchange.happens(c.LegAnswered(AGENT_LEG))  # in that very moment
    exchange.happens(c.LegGone(AGENT_LEG))
    again = exchange.call.agent_leg
    assert (exchange.call.state, exchange.freed, again) == (State.OFFERED, [], f"{CALLER}-a2")
    exchange.happens(c.LegAnswered(again))
    assert exchange.together() == {again}


def test_a_telephone_that_does_not_pick_up_by_itself_has_not_answered():
    exchange = Exchange()
    exchange.happens(c.Arrived())
    exchange.agent_is_given()
    exchange.happens(c.Accept())
    exchange.happens(c.LegGone(AGENT_LEG))
    exchange.happens(c.LegGone(f"{CALLER}-a2"))
    assert exchange.freed == [("agent1", Why.NOT_ANSWERED)]
    assert exchange.call.state is State.QUEUED


def test_held_and_taken_back():
    exchange = told(c.Hold())
    assert (exchange.together(), exchange.music, exchange.leased) == (set(), {CALLER}, True)
    assert not exchange.happens(c.Hold())
    assert exchange.happens(c.Resume())
    assert (exchange.together(), exchange.leased) == ({AGENT_LEG}, False)


def test_an_agent_whose_telephone_goes_away_while_the_caller_is_held_loses_nobody():
    exchange = told(c.Hold())
    exchange.gone(AGENT_LEG)
    exchange.happens(c.LegGone(AGENT_LEG))
    assert (exchange.call.state, exchange.seeks, exchange.leased) == (State.QUEUED, ["agent1"], True)
    assert exchange.bridges == {}


def test_blind_to_somebody_who_is_there():
    exchange = told(c.Transfer("+492921301234"))
    assert exchange.in_dialplan
    assert AGENT_LEG not in exchange.alive
    exchange.happens(c.LegGone(AGENT_LEG))
    exchange.happens(c.TargetAnswered())
    assert exchange.call.state is State.TRANSFERRED
    assert exchange.freed == [("agent1", Why.CALL_OVER)]
    exchange.happens(c.CallerLeft())  # says late what was done
    assert exchange.call.state is State.TRANSFERRED


@pytest.mark.parametrize("leg_first", [True, False])
def test_blind_to_somebody_who_is_busy_comes_back_to_the_same_agent(leg_first):
    exchange = told(c.Transfer("+492921301234"))
    events = [c.LegGone(AGENT_LEG), c.Returned()]
    for event in events if leg_first else events[::-1]:
        exchange.happens(event)
    assert (exchange.call.state, exchange.seeks) == (State.QUEUED, ["agent1"])
    assert exchange.freed == [("agent1", Why.CALL_OVER)]


def test_asked_and_connected():
    exchange = told(c.Consult("+492921301234"))
    assert (exchange.music, exchange.leased) == ({CALLER}, True)
    exchange.happens(c.LegAnswered(TARGET_LEG))
    assert exchange.bridges == {BRIDGE: {AGENT_LEG, TARGET_LEG}}
    assert exchange.happens(c.Complete())
    assert (exchange.together(), exchange.leased, exchange.call.state) == ({TARGET_LEG}, False, State.TRANSFERRED)
    assert exchange.freed == [("agent1", Why.CALL_OVER)]


def test_who_hangs_up_while_asking_connects_both():
    exchange = told(c.Consult("+492921301234"), c.LegAnswered(TARGET_LEG))
    exchange.gone(AGENT_LEG)
    exchange.happens(c.LegGone(AGENT_LEG))
    assert (exchange.together(), exchange.call.state) == ({TARGET_LEG}, State.TRANSFERRED)


def test_asked_cancelled_and_asked_again_has_new_ids():
    exchange = told(c.Consult("+49292130"), c.LegAnswered(TARGET_LEG), c.Cancel())
    assert (exchange.together(), exchange.call.state) == ({AGENT_LEG}, State.TALKING)
    exchange.happens(c.LegGone(TARGET_LEG))  # of the one before
    exchange.happens(c.Consult("+49292130"))
    assert exchange.call.target_leg == f"{CALLER}-x4"


def test_to_and_fro():
    exchange = told(c.Consult("+49292130"), c.LegAnswered(TARGET_LEG), c.Swap())
    assert (exchange.together(), exchange.music, exchange.leased) == ({AGENT_LEG}, {TARGET_LEG}, False)
    exchange.happens(c.Swap())
    assert (exchange.bridges[BRIDGE], exchange.music, exchange.leased) == ({AGENT_LEG, TARGET_LEG}, {CALLER}, True)
    exchange.happens(c.Swap())
    exchange.happens(c.Complete())
    assert (exchange.together(), exchange.music) == ({TARGET_LEG}, set())


@pytest.mark.parametrize("how", [c.Complete(), c.HangUp(), c.LegGone(AGENT_LEG)])
def test_who_leaves_while_the_target_rings_sends_the_caller_there(how):
    exchange = told(c.Consult("+49292130"), how)
    assert exchange.leased
    exchange.gone(AGENT_LEG)
    exchange.happens(c.LegAnswered(TARGET_LEG))
    assert (exchange.together(), exchange.call.state) == ({TARGET_LEG}, State.TRANSFERRED)
    assert exchange.freed == [("agent1", Why.CALL_OVER)]


def test_and_is_busy_brings_the_caller_back():
    exchange = told(c.Consult("+49292130"), c.Complete(), c.LegGone(TARGET_LEG))
    assert (exchange.call.state, exchange.seeks, exchange.bridges) == (State.QUEUED, ["agent1"], {})


def test_a_caller_whom_the_dialplan_has_taken_back_leaves_nothing_of_ours():
    exchange = Exchange()
    exchange.happens(c.Arrived())
    exchange.agent_is_given()
    exchange.happens(c.CallerLeft())
    assert exchange.call.state is State.FALLBACK
    assert exchange.alive == {CALLER}
    assert exchange.freed == [("agent1", Why.CALLER_GONE)]
    exchange.happens(c.CallerGone())
    assert exchange.call.state is State.ENDED


HEARD, BYE = ("sound:emergency",), ("sound:closed",)


def test_outside_of_hours_the_reason_is_heard_and_the_call_ends():
    exchange = Exchange()
    exchange.happens(c.Arrived(closed=BYE))
    assert (exchange.call.state, exchange.playing, exchange.seeks, exchange.leased) == (State.CLOSED, True, [], True)
    exchange.happens(c.Played())
    assert (exchange.call.state, exchange.alive) == (State.ENDED, set())


def test_an_emergency_text_comes_before_the_music_and_gives_way_to_an_agent():
    exchange = Exchange()
    exchange.happens(c.Arrived(first=HEARD))
    assert (exchange.playing, exchange.music, exchange.seeks) == (True, set(), [None])
    exchange.agent_is_given()
    exchange.happens(c.LegAnswered(AGENT_LEG))
    assert exchange.together() == {AGENT_LEG}
    exchange.happens(c.Played())  # late
    assert exchange.music == set()


def test_after_an_announcement_there_is_music_again():
    exchange = Exchange()
    exchange.happens(c.Arrived())
    exchange.happens(c.Told(HEARD))
    exchange.happens(c.Told(HEARD))  # one at a time
    exchange.playing = False
    exchange.music.clear()
    exchange.happens(c.Played())
    assert exchange.music == {CALLER}


@pytest.mark.parametrize("rings", [False, True])
def test_who_wants_to_be_called_back_waits_no_longer(rings):
    exchange = Exchange()
    exchange.happens(c.Arrived(first=HEARD))
    if rings:
        exchange.agent_is_given()
    exchange.happens(c.WantsCallback(BYE))
    assert (exchange.call.state, exchange.callbacks, exchange.playing, exchange.leased) == (State.CLOSED, 1, True, True)
    assert exchange.alive == {CALLER}
    exchange.happens(c.Played())
    assert exchange.alive == set()
    assert exchange.freed == ([("agent1", Why.CALLER_GONE)] if rings else [])


def test_who_waits_when_the_centre_closes_at_once_hears_it_and_who_is_being_connected_does_not():
    exchange = Exchange()
    exchange.happens(c.Arrived(first=HEARD))
    exchange.happens(c.Shut(BYE))
    assert (exchange.call.state, exchange.playing, exchange.callbacks, exchange.seeks) == (State.CLOSED, True, 0, [])
    exchange.happens(c.Shut(BYE))  # said again every two seconds
    exchange.happens(c.Played())
    assert exchange.alive == set()
    offered = Exchange()
    offered.happens(c.Arrived())
    offered.agent_is_given()
    offered.happens(c.Shut(BYE))
    assert offered.call.state is State.OFFERED


def test_without_an_answer_to_hear_the_call_ends_at_once():
    exchange = Exchange()
    exchange.happens(c.Arrived())
    exchange.happens(c.WantsCallback())
    assert (exchange.call.state, exchange.alive, exchange.callbacks) == (State.ENDED, set(), 1)


def test_two_who_talk_by_the_doing_of_the_safety_net_are_together_with_us():
    exchange = Exchange(Routed(CALLER, state=State.FALLBACK, waiting=False), in_dialplan=True)
    exchange.alive.add("leg")
    exchange.taken.append("agent1")
    exchange.happens(c.Fetched("agent1", "leg"))
    assert (exchange.together(), exchange.leased, exchange.call.state) == ({"leg"}, False, State.TALKING)
    assert exchange.happens(c.Hold())
    assert exchange.happens(c.HangUp())
    assert exchange.freed == [("agent1", Why.CALL_OVER)]


def test_who_comes_from_the_safety_net_too_late_sits_in_no_silence():
    exchange = told()
    exchange.alive.add("leg")
    exchange.happens(c.Fetched("agent2", "leg"))
    assert "leg" not in exchange.alive
    assert exchange.freed == [("agent2", Why.CALLER_GONE)]


SELDOM = st.integers(0, 9).map(lambda number: number == 0)
WISHES = [c.Accept(), c.Hold(), c.Resume(), c.Transfer("+4929"), c.Consult("+4929"), c.Swap(), c.Complete(), c.Cancel()]


def test_an_agent_whose_telephone_could_not_be_asked_has_missed_nothing():
    exchange = Exchange()
    exchange.happens(c.Arrived())
    exchange.agent_is_given()
    exchange.happens(c.LegGone(AGENT_LEG, rang=False))
    assert exchange.freed == [("agent1", Why.CALLER_GONE)]
    assert exchange.call.state is State.QUEUED


def test_two_whom_the_dialplan_has_connected_meanwhile_are_left_alone():
    exchange = Exchange()
    exchange.happens(c.Arrived())
    exchange.agent_is_given()
    exchange.happens(c.Taken())
    assert exchange.alive == {CALLER, AGENT_LEG}
    assert exchange.freed == []
    exchange.gone(AGENT_LEG)
    exchange.happens(c.LegGone(AGENT_LEG))
    assert exchange.freed == [("agent1", Why.CALL_OVER)]


@pytest.mark.parametrize("number", ["", "*21", "0&PJSIP/agent2", "0,20,g", "+49 2921", "1" * 21, "${SHELL(ls)}"])
def test_what_is_no_number_is_not_dialled(number):
    exchange = told()
    assert not exchange.happens(c.Transfer(number))
    assert not exchange.happens(c.Consult(number))


class Anything(RuleBasedStateMachine):
    """Whatever can happen, in whatever order, early, late and twice. What ends a call comes seldom, else no call would come far."""

    def __init__(self):
        super().__init__()
        self.exchange = Exchange()
        self.exchange.happens(c.Arrived())

    @property
    def call(self):
        return self.exchange.call

    def legs(self):
        return sorted(leg for leg in self.exchange.ids if c.OWN_ID.fullmatch(leg)["kind"] != "b")

    @precondition(lambda self: self.call.state is State.ENDED)
    @rule()
    def another_call_comes(self):
        self.__init__()

    @precondition(lambda self: self.exchange.seeks)
    @rule(agent=st.sampled_from(["agent1", "agent2"]))
    def the_distribution_gives_an_agent(self, agent):
        self.exchange.agent_is_given(agent)

    @precondition(lambda self: not self.exchange.seeks)
    @rule(seldom=SELDOM)
    def it_gives_one_too_late(self, seldom):
        if seldom:
            self.exchange.taken.append("agent3")
            self.exchange.happens(c.AgentFound("agent3"))

    @precondition(lambda self: self.call.state in (State.OFFERED, State.DIALLING))
    @rule()
    def it_is_answered(self):
        leg = self.call.agent_leg if self.call.state is State.OFFERED else self.call.target_leg
        self.exchange.happens(c.LegAnswered(leg))

    @precondition(lambda self: self.legs())
    @rule(data=st.data())
    def an_answer_is_told_again(self, data):
        leg = data.draw(st.sampled_from(self.legs()))
        if leg in self.exchange.alive and self.call.role_of(leg) is None:
            self.exchange.happens(c.LegAnswered(leg))
            assert leg not in self.exchange.alive

    @precondition(lambda self: self.legs())
    @rule(data=st.data(), seldom=SELDOM)
    def a_leg_goes(self, data, seldom):
        leg = data.draw(st.sampled_from(self.legs()))
        if seldom or leg not in self.exchange.alive:
            self.exchange.gone(leg)
            self.exchange.happens(c.LegGone(leg))

    @precondition(lambda self: self.call.agent)
    @rule(wish=st.sampled_from(WISHES))
    def the_agent_wants_something(self, wish):
        before = self.call
        if not self.exchange.happens(wish):
            assert self.call == before

    @rule(leader=st.sampled_from(["leader1", "leader2"]), seldom=SELDOM)
    def somebody_wants_to_take_over(self, leader, seldom):
        if seldom or self.call.state is State.TALKING:
            before = self.call
            self.exchange.taken.append(leader)
            if not self.exchange.happens(c.TakeOver(leader)):
                assert self.call == before

    @precondition(lambda self: self.call.leader_leg in self.exchange.alive)
    @rule()
    def and_answers(self):
        self.exchange.most = 0
        self.exchange.happens(c.LegAnswered(self.call.leader_leg))
        assert self.exchange.together() == {self.call.agent_leg}
        assert self.exchange.most == 2  # nobody listens in

    @rule(seldom=SELDOM)
    def the_agent_hangs_up(self, seldom):
        before = self.call
        if seldom and not self.exchange.happens(c.HangUp()):
            assert self.call == before

    @rule(seldom=SELDOM)
    def the_caller_hangs_up(self, seldom):
        if seldom:
            self.exchange.gone(CALLER)
            self.exchange.happens(c.CallerGone())

    @precondition(lambda self: self.exchange.leased and CALLER in self.exchange.alive and not self.exchange.in_dialplan)
    @rule(seldom=SELDOM)
    def the_lease_is_over(self, seldom):
        if seldom:
            self.exchange.in_dialplan = True
            self.exchange.happens(c.CallerLeft())

    @precondition(lambda self: self.call.state is State.OFFERED and self.call.agent_leg in self.exchange.alive)
    @rule(seldom=SELDOM)
    def the_dialplan_has_connected_them(self, seldom):
        if seldom:
            self.exchange.in_dialplan = True
            self.exchange.happens(c.Taken())

    @precondition(lambda self: self.call.state is State.BLIND)
    @rule(found=st.booleans())
    def the_dialplan_is_done(self, found):
        self.exchange.in_dialplan = found
        self.exchange.happens(c.TargetAnswered() if found else c.Returned())

    @rule(seldom=SELDOM, data=st.data())
    def something_is_announced(self, seldom, data):
        self.exchange.happens(c.Told(HEARD))
        if seldom:
            self.exchange.happens(data.draw(st.sampled_from([c.WantsCallback(BYE), c.Shut(BYE)])))

    @precondition(lambda self: self.exchange.playing)
    @rule()
    def it_was_heard(self):
        self.exchange.playing = False
        self.exchange.happens(c.Played())

    @rule()
    def it_arrives_once_more(self):
        before = self.call
        self.exchange.happens(c.Arrived())
        assert self.call == before

    @invariant()
    def nobody_is_lost(self):
        if CALLER not in self.exchange.alive:
            return
        safe = self.exchange.leased or self.exchange.in_dialplan or self.exchange.together()
        assert safe, (self.call, self.exchange)

    @invariant()
    def who_waits_hears_music_and_is_looked_after(self):
        if self.call.state is State.QUEUED:
            assert CALLER in self.exchange.music or self.exchange.playing
            assert len(self.exchange.seeks) == (self.call.agent is None), self.call

    @invariant()
    def an_end_leaves_nothing(self):
        if self.call.state in (State.ENDED, State.FALLBACK):
            assert self.exchange.alive <= {CALLER, self.call.agent_leg}
            assert self.exchange.bridges == {}
            assert self.exchange.seeks == []
        if self.call.state is State.ENDED:
            assert self.exchange.alive == set()

    @invariant()
    def each_agent_is_released_once(self):
        held = [agent for agent in (self.call.agent, self.call.leader) if agent]
        assert sorted([agent for agent, _why in self.exchange.freed] + held) == sorted(self.exchange.taken)

    @invariant()
    def no_id_is_used_twice(self):
        assert len(set(self.exchange.ids)) == len(self.exchange.ids)

    @invariant()
    def roles_are_true(self):
        legs = {Role.AGENT: self.call.agent_leg, Role.TARGET: self.call.target_leg, Role.LEADER: self.call.leader_leg}
        for role, leg in legs.items():
            assert leg is None or self.call.role_of(leg) is role

    @invariant()
    def only_a_talk_is_taken_over(self):
        assert (self.call.leader is None) == (self.call.leader_leg is None)
        assert self.call.leader is None or self.call.state is State.TALKING


Anything.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestAnything = Anything.TestCase
