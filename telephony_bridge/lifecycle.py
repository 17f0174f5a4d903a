"""What becomes of a call: facts and a report, an agent's action or the passing of time in; new facts and their effects out.

Reports come twice, late and in any order, so they are gathered rather than played: each fact says what is known by now (times are the earliest
that was reported), and the state follows from the facts. The same report twice changes nothing. An ended call stays ended; later reports only
complete what is known of it. Nothing here raises or knows a database: field names and values are those of `telephony_bridge.models.Call`.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from django.utils.translation import gettext as _

from telephony_bridge.identify import Identified
from telephony_bridge.messages import Cause, CtiMessage, Direction, Event

Label = Identified[int] | None
SHORT_ABANDON = timedelta(seconds=5)


class CallState(StrEnum):
    """Where a call is."""

    RINGING = "ringing"
    TALKING = "talking"
    WRAP_UP = "wrap-up"
    ENDED = "ended"


class Outcome(StrEnum):
    """How a call ended for the citizen; NONE where nobody has said."""

    NONE = ""
    ANSWERED = "answered"
    TRANSFERRED = "transferred"
    CALLBACK = "callback"
    ABANDONED = "abandoned"


class EndReason(StrEnum):
    """What ended a call; NONE while it runs."""

    NONE = ""
    CLOSED = "closed"
    ABANDONED = "abandoned"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    FAILED = "failed"
    FORWARDED = "forwarded"
    ANNOUNCED = "announced"
    REAPED = "reaped"


REAPED_AFTER = {  # no call is so long in a state: its end was not reported
    CallState.RINGING: timedelta(minutes=30),
    CallState.TALKING: timedelta(hours=4),
    CallState.WRAP_UP: timedelta(minutes=30),
}
_END_REASONS: dict[str, EndReason] = {
    Cause.BUSY: EndReason.BUSY,
    Cause.NO_ANSWER: EndReason.NO_ANSWER,
    Cause.CONGESTION: EndReason.FAILED,
    Cause.NOT_FOUND: EndReason.FAILED,
    Cause.FORWARDED: EndReason.FORWARDED,
    Cause.CANCEL: EndReason.ABANDONED,
}


class EffectKind(StrEnum):
    """What the world must be told."""

    RING = "ring"  # all free agents
    TAKEN = "taken"  # stop ringing; `agent_id` has it (None: somebody whom we do not know)
    MOVED = "moved"  # `agent_id` has it no longer: the exchange reports that somebody else talks
    LABELLED = "labelled"  # the municipality is known now, or another one
    WRAP_UP = "wrap-up"  # of `agent_id`
    ENDED = "ended"  # `text` says why, where the agent did not do it
    REFUSED = "refused"  # an action was not done; `text` says why, `agent_id` has the call


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing to tell."""

    kind: EffectKind
    agent_id: int | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class CallFacts:
    """Everything known of a call. `heard` and `answered_by` (users, as reported) are what makes repetition harmless: keep them."""

    external_id: str
    ringing_at: datetime  # the earliest report of any kind
    state: CallState = CallState.RINGING
    heard: frozenset[Event] = frozenset()
    direction: Direction | None = None
    from_raw: str = ""
    to_raw: str = ""
    queue: str = ""
    identified: Label = None
    municipality_id: int | None = None
    chosen_by_agent: bool = False
    agent_id: int | None = None
    answered_by: tuple[str, ...] = ()
    answered_at: datetime | None = None  # answered at a telephone, or accepted on the desk
    wrap_up_at: datetime | None = None
    hung_up_at: datetime | None = None
    ended_at: datetime | None = None
    hangup_cause: str = ""
    end_reason: EndReason = EndReason.NONE
    outcome: Outcome = Outcome.NONE
    short_abandon: bool = False


@dataclass(frozen=True, slots=True)
class Transition:
    """What a call has become, and what to tell. `changed` is False when nothing has to be stored."""

    facts: CallFacts
    effects: tuple[Effect, ...] = ()
    changed: bool = True

    @property
    def refusal(self) -> Effect | None:
        """Why an action was not done, None when it was (or had been done before)."""
        return next((effect for effect in self.effects if effect.kind is EffectKind.REFUSED), None)


@dataclass(frozen=True, slots=True)
class Claim:
    """Take the call."""

    agent_id: int


@dataclass(frozen=True, slots=True)
class Release:
    """Back to the queue: it rings again for the others."""

    agent_id: int


@dataclass(frozen=True, slots=True)
class BeginWrapUp:
    """The talk is over, the notes are not."""

    agent_id: int


@dataclass(frozen=True, slots=True)
class Close:
    """Done, and how it ended for the citizen."""

    agent_id: int
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class ChooseMunicipality:
    """Say for whom a call is whose number did not say it."""

    agent_id: int
    municipality_id: int


AgentAction = Claim | Release | BeginWrapUp | Close | ChooseMunicipality


def apply(
    call: CallFacts | None, message: CtiMessage, *, at: datetime, agent_id: int | None = None, identified: Label = None
) -> Transition:
    """The call after a report of its exchange that arrived at `at` (aware); `call` is None when it was unknown.

    `agent_id` is the agent whose telephone the report's user is, `identified` for whom the call is by this report's numbers.
    """
    known = call or CallFacts(message.call_id, at)
    first = message.event is Event.NEW_CALL and Event.NEW_CALL not in known.heard
    facts = _with_label(_with_message(known, message, at=at, first=first), identified, first=first)
    if message.event is Event.ANSWER:
        facts = _with_answer(facts, known, message, agent_id=agent_id)
    facts = settled(facts, at)
    return Transition(facts, effects(call, facts), changed=facts != call)


def act(call: CallFacts, action: AgentAction, *, at: datetime) -> Transition:
    """The call after an agent's action; one that cannot be done changes nothing and says why (`Transition.refusal`)."""
    match action:
        case Claim():
            return _claim(call, action, at)
        case ChooseMunicipality():
            return _choose(call, action)
        case _ if call.agent_id != action.agent_id:
            return _refused(call, _("Diesen Anruf haben Sie nicht angenommen."))
        case Release():
            return _release(call)
        case BeginWrapUp():
            return _begin_wrap_up(call, at)
        case Close():
            return _close(call, action.outcome, at)


def reap(call: CallFacts, *, at: datetime) -> Transition:
    """The call after a look at the clock: one that is longer in its state than any call is ends, and says so."""
    since = {
        CallState.RINGING: call.ringing_at,
        CallState.TALKING: call.answered_at or call.ringing_at,
        CallState.WRAP_UP: max(filter(None, (call.wrap_up_at, call.hung_up_at)), default=call.ringing_at),
    }
    if call.state is CallState.ENDED or at - since[call.state] <= REAPED_AFTER[call.state]:
        return Transition(call, changed=False)
    ended = replace(call, state=CallState.ENDED, ended_at=at, end_reason=EndReason.REAPED)
    return Transition(ended, effects(call, ended, why=_reaped_text(call.state)))


def _with_message(call: CallFacts, message: CtiMessage, *, at: datetime, first: bool) -> CallFacts:
    """`call` with what a report says. A new call's words beat those of the others, which may name an agent's telephone."""
    answer, hangup = message.event is Event.ANSWER, message.event is Event.HANGUP
    return replace(
        call,
        heard=call.heard | {message.event},
        ringing_at=min(call.ringing_at, at),
        direction=(message.direction or call.direction) if first else (call.direction or message.direction),
        from_raw=_told(call.from_raw, message.from_, better=first),
        to_raw=_told(call.to_raw, message.to, better=first),
        queue=_told(call.queue, message.queue, better=first),
        answered_at=_earliest(call.answered_at, at) if answer else call.answered_at,
        hung_up_at=_earliest(call.hung_up_at, at) if hangup else call.hung_up_at,
        hangup_cause=_told(call.hangup_cause, message.cause, better=False) if hangup else call.hangup_cause,
    )


def _with_label(call: CallFacts, identified: Label, *, first: bool) -> CallFacts:
    """`call` with its municipality: what the new call says, else the first that was recognised; an agent's choice stays."""
    if identified is None:
        return call
    finds, known = (
        identified.municipality_key is not None,
        call.municipality_id is not None and not call.chosen_by_agent,
    )
    if call.identified is not None and not (finds and (first or not known)):
        return call
    labelled = replace(call, identified=identified)
    return labelled if call.chosen_by_agent else replace(labelled, municipality_id=identified.municipality_key)


def _with_answer(call: CallFacts, before: CallFacts, message: CtiMessage, *, agent_id: int | None) -> CallFacts:
    """`call` on the desk of who talks. A telephone's report beats a claim; a repeated one does not bring a passed-on call back."""
    news = tuple(user for user in message.users if user not in call.answered_by)
    repeated = Event.ANSWER in before.heard and not news
    over = before.hung_up_at is not None or before.state in {CallState.WRAP_UP, CallState.ENDED}
    moves = agent_id is not None and not repeated and not over
    return replace(
        call,
        answered_by=call.answered_by + news,
        agent_id=agent_id if moves or call.agent_id is None else call.agent_id,
    )


def settled(call: CallFacts, at: datetime) -> CallFacts:
    """`call` in the state that its facts make, and with the way it ended unless an agent or the reaper has said it."""
    if call.answered_at and call.hung_up_at:  # an answer that arrives late did not come after the end
        call = replace(call, answered_at=min(call.answered_at, call.hung_up_at))
    state = _state(call)
    begun, ended_at = (
        (call.hung_up_at if state is CallState.WRAP_UP else None),
        (at if state is CallState.ENDED else None),
    )
    call = replace(call, state=state, wrap_up_at=call.wrap_up_at or begun, ended_at=call.ended_at or ended_at)
    said = call.end_reason is EndReason.REAPED or (
        call.end_reason is EndReason.CLOSED and call.outcome is not Outcome.NONE
    )
    if state is not CallState.ENDED or said:
        return call
    reason, outcome = _ending(call)
    quick = call.hung_up_at is not None and call.hung_up_at - call.ringing_at < SHORT_ABANDON
    return replace(call, end_reason=reason, outcome=outcome, short_abandon=quick and reason is EndReason.ABANDONED)


def _state(call: CallFacts) -> CallState:
    if call.ended_at is not None:
        return CallState.ENDED
    if call.hung_up_at is not None:  # a wrap-up needs an agent who spoke
        return CallState.ENDED if call.direction is Direction.OUT or call.agent_id is None else CallState.WRAP_UP
    if call.wrap_up_at is not None:
        return CallState.WRAP_UP
    return CallState.RINGING if call.answered_at is None else CallState.TALKING


def _ending(call: CallFacts) -> tuple[EndReason, Outcome]:
    """How a call ended that was hung up and that no agent closed."""
    if call.answered_at is not None or call.direction is Direction.OUT:
        return EndReason.CLOSED, Outcome.NONE
    reason = _END_REASONS.get(call.hangup_cause)
    if reason is None and Event.NEW_CALL in call.heard:
        reason = EndReason.ABANDONED
    if reason is not None:
        return reason, Outcome.ABANDONED if reason is EndReason.ABANDONED else Outcome.NONE
    return EndReason.CLOSED, Outcome.NONE  # only its end was reported: whether anybody answered is not known


def effects(before: CallFacts | None, after: CallFacts, *, why: str = "") -> tuple[Effect, ...]:
    """What has to be told of the step from `before` to `after`. Calls that staff make themselves concern no desk."""
    if after.direction is Direction.OUT and (before is None or before.direction is Direction.OUT):
        return ()
    state, holder = (before.state, before.agent_id) if before else (None, None)
    ringing, wrap_up, ended = CallState.RINGING, CallState.WRAP_UP, CallState.ENDED
    news = after.state not in {ringing, ended} and (state in {None, ringing, ended} or after.agent_id != holder)
    told = {
        Effect(EffectKind.RING): after.state is ringing and state is not ringing,
        Effect(EffectKind.LABELLED): before is not None and after.municipality_id != before.municipality_id,
        Effect(EffectKind.MOVED, holder): news and holder is not None,
        Effect(EffectKind.TAKEN, after.agent_id): news,
        Effect(EffectKind.WRAP_UP, after.agent_id): after.state is wrap_up and state is not wrap_up,
        Effect(EffectKind.ENDED, after.agent_id, why): after.state is ended and state is not ended,
    }
    return tuple(effect for effect, holds in told.items() if holds)


def _claim(call: CallFacts, action: Claim, at: datetime) -> Transition:
    """Exactly one has it. A call that a telephone of nobody answered may still be claimed: by who holds that telephone."""
    if call.state is CallState.ENDED:
        return _refused(call, _("Der Anruf ist schon beendet."))
    if call.agent_id == action.agent_id:
        return Transition(call, changed=False)
    if call.agent_id is not None:
        return _refused(call, _("Den Anruf hat schon jemand anderes angenommen."))
    state = CallState.TALKING if call.state is CallState.RINGING else call.state
    claimed = replace(call, state=state, agent_id=action.agent_id, answered_at=call.answered_at or at)
    return Transition(claimed, effects(call, claimed))


def _choose(call: CallFacts, action: ChooseMunicipality) -> Transition:
    if call.agent_id not in {None, action.agent_id}:
        return _refused(call, _("Den Anruf hat schon jemand anderes angenommen."))
    if call.state is CallState.ENDED:
        return _refused(call, _("Der Anruf ist schon beendet."))
    if call.municipality_id is not None and not call.chosen_by_agent:
        return _refused(call, _("Die angerufene Kommune steht durch die gewählte Nummer fest."))
    chosen = replace(call, municipality_id=action.municipality_id, chosen_by_agent=True)
    return Transition(chosen, effects(call, chosen), changed=chosen != call)


def _release(call: CallFacts) -> Transition:
    if call.state is not CallState.TALKING:
        return _refused(call, _("Der Anruf ist nicht im Gespräch und kann nicht zurückgegeben werden."))
    if Event.ANSWER in call.heard:
        return _refused(call, _("Das Gespräch ist am Telefon schon angenommen und kann nicht zurückgegeben werden."))
    free = replace(call, state=CallState.RINGING, agent_id=None, answered_at=None)
    return Transition(free, effects(call, free))


def _begin_wrap_up(call: CallFacts, at: datetime) -> Transition:
    if call.state is CallState.WRAP_UP:
        return Transition(call, changed=False)
    if call.state is not CallState.TALKING:
        return _refused(call, _("Dieser Anruf ist nicht im Gespräch."))
    begun = replace(call, state=CallState.WRAP_UP, wrap_up_at=at)
    return Transition(begun, effects(call, begun))


def _close(call: CallFacts, outcome: Outcome, at: datetime) -> Transition:
    """From the wrap-up, or from the talk where nothing reported its end."""
    if call.state is CallState.ENDED and call.outcome is outcome:
        return Transition(call, changed=False)
    if call.state not in {CallState.TALKING, CallState.WRAP_UP}:
        return _refused(call, _("Der Anruf ist schon abgeschlossen."))
    if outcome is Outcome.NONE:
        return _refused(
            call, _("Bitte wählen Sie, wie der Anruf ausging: beantwortet, weitergeleitet, Rückruf oder abgebrochen.")
        )
    closed = replace(call, state=CallState.ENDED, ended_at=at, end_reason=EndReason.CLOSED, outcome=outcome)
    return Transition(closed, effects(call, closed))


def _refused(call: CallFacts, text: str) -> Transition:
    return Transition(call, (Effect(EffectKind.REFUSED, call.agent_id, text),), changed=False)


def _reaped_text(state: CallState) -> str:
    text = {
        CallState.RINGING: _(
            "Seit mehr als %(minutes)s Minuten klingelnd ohne weitere Meldung; automatisch geschlossen."
        ),
        CallState.TALKING: _(
            "Seit mehr als %(minutes)s Minuten im Gespräch ohne weitere Meldung; automatisch geschlossen."
        ),
        CallState.WRAP_UP: _("Seit mehr als %(minutes)s Minuten in der Nachbearbeitung; automatisch geschlossen."),
    }[state]
    return text % {"minutes": REAPED_AFTER[state] // timedelta(minutes=1)}


def _told(known: str, said: str, *, better: bool) -> str:
    """Which of two words counts; an empty one never does against another."""
    return (said or known) if better else (known or said)


def _earliest(known: datetime | None, at: datetime) -> datetime:
    return at if known is None else min(known, at)
