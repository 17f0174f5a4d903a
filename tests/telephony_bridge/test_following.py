"""What the routing has seen becomes what the desk shows; whatever the order, a call has one truth."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony_bridge.following import Seen, follow
from telephony_bridge.lifecycle import CallFacts, CallState, EndReason, Outcome
from telephony_bridge.messages import Event
from telephony_bridge.routing.calls import State

BEGIN = datetime(2026, 11, 30, 10, tzinfo=UTC)
AGENT, OTHER = 7, 8


def after(*seen, call=None):
    """The facts after these were seen, a second apart."""
    facts = call or CallFacts("1.1", BEGIN, heard=frozenset({Event.NEW_CALL}))
    for second, one in enumerate(seen, start=1):
        facts = follow(facts, one, at=BEGIN + timedelta(seconds=second)).facts
    return facts


def with_agent(state, agent=AGENT, *, waiting=False):
    return Seen(state, agent, has_agent=True, waiting=waiting)


TALK = with_agent(State.TALKING)
ENDED = Seen(State.ENDED)


def test_a_call_that_is_answered_and_hung_up_is_written_up():
    facts = after(Seen(State.QUEUED, waiting=True), with_agent(State.OFFERED), TALK, ENDED)
    assert (facts.state, facts.agent_id) == (CallState.WRAP_UP, AGENT)
    assert (facts.answered_at, facts.hung_up_at) == (BEGIN + timedelta(seconds=3), BEGIN + timedelta(seconds=4))


def test_who_hangs_up_before_anybody_answers_has_given_up():
    facts = after(Seen(State.QUEUED, waiting=True), with_agent(State.OFFERED), ENDED)
    assert (facts.state, facts.end_reason, facts.outcome) == (CallState.ENDED, EndReason.ABANDONED, Outcome.ABANDONED)


@pytest.mark.parametrize("closed", [False, True])
def test_a_caller_who_comes_back_rings_again_whatever_was_done_on_the_desk(closed):
    facts = after(TALK, Seen(State.BLIND, AGENT))
    assert facts.state is CallState.TALKING
    if closed:
        facts = CallFacts(
            "1.1", BEGIN, CallState.ENDED, facts.heard, agent_id=AGENT, answered_at=BEGIN, ended_at=BEGIN,
            end_reason=EndReason.CLOSED, outcome=Outcome.TRANSFERRED,
        )  # fmt: skip
    facts = after(Seen(State.QUEUED, waiting=True), call=facts)
    assert (facts.state, facts.agent_id, facts.answered_at, facts.ended_at) == (CallState.RINGING, None, None, None)
    assert (facts.outcome, facts.end_reason) == (Outcome.NONE, EndReason.NONE)
    facts = after(with_agent(State.TALKING, OTHER), call=facts)
    assert (facts.state, facts.agent_id) == (CallState.TALKING, OTHER)


def test_an_agent_to_whom_the_dialplan_brought_a_caller_keeps_the_call_also_when_they_hang_up_first():
    brought = Seen(State.FALLBACK, AGENT, has_agent=True)
    alone = Seen(State.FALLBACK, agent_hung_up=True)
    facts = after(brought, alone)
    assert (facts.state, facts.agent_id, facts.wrap_up_at) == (CallState.WRAP_UP, AGENT, BEGIN + timedelta(seconds=2))
    over = after(ENDED, call=facts)
    assert (over.agent_id, over.end_reason) == (AGENT, EndReason.NONE)
    waits = after(
        with_agent(State.TALKING, waiting=True), Seen(State.FALLBACK)
    )  # whose lease has ended: they wait again
    assert (waits.state, waits.agent_id) == (CallState.RINGING, None)


def test_who_is_connected_onwards_is_written_up_as_transferred():
    facts = after(TALK, with_agent(State.CONSULTING, waiting=True), Seen(State.TRANSFERRED))
    assert (facts.state, facts.outcome) == (CallState.WRAP_UP, Outcome.TRANSFERRED)
    assert after(ENDED, call=facts).state is CallState.WRAP_UP


@pytest.mark.parametrize("state", [CallState.WRAP_UP, CallState.ENDED])
def test_the_exchange_does_not_call_back_who_is_further_on_the_desk(state):
    facts = CallFacts("1.1", BEGIN, state, agent_id=AGENT, answered_at=BEGIN, wrap_up_at=BEGIN)
    assert after(TALK, call=facts).state is state


def test_an_agent_whom_nobody_knows_talks_all_the_same():
    facts = after(with_agent(State.TALKING, None), ENDED)
    assert (facts.state, facts.end_reason) == (CallState.ENDED, EndReason.CLOSED)


PHASES = [
    (TALK, ""),
    (with_agent(State.TALKING, waiting=True), "held"),
    (with_agent(State.DIALLING, waiting=True), "dialling"),
    (Seen(State.DIALLING, AGENT, waiting=True), "blind"),
    (with_agent(State.CONSULTING, waiting=True), "consulting"),
    (with_agent(State.CONSULTING), "swapped"),
    (Seen(State.BLIND, AGENT), "blind"),
    (Seen(State.QUEUED, waiting=True), ""),
    (Seen(State.FALLBACK), "fallback"),
]


@pytest.mark.parametrize(("seen", "phase"), PHASES)
def test_phases_are_told_apart(seen, phase):
    assert seen.phase == phase


SEEN = st.builds(
    Seen, st.sampled_from(State), st.sampled_from([None, AGENT, OTHER]), has_agent=st.booleans(), waiting=st.booleans()
)


@given(st.lists(SEEN, max_size=12))
def test_whatever_is_seen_times_are_in_order_and_the_end_is_an_end(seen):
    facts = after(*seen)
    assert (facts.state is CallState.ENDED) == (facts.ended_at is not None)
    if facts.state is CallState.TALKING:
        assert facts.answered_at is not None
    if facts.state is CallState.RINGING:
        assert facts.agent_id is None
    if facts.answered_at and facts.hung_up_at:
        assert facts.answered_at <= facts.hung_up_at
    again = after(*seen[-1:], call=facts) if seen else facts
    assert again.state is facts.state  # told twice is told once
