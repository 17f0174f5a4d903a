"""A call's life: reports in order, twice, late and in any order; what agents do; what the clock ends."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony_bridge.identify import Evidence, Identified
from telephony_bridge.lifecycle import (
    AgentAction,
    BeginWrapUp,
    CallFacts,
    CallState,
    ChooseMunicipality,
    Claim,
    Close,
    Effect,
    EffectKind,
    EndReason,
    Outcome,
    Release,
    Transition,
    act,
    apply,
    reap,
)
from telephony_bridge.messages import CtiMessage, Direction, Event

START = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
SOEST, KREIS, ANNA, BERT = 1, 2, 11, 12
AGENTS = {"anna": ANNA, "bert": BERT}
NUMBERS = {"029211030": SOEST, "02921300": KREIS}


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def new_call(**more: object) -> CtiMessage:
    return replace(CtiMessage(Event.NEW_CALL, "c1", "02921555", "029211030", Direction.IN), **more)  # type: ignore[arg-type]


def answer(*users: str, to: str = "") -> CtiMessage:
    return CtiMessage(Event.ANSWER, "c1", to=to, users=users)


def hangup(cause: str = "normalClearing") -> CtiMessage:
    return CtiMessage(Event.HANGUP, "c1", cause=cause)


def step(call: CallFacts | None, message: CtiMessage, seconds: float) -> Transition:
    """A report as the receiving action passes it on: user and number looked up."""
    agent_id = next((AGENTS[user] for user in message.users if user in AGENTS), None)
    key = NUMBERS.get(message.to)
    identified = Identified(key, Evidence.TO if key else Evidence.UNKNOWN, message.to) if message.to else None
    return apply(call, message, at=at(seconds), agent_id=agent_id, identified=identified)


def play(*steps: tuple[CtiMessage | AgentAction, float]) -> CallFacts:
    call: CallFacts | None = None
    for what, seconds in steps:
        if isinstance(what, CtiMessage):
            call = step(call, what, seconds).facts
        else:
            assert call is not None
            call = act(call, what, at=at(seconds)).facts
    assert call is not None
    return call


def kinds(transition: Transition) -> list[tuple[EffectKind, int | None]]:
    return [(effect.kind, effect.agent_id) for effect in transition.effects]


RINGING = play((new_call(), 0))
TALKING = play((new_call(), 0), (answer("anna"), 8))
WRAP_UP = play((new_call(), 0), (answer("anna"), 8), (hangup(), 100))
CLOSED = play((new_call(), 0), (answer("anna"), 8), (hangup(), 100), (Close(ANNA, Outcome.CALLBACK), 120))


def test_a_call_from_ring_to_close() -> None:
    ring = step(None, new_call(), 0)
    assert kinds(ring) == [(EffectKind.RING, None)]
    assert (ring.facts.state, ring.facts.municipality_id, ring.facts.from_raw) == (CallState.RINGING, SOEST, "02921555")
    talk = step(ring.facts, answer("anna"), 8)
    assert kinds(talk) == [(EffectKind.TAKEN, ANNA)]
    assert (talk.facts.state, talk.facts.agent_id, talk.facts.answered_at) == (CallState.TALKING, ANNA, at(8))
    wrap = step(talk.facts, hangup(), 100)
    assert kinds(wrap) == [(EffectKind.WRAP_UP, ANNA)]
    assert (wrap.facts.state, wrap.facts.wrap_up_at, wrap.facts.hangup_cause) == (
        CallState.WRAP_UP,
        at(100),
        "normalClearing",
    )
    done = act(wrap.facts, Close(ANNA, Outcome.ANSWERED), at=at(120))
    assert kinds(done) == [(EffectKind.ENDED, ANNA)]
    assert (done.facts.state, done.facts.outcome, done.facts.end_reason) == (
        CallState.ENDED,
        Outcome.ANSWERED,
        EndReason.CLOSED,
    )
    assert (done.facts.ended_at, done.facts.municipality_id) == (at(120), SOEST)


@pytest.mark.parametrize("call", [RINGING, TALKING, WRAP_UP, CLOSED], ids=lambda call: str(call.state))
def test_what_was_reported_before_changes_nothing(call: CallFacts) -> None:
    told = {Event.NEW_CALL: new_call(), Event.ANSWER: answer("anna"), Event.HANGUP: hangup()}
    for event in call.heard:
        again = step(call, told[event], 5000)
        assert (again.facts, again.effects, again.changed) == (call, (), False)


@pytest.mark.parametrize(
    ("cause", "seconds", "reason", "outcome", "short"),
    [
        ("normalClearing", 20, EndReason.ABANDONED, Outcome.ABANDONED, False),
        ("cancel", 5, EndReason.ABANDONED, Outcome.ABANDONED, False),
        ("cancel", 4.999, EndReason.ABANDONED, Outcome.ABANDONED, True),
        ("", 20, EndReason.ABANDONED, Outcome.ABANDONED, False),
        ("something else", 2, EndReason.ABANDONED, Outcome.ABANDONED, True),
        ("busy", 2, EndReason.BUSY, Outcome.NONE, False),
        ("noAnswer", 30, EndReason.NO_ANSWER, Outcome.NONE, False),
        ("congestion", 1, EndReason.FAILED, Outcome.NONE, False),
        ("notFound", 1, EndReason.FAILED, Outcome.NONE, False),
        ("forwarded", 3, EndReason.FORWARDED, Outcome.NONE, False),
    ],
)
def test_hung_up_while_it_rings(cause: str, seconds: float, reason: EndReason, outcome: Outcome, short: bool) -> None:
    ended = step(RINGING, hangup(cause), seconds)
    call = ended.facts
    assert kinds(ended) == [(EffectKind.ENDED, None)]
    assert (call.state, call.end_reason, call.outcome, call.short_abandon) == (CallState.ENDED, reason, outcome, short)
    assert call.ended_at == call.hung_up_at == at(seconds)


def test_answered_by_a_telephone_that_is_nobodys() -> None:
    talk = step(RINGING, answer("porter"), 5)
    assert kinds(talk) == [(EffectKind.TAKEN, None)]
    assert kinds(step(talk.facts, hangup(), 50)) == [(EffectKind.ENDED, None)]
    assert step(talk.facts, hangup(), 50).facts.end_reason is EndReason.CLOSED
    taken = act(talk.facts, Claim(ANNA), at=at(6))  # the agent whose telephone is not known says so
    assert kinds(taken) == [(EffectKind.TAKEN, ANNA)]
    assert taken.facts.answered_at == at(5)
    assert step(taken.facts, hangup(), 50).facts.state is CallState.WRAP_UP


def test_a_second_telephone_takes_over_and_the_first_does_not_get_it_back_by_a_repetition() -> None:
    moved = step(TALKING, answer("bert"), 60)
    assert kinds(moved) == [(EffectKind.MOVED, ANNA), (EffectKind.TAKEN, BERT)]
    assert (moved.facts.agent_id, moved.facts.answered_at, moved.facts.answered_by) == (BERT, at(8), ("anna", "bert"))
    assert not step(moved.facts, answer("anna"), 61).changed
    porter = step(moved.facts, answer("porter"), 70)
    assert (porter.facts.agent_id, porter.effects) == (BERT, ())


def test_the_telephone_beats_the_claim() -> None:
    claimed = play((new_call(), 0), (Claim(ANNA), 3))
    same = step(claimed, answer("anna"), 4)
    assert (same.facts.agent_id, same.facts.answered_at, same.effects) == (ANNA, at(3), ())
    assert kinds(step(claimed, answer("bert"), 4)) == [(EffectKind.MOVED, ANNA), (EffectKind.TAKEN, BERT)]
    assert step(claimed, answer("porter"), 4).facts.agent_id == ANNA


def test_answer_before_new_call() -> None:
    early = step(None, answer("anna", to="1243"), 1)
    assert kinds(early) == [(EffectKind.TAKEN, ANNA)]
    assert (early.facts.to_raw, early.facts.municipality_id) == ("1243", None)
    late = step(early.facts, new_call(), 2)
    assert kinds(late) == [(EffectKind.LABELLED, None)]
    assert (late.facts.to_raw, late.facts.municipality_id, late.facts.state) == ("029211030", SOEST, CallState.TALKING)
    assert late.facts.ringing_at == at(1)


def test_hangup_before_new_call_says_nothing_of_an_answer() -> None:
    lone = step(None, hangup(), 1).facts
    assert (lone.state, lone.end_reason, lone.outcome) == (CallState.ENDED, EndReason.CLOSED, Outcome.NONE)
    late = step(lone, new_call(), 2)
    assert (late.facts.state, late.facts.end_reason, late.facts.municipality_id) == (
        CallState.ENDED,
        EndReason.ABANDONED,
        SOEST,
    )
    assert kinds(late) == [(EffectKind.LABELLED, None)]
    assert step(None, hangup("cancel"), 1).facts.end_reason is EndReason.ABANDONED


def test_an_answer_that_arrives_after_the_end_completes_it() -> None:
    late = step(play((new_call(), 0), (hangup(), 3)), answer("anna"), 4)
    call = late.facts
    assert (call.state, call.end_reason, call.outcome, call.short_abandon) == (
        CallState.ENDED,
        EndReason.CLOSED,
        Outcome.NONE,
        False,
    )
    assert (call.agent_id, call.answered_at) == (ANNA, at(3))
    assert late.effects == ()


def test_what_an_agent_decided_stays_when_reports_come_late() -> None:
    early = play((new_call(), 0), (answer("anna"), 8), (Close(ANNA, Outcome.TRANSFERRED), 30))
    late = step(early, hangup("busy"), 40).facts
    assert (late.state, late.outcome, late.end_reason, late.ended_at) == (
        CallState.ENDED,
        Outcome.TRANSFERRED,
        EndReason.CLOSED,
        at(30),
    )
    assert (late.hung_up_at, late.hangup_cause, late.wrap_up_at) == (at(40), "busy", None)
    assert step(late, answer("bert"), 50).facts.agent_id == ANNA


def test_a_new_call_beats_the_words_of_other_reports_and_later_ones_fill_gaps_only() -> None:
    strange = replace(answer("anna", to="02921300"), direction=Direction.OUT)
    call = play(
        (strange, 1),
        (new_call(from_=""), 2),
        (new_call(from_="0171", to="02921300", queue="q", direction=Direction.OUT), 3),
    )
    assert (call.to_raw, call.municipality_id, call.direction) == ("029211030", SOEST, Direction.IN)
    assert (call.from_raw, call.queue) == ("0171", "q")


def test_calls_of_staff_concern_no_desk() -> None:
    out = new_call(direction=Direction.OUT)
    assert step(None, out, 0).effects == ()
    talk = step(step(None, out, 0).facts, answer("anna"), 5)
    assert talk.effects == ()
    ended = step(talk.facts, hangup(), 9).facts
    assert (ended.state, ended.end_reason, ended.outcome) == (CallState.ENDED, EndReason.CLOSED, Outcome.NONE)
    assert play((out, 0), (hangup("cancel"), 2)).outcome is Outcome.NONE


def test_claims() -> None:
    won = act(RINGING, Claim(ANNA), at=at(4))
    assert kinds(won) == [(EffectKind.TAKEN, ANNA)]
    assert (won.facts.state, won.facts.answered_at) == (CallState.TALKING, at(4))
    again = act(won.facts, Claim(ANNA), at=at(5))
    assert (again.facts, again.effects, again.changed) == (won.facts, (), False)
    lost = act(won.facts, Claim(BERT), at=at(4))
    assert lost.refusal == Effect(EffectKind.REFUSED, ANNA, "Den Anruf hat schon jemand anderes angenommen.")
    assert lost.facts == won.facts


def test_release_rings_again_unless_somebody_speaks() -> None:
    claimed = play((new_call(), 0), (Claim(ANNA), 3))
    free = act(claimed, Release(ANNA), at=at(5))
    assert (free.facts, kinds(free)) == (RINGING, [(EffectKind.RING, None)])
    assert act(TALKING, Release(ANNA), at=at(9)).refusal is not None
    assert act(free.facts, Claim(BERT), at=at(6)).facts.agent_id == BERT


def test_wrap_up_by_the_agent_outlives_the_hangup() -> None:
    begun = act(TALKING, BeginWrapUp(ANNA), at=at(50))
    assert kinds(begun) == [(EffectKind.WRAP_UP, ANNA)]
    assert not act(begun.facts, BeginWrapUp(ANNA), at=at(51)).changed
    hung = step(begun.facts, hangup(), 60)
    assert (hung.facts.state, hung.facts.wrap_up_at, hung.facts.hung_up_at, hung.effects) == (
        CallState.WRAP_UP,
        at(50),
        at(60),
        (),
    )
    assert step(begun.facts, answer("bert"), 55).facts.agent_id == ANNA


@pytest.mark.parametrize(
    ("call", "action", "said"),
    [
        (CLOSED, Claim(BERT), "schon beendet"),
        (CLOSED, Close(ANNA, Outcome.ANSWERED), "schon abgeschlossen"),
        (CLOSED, BeginWrapUp(ANNA), "nicht im Gespräch"),
        (CLOSED, ChooseMunicipality(ANNA, KREIS), "schon beendet"),
        (RINGING, Close(ANNA, Outcome.ANSWERED), "nicht angenommen"),
        (RINGING, BeginWrapUp(ANNA), "nicht angenommen"),
        (RINGING, Release(ANNA), "nicht angenommen"),
        (TALKING, BeginWrapUp(BERT), "nicht angenommen"),
        (TALKING, Close(BERT, Outcome.ANSWERED), "nicht angenommen"),
        (TALKING, Close(ANNA, Outcome.NONE), "wählen Sie"),
        (TALKING, ChooseMunicipality(ANNA, KREIS), "steht durch die gewählte Nummer fest"),
        (TALKING, ChooseMunicipality(BERT, KREIS), "jemand anderes"),
        (WRAP_UP, Release(ANNA), "kann nicht zurückgegeben werden"),
    ],
)
def test_what_cannot_be_done_changes_nothing_and_says_why(call: CallFacts, action: AgentAction, said: str) -> None:
    refused = act(call, action, at=at(500))
    assert refused.facts == call
    assert not refused.changed
    assert refused.refusal is not None
    assert said in refused.refusal.text


def test_closing_twice_changes_nothing() -> None:
    again = act(CLOSED, Close(ANNA, Outcome.CALLBACK), at=at(300))
    assert (again.facts, again.effects, again.changed) == (CLOSED, (), False)


def test_the_agent_says_for_whom_an_unknown_call_is() -> None:
    unknown = play((new_call(to="02921999"), 0), (Claim(ANNA), 2))
    assert unknown.municipality_id is None
    chosen = act(unknown, ChooseMunicipality(ANNA, KREIS), at=at(3))
    assert kinds(chosen) == [(EffectKind.LABELLED, None)]
    assert (chosen.facts.municipality_id, chosen.facts.chosen_by_agent) == (KREIS, True)
    assert act(chosen.facts, ChooseMunicipality(ANNA, SOEST), at=at(4)).facts.municipality_id == SOEST
    assert step(chosen.facts, answer("anna", to="029211030"), 5).facts.municipality_id == KREIS


@pytest.mark.parametrize(
    ("call", "last", "said"),
    [
        (RINGING, 30 * 60, "30 Minuten klingelnd"),
        (TALKING, 8 + 4 * 3600, "240 Minuten im Gespräch"),
        (WRAP_UP, 100 + 30 * 60, "30 Minuten in der Nachbearbeitung"),
    ],
)
def test_the_reaper_ends_what_never_ends_and_says_so(call: CallFacts, last: float, said: str) -> None:
    assert reap(call, at=at(last)) == Transition(call, changed=False)
    ended = reap(call, at=at(last + 1))
    assert (ended.facts.state, ended.facts.end_reason, ended.facts.outcome) == (
        CallState.ENDED,
        EndReason.REAPED,
        Outcome.NONE,
    )
    assert ended.facts.ended_at == at(last + 1)
    assert said in ended.effects[0].text
    assert not reap(ended.facts, at=at(last + 9999)).changed
    late = step(ended.facts, hangup(), last + 10).facts
    assert (late.state, late.end_reason, late.ended_at) == (CallState.ENDED, EndReason.REAPED, at(last + 1))


def test_a_wrap_up_is_reaped_by_the_later_of_its_two_beginnings() -> None:
    call = play((new_call(), 0), (answer("anna"), 8), (BeginWrapUp(ANNA), 10), (hangup(), 1000))
    assert not reap(call, at=at(10 + 30 * 60 + 1)).changed
    assert reap(call, at=at(1000 + 30 * 60 + 1)).changed


# One call's reports, each with the moment at which it was sent; they arrive in any order, some twice.
REPORTS = [
    (message, sent + late)
    for message, sent in [(new_call(), 0), (answer("anna"), 8), (hangup(), 100)]
    for late in (0, 1)
]
PARTS = st.lists(st.sampled_from(REPORTS), min_size=1, max_size=8)


def known(call: CallFacts) -> CallFacts:
    """What must not depend on the order of arrival: all but whether the wrap-up is over, since an ended call stays ended."""
    over = CallState.ENDED if call.state is CallState.WRAP_UP else call.state
    reason = EndReason.CLOSED if call.state is CallState.WRAP_UP else call.end_reason
    return replace(call, state=over, end_reason=reason, wrap_up_at=None, ended_at=None)


@given(PARTS)
def test_any_order_and_repetition_leads_to_the_same_knowledge(parts: list[tuple[CtiMessage, float]]) -> None:
    in_order = sorted(parts, key=lambda part: part[1])
    assert known(play(*parts)) == known(play(*in_order))


ODD = [
    answer("bert"),
    answer(),
    answer("x", "anna"),
    hangup("busy"),
    new_call(direction=Direction.OUT),
    new_call(to="02921300"),
]
MESSAGES = st.sampled_from([new_call(), answer("anna"), hangup(), new_call(direction=None), *ODD])
ACTIONS = st.one_of(
    st.builds(Claim, st.sampled_from([ANNA, BERT])),
    st.builds(Release, st.sampled_from([ANNA, BERT])),
    st.builds(BeginWrapUp, st.sampled_from([ANNA, BERT])),
    st.builds(Close, st.sampled_from([ANNA, BERT]), st.sampled_from(Outcome)),
    st.builds(ChooseMunicipality, st.sampled_from([ANNA, BERT]), st.sampled_from([SOEST, KREIS])),
)
HAPPENINGS = st.lists(st.tuples(st.one_of(MESSAGES, ACTIONS, st.none()), st.floats(0, 20_000)), max_size=12)


@given(MESSAGES, HAPPENINGS)
def test_whatever_happens_the_facts_stay_sound(
    first: CtiMessage, happenings: list[tuple[CtiMessage | AgentAction | None, float]]
) -> None:
    call = step(None, first, 0).facts
    for what, seconds in happenings:
        before = call
        if isinstance(what, CtiMessage):
            transition = step(call, what, seconds)
        else:
            transition = act(call, what, at=at(seconds)) if what else reap(call, at=at(seconds))
        call = transition.facts
        assert transition.changed is (call != before)
        assert (call.state is CallState.ENDED) is (call.ended_at is not None) is (call.end_reason is not EndReason.NONE)
        assert before.ended_at in {None, call.ended_at}
        assert call.state is not CallState.WRAP_UP or call.agent_id is not None
        assert call.state is not CallState.TALKING or call.answered_at is not None
        assert before.heard <= call.heard
        if isinstance(what, CtiMessage):
            again = step(call, what, seconds)
            assert (again.facts, again.effects) == (call, ())
