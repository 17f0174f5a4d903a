"""Who gets the next call: examples of each rule, and whatever can happen to agents and calls in whatever order."""

from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from telephony_bridge.routing.pool import Pool
from telephony_bridge.routing.skills import Skills, Wants

SOEST, WERL = Wants("soest"), Wants("werl")
FOR_SOEST, FOR_WERL = Skills(frozenset({"soest"})), Skills(frozenset({"werl"}))


def sent_away(pool, call="call", agent="anna"):
    """A call that its agent has transferred blindly, and that is not back yet; the agent is in the wrap-up."""
    pool.seek(call)
    assert pool.pairs() == [(call, agent)]
    pool.over(call)
    pool.promise(call, agent)
    pool.leave(agent)
    pool.release(agent)


def test_who_is_free_longest_gets_the_call_that_waits_longest():
    pool = Pool(["anna", "bert"])
    for call in ("one", "two", "three"):
        pool.seek(call)
    assert pool.pairs() == [("one", "anna"), ("two", "bert")]
    pool.release("bert")
    assert pool.pairs() == [("three", "bert")]


def test_a_call_keeps_its_place_while_a_telephone_rings():
    pool = Pool(["anna"])
    pool.seek("one", since=1.0)
    pool.pairs()
    pool.seek("two", since=2.0)
    pool.leave("anna")  # has not answered
    pool.release("anna")
    pool.seek("one", "anna", since=3.0)
    assert pool.order() == ["one", "two"]


def test_calls_that_are_told_in_disorder_stand_in_the_order_in_which_they_came():
    """As after a restart: whoever takes the calls over does not know which one Asterisk lists first."""
    pool = Pool()
    for call, since in (("late", 30.0), ("early", 10.0), ("middle", 20.0)):
        pool.seek(call, since=since)
    assert pool.order() == ["early", "middle", "late"]


def test_a_higher_priority_goes_first_and_can_be_told_while_the_call_waits():
    pool = Pool()
    pool.seek("one", since=1.0)
    pool.seek("two", since=2.0, wants=Wants(priority=1))
    pool.seek("three", since=3.0)
    pool.seek("three", wants=Wants(priority=2), since=9.0)
    assert pool.order() == ["three", "two", "one"]
    pool.seek("three")  # what it wants stays
    assert pool.order()[0] == "three"


# Promised


def test_a_call_comes_back_to_its_agent_who_is_not_ready_yet():
    pool = Pool(["anna", "bert"])
    sent_away(pool)
    pool.seek("call", "anna")
    assert pool.pairs() == [("call", "anna")]


def test_till_then_nobody_else_gets_this_agent():
    pool = Pool(["anna"])
    sent_away(pool)
    pool.come("anna")
    pool.seek("other")
    assert pool.pairs() == []
    pool.seek("call", "anna")
    assert pool.pairs() == [("call", "anna")]
    pool.release("anna")
    assert pool.pairs() == [("other", "anna")]


@pytest.mark.parametrize("end", [lambda pool: pool.over("call"), lambda pool: pool.leave("anna", for_good=True)])
def test_the_promise_ends(end):
    pool = Pool(["anna"])
    sent_away(pool)
    end(pool)
    pool.come("anna")
    pool.seek("other")
    assert pool.pairs() == [("other", "anna")]


def test_who_leaves_for_good_is_not_rung():
    pool = Pool(["anna"])
    sent_away(pool)
    pool.leave("anna", for_good=True)
    pool.seek("call", "anna")
    assert pool.pairs() == []
    pool.come("bert")
    assert pool.pairs() == [("call", "bert")]


@pytest.mark.parametrize(
    "busy", [lambda pool: pool.take("anna"), lambda pool: pool.in_use("anna", "PJSIP/anna-00000007")]
)
def test_while_the_agent_of_before_is_busy_with_somebody_else_the_next_one_gets_the_call(busy):
    pool = Pool(["anna", "bert"])
    sent_away(pool)
    busy(pool)
    pool.seek("call", "anna")
    assert pool.pairs() == [("call", "bert")]
    assert pool.promised == {}


def test_the_old_leg_of_the_call_itself_is_waited_for():
    pool = Pool(["anna", "bert"])
    sent_away(pool)
    pool.in_use("anna", "call-a1")
    pool.seek("call", "anna")
    assert pool.pairs() == []
    pool.hung_up("call-a1")
    assert pool.pairs() == [("call", "anna")]


def test_of_two_that_come_back_to_one_agent_the_other_goes_on():
    pool = Pool(["anna", "bert"])
    sent_away(pool)
    pool.promise("second", "anna")
    pool.seek("second", "anna")
    pool.seek("call", "anna")
    assert pool.pairs() == [("second", "anna"), ("call", "bert")]


def test_the_promise_is_kept_once():
    """Who has not answered the call that came back is not rung by it again."""
    pool = Pool(["anna", "bert"])
    sent_away(pool)
    pool.seek("call", "anna")
    pool.pairs()
    pool.leave("anna")
    pool.release("anna")
    pool.seek("call", "anna")
    assert pool.pairs() == [("call", "bert")]


# Skills


def test_only_who_is_trained_for_the_municipality_gets_the_call():
    pool = Pool(["anna", "bert"])
    pool.learn("anna", FOR_SOEST)
    pool.seek("call", wants=WERL)
    assert pool.pairs(0.0) == [("call", "bert")]


def test_a_language_is_asked_for():
    pool = Pool(["anna", "bert"])
    pool.learn("bert", Skills(languages=frozenset({"de", "tr"})))
    pool.seek("call", wants=Wants(language="tr"))
    assert pool.pairs(0.0) == [("call", "bert")]


def test_a_call_of_an_unknown_municipality_suits_everybody():
    pool = Pool(["anna"])
    pool.learn("anna", FOR_SOEST)
    pool.seek("call")
    assert pool.pairs(0.0) == [("call", "anna")]


def test_who_helps_out_is_asked_last():
    pool = Pool(["helper", "anna"])
    pool.learn("helper", Skills(line=1))
    pool.seek("one")
    pool.seek("two")
    assert pool.pairs(0.0) == [("one", "anna"), ("two", "helper")]


def test_later_calls_pass_one_that_suits_nobody_who_is_free():
    pool = Pool(["anna"])
    pool.learn("anna", FOR_SOEST)
    pool.seek("one", wants=WERL)
    pool.seek("two", wants=SOEST)
    assert pool.pairs(0.0) == [("two", "anna")]


def test_for_somebody_who_suits_a_call_waits_only_so_long():
    pool = Pool(["anna", "bert"], suited_within=15.0)
    pool.learn("anna", FOR_SOEST)
    pool.learn("bert", FOR_WERL)
    pool.take("bert")
    pool.seek("call", wants=WERL, since=100.0)
    assert pool.pairs(114.5) == []
    assert pool.pairs(115.0) == [("call", "anna")]


def test_who_suits_is_taken_also_after_that_time():
    pool = Pool(["anna", "bert"])
    pool.learn("anna", FOR_SOEST)
    pool.seek("call", wants=WERL)
    assert pool.pairs() == [("call", "bert")]


def test_without_a_clock_nobody_waits_for_one_who_suits():
    pool = Pool(["anna"])
    pool.learn("anna", FOR_SOEST)
    pool.seek("call", wants=WERL)
    assert pool.pairs() == [("call", "anna")]


def test_the_agent_of_before_need_not_suit():
    pool = Pool(["anna", "bert"])
    pool.learn("anna", FOR_SOEST)
    pool.seek("call", "anna", wants=WERL)
    assert pool.pairs(0.0) == [("call", "anna")]


# Whatever can happen

AGENTS = ["anna", "bert", "cem"]
SUITED_WITHIN = 2.0
SELDOM = st.integers(0, 4).map(lambda number: number == 0)
WANTS = st.builds(
    Wants, st.sampled_from([None, "soest", "werl"]), st.sampled_from([None, "de", "tr"]), st.integers(0, 1)
)
SKILLS = st.builds(
    Skills,
    st.frozensets(st.sampled_from(["soest", "werl"])),
    st.sampled_from([frozenset({"de"}), frozenset({"de", "tr"})]),
    st.integers(0, 1),
)


@dataclass
class Caller:
    """What the test knows of a call by itself. `where`: waiting, talking (or ringing), away."""

    number: int
    since: float
    wants: Wants
    where: str = "waiting"
    preferred: str | None = None
    promised: str | None = None

    def comes_before(self, other):
        return (-self.wants.priority, self.since, self.number) < (-other.wants.priority, other.since, other.number)


@dataclass
class Agent:
    skills: Skills = field(default_factory=Skills)
    present: bool = True
    call: str | None = None
    legs: set[str] = field(default_factory=set)

    def can_be_rung(self):
        return self.call is None and not self.legs


class Anything(RuleBasedStateMachine):
    """Agents, calls and a clock, known twice: by the pool, and by the test in a plainer way."""

    @initialize(skills=st.lists(SKILLS, min_size=3, max_size=3))
    def begin(self, skills):
        self.now, self.count = 0.0, 0
        self.calls = {}
        self.agents = {name: Agent(skill) for name, skill in zip(AGENTS, skills, strict=True)}
        self.idle = list(AGENTS)  # who is free, the longest first
        self.pool = Pool(AGENTS, suited_within=SUITED_WITHIN)
        for name, agent in self.agents.items():
            self.pool.learn(name, agent.skills)

    def those(self, where):
        return [call for call, caller in self.calls.items() if caller.where == where]

    def kept_for(self, name, call):
        """Whether an agent is kept for another call than this."""
        return any(caller.promised == name for other, caller in self.calls.items() if other != call)

    def may_have(self, call, name):
        """Whether a call may go to an agent, at this moment, and not because it is the call's own one."""
        caller, agent = self.calls[call], self.agents[name]
        if not agent.present or not agent.can_be_rung() or self.kept_for(name, call) or caller.promised == name:
            return False
        if caller.promised and self.own_leg_is_in_the_way(call, self.agents[caller.promised]):
            return False
        return agent.skills.suit(caller.wants) or self.now - caller.since >= SUITED_WITHIN

    def own_leg_is_in_the_way(self, call, agent):
        return agent.call is None and bool(agent.legs) and all(leg.startswith(f"{call}-a") for leg in agent.legs)

    def is_own(self, call, name):
        """Whether a call comes to this agent since it was promised, or prefers who is free."""
        caller, agent = self.calls[call], self.agents[name]
        if caller.promised:
            return caller.promised == name and agent.can_be_rung()
        return caller.preferred == name and agent.present and agent.can_be_rung() and not self.kept_for(name, call)

    @rule(name=st.sampled_from(AGENTS))
    def comes(self, name):
        self.pool.come(name)
        self.agents[name].present = True

    @rule(name=st.sampled_from(AGENTS), seldom=SELDOM, for_good=st.booleans())
    def leaves(self, name, seldom, for_good):
        if not seldom:
            return
        self.pool.leave(name, for_good=for_good)
        self.agents[name].present = False
        for caller in self.calls.values() if for_good else ():
            caller.promised = None if caller.promised == name else caller.promised

    @rule(name=st.sampled_from(AGENTS), seldom=SELDOM)
    def dials_by_hand(self, name, seldom):
        if seldom and self.agents[name].can_be_rung():
            self.pool.in_use(name, f"by-hand-of-{name}")
            self.agents[name].legs.add(f"by-hand-of-{name}")

    @rule(name=st.sampled_from(AGENTS), data=st.data())
    def a_telephone_is_down(self, name, data):
        if legs := sorted(self.agents[name].legs):
            leg = data.draw(st.sampled_from(legs))
            self.pool.hung_up(leg)
            self.agents[name].legs.remove(leg)

    @rule(wants=WANTS, preferred=st.sampled_from([None, *AGENTS]))
    def somebody_calls(self, wants, preferred):
        self.count += 1
        self.calls[f"c{self.count}"] = Caller(self.count, self.now, wants, preferred=preferred)
        self.pool.seek(f"c{self.count}", preferred, wants=wants, since=self.now)

    @rule(seconds=st.sampled_from([1.0, 3.0]))
    def time_passes(self, seconds):
        self.now += seconds

    @precondition(lambda self: self.calls)
    @rule(data=st.data(), seldom=SELDOM)
    def hangs_up(self, data, seldom):
        if not seldom:
            return
        call = data.draw(st.sampled_from(sorted(self.calls)))
        self.pool.over(call)
        del self.calls[call]
        self.is_free_of(call)

    def is_free_of(self, call):
        for name, agent in self.agents.items():
            if agent.call == call:
                self.pool.release(name)
                agent.call = None

    @precondition(lambda self: self.those("talking"))
    @rule(data=st.data(), ready=st.booleans())
    def a_talk_ends(self, data, ready):
        call = data.draw(st.sampled_from(self.those("talking")))
        name = next(name for name, agent in self.agents.items() if agent.call == call)
        self.pool.over(call)
        del self.calls[call]
        if not ready:
            self.pool.leave(name)
            self.agents[name].present = False
        self.is_free_of(call)
        self.agents[name].legs.discard(f"{call}-a1")
        self.pool.hung_up(f"{call}-a1")

    @precondition(lambda self: self.those("talking"))
    @rule(data=st.data(), leg_is_down=st.booleans(), ready=st.booleans())
    def is_sent_away(self, data, leg_is_down, ready):
        call = data.draw(st.sampled_from(self.those("talking")))
        name = next(name for name, agent in self.agents.items() if agent.call == call)
        self.pool.over(call)
        self.pool.promise(call, name)
        if not ready:
            self.pool.leave(name)
            self.agents[name].present = False
        self.is_free_of(call)
        self.calls[call].where, self.calls[call].promised = "away", name
        if leg_is_down:  # else a moment later
            self.agents[name].legs.discard(f"{call}-a1")
            self.pool.hung_up(f"{call}-a1")

    @precondition(lambda self: self.those("away"))
    @rule(data=st.data())
    def comes_back(self, data):
        call = data.draw(st.sampled_from(self.those("away")))
        caller = self.calls[call]
        self.count += 1
        caller.where, caller.number, caller.since, caller.preferred = "waiting", self.count, self.now, caller.promised
        self.pool.seek(call, caller.promised, wants=caller.wants, since=self.now)

    @precondition(lambda self: self.those("talking"))
    @rule(data=st.data())
    def does_not_answer(self, data):
        call = data.draw(st.sampled_from(self.those("talking")))
        name = next(name for name, agent in self.agents.items() if agent.call == call)
        self.pool.leave(name)
        self.agents[name].present = False
        self.is_free_of(call)
        self.agents[name].legs.discard(f"{call}-a1")
        self.pool.hung_up(f"{call}-a1")
        self.calls[call].where, self.calls[call].preferred = "waiting", name
        self.pool.seek(call, name)

    @rule()
    def calls_are_given(self):
        self.give()

    @rule()
    def time_passes_and_calls_are_given(self):  # so that it is done more often
        self.now += SUITED_WITHIN
        self.give()

    def give(self):
        waited = self.those("waiting")
        for call, name in self.pool.pairs(self.now):
            assert call in waited
            assert self.agents[name].can_be_rung()
            own = self.is_own(call, name)
            assert own or self.may_have(call, name), (call, name)
            if not own:
                self.nobody_is_passed(call, name)
            self.agents[name].call = call
            self.agents[name].legs.add(f"{call}-a1")
            self.pool.in_use(name, f"{call}-a1")
            self.calls[call].where, self.calls[call].promised = "talking", None
        for call in self.those("waiting"):
            for name in AGENTS:
                assert not self.is_own(call, name)
                assert not self.may_have(call, name), (call, name, "could have been given")

    def nobody_is_passed(self, call, name):
        """Nobody who stands before this call could have had this agent; nobody who suits better, or was idle longer, stood by."""
        for other in self.those("waiting"):
            if other != call and self.calls[other].comes_before(self.calls[call]):
                assert not self.may_have(other, name), (other, call, name)
        rivals = [rival for rival in AGENTS if self.may_have(call, rival)]
        assert name == min(rivals, key=lambda rival: self.rank(self.calls[call].wants, rival))

    def rank(self, wants, name):
        skills = self.agents[name].skills
        return (not skills.suit(wants), skills.line, self.idle.index(name))

    @invariant()
    def nobody_is_lost_and_nobody_twice(self):
        assert sorted(self.pool.waiting) == sorted(self.those("waiting"))
        assert self.pool.taken == {name for name, agent in self.agents.items() if agent.call}
        talking = [agent.call for agent in self.agents.values() if agent.call]
        assert sorted(talking) == sorted(self.those("talking"))

    @invariant()
    def promises_stand(self):
        assert self.pool.promised == {call: caller.promised for call, caller in self.calls.items() if caller.promised}

    @invariant()
    def the_order_is_kept(self):
        order = self.pool.order()
        for first, second in pairwise(order):
            assert self.calls[first].comes_before(self.calls[second])

    @invariant()
    def who_is_free_is_so(self):
        free = {name for name, agent in self.agents.items() if agent.present and agent.can_be_rung()}
        before = [name for name in self.idle if name in free]
        assert self.pool.free[: len(before)] == before
        assert set(self.pool.free[len(before) :]) == free - set(before)
        assert len(self.pool.free) == len(free)
        self.idle = list(self.pool.free)


Anything.TestCase.settings = settings(max_examples=200, stateful_step_count=50, deadline=None)
TestAnything = Anything.TestCase
