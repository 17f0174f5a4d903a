"""What becomes of a call: a call and what happens in, the call as it is then and what is wanted of the exchange out.

Nothing here waits, sends, stores or raises; the same event twice, late, or of a leg that is no more changes nothing. What an agent wants and
cannot have now is refused (`Step.done` is False) and changes nothing either. Three promises, which tests/telephony_bridge/test_routing.py
tries with whatever can happen in whatever order:

- a caller who is not with somebody is under the lease, or with the dialplan: nobody is lost while we are away;
- what belongs to a call that has ended is dropped and removed;
- an agent who is given to a call is released by it, once.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from telephony_bridge.routing import calls as c
from telephony_bridge.routing.calls import Command, Event, Role, Routed, State, Why
from telephony_bridge.routing.stepping import Step
from telephony_bridge.routing.taking_over import not_taken, take_over, taken_over, withdrawn

__all__ = ["Step", "step"]

WAITS = (State.QUEUED, State.OFFERED)


def step(call: Routed, event: Event) -> Step:
    """One event. An ended call stays as it is. Who was to take a talk over need not, as soon as it is none any more."""
    told = _STEPS[type(event)](call, event)
    return withdrawn(told) if told.call.leader and told.call.state is not State.TALKING else told


# The caller


def _arrived(call: Routed, event: c.Arrived) -> Step:
    if call.state is not State.NEW:
        return Step(call)
    if event.closed:
        closed = replace(call, state=State.CLOSED, playing=True)
        return Step(closed, (c.Answer(), c.Lease(on=True), c.Play(event.closed)))
    heard = c.Play(event.first) if event.first else c.Music(call.id)
    queued = replace(call, state=State.QUEUED, playing=bool(event.first))
    return Step(queued, (c.Answer(), c.Lease(on=True), heard, c.Seek()))


def _played(call: Routed, _event: c.Played) -> Step:
    """What is heard after an announcement; who is with somebody by now hears that one."""
    if call.state is State.CLOSED:
        return _ended(call, Why.CALL_OVER, caller=True)
    silent = replace(call, playing=False)
    return Step(silent, (c.Music(call.id),) if call.playing and call.state in WAITS else ())


def _told(call: Routed, event: c.Told) -> Step:
    """While an agent's telephone rings nothing is begun that the agent would interrupt."""
    if call.state is not State.QUEUED or call.playing or not event.media:
        return Step(call)
    return Step(replace(call, playing=True), (c.Play(event.media),))


def _wants_callback(call: Routed, event: c.WantsCallback) -> Step:
    """Whoever is to be called back need not wait: the queue, and an agent whose telephone rings, are free of them."""
    return _sent_away(call, event.media, c.CallBack()) if call.state in WAITS else Step(call)


def _shut(call: Routed, event: c.Shut) -> Step:
    """Whose agent is just being rung still gets that agent."""
    return _sent_away(call, event.media) if call.state is State.QUEUED and event.media else Step(call)


def _sent_away(call: Routed, media: tuple[str, ...], *before: Command) -> Step:
    left = _ended(call, Why.CALLER_GONE)
    if not media:
        return replace(left, commands=(*before, c.Drop(call.id), *left.commands))
    kept = [command for command in left.commands if not isinstance(command, c.Lease)]
    closed = replace(left.call, state=State.CLOSED, waiting=True, playing=True)
    return Step(closed, (*before, *kept, *_silence(call), c.Play(media)))


def _silence(call: Routed) -> tuple[Command, ...]:
    return (c.Silence(),) if call.playing else ()


def _caller_gone(call: Routed, _event: c.CallerGone) -> Step:
    if call.state is State.ENDED:
        return Step(call)
    return _ended(call, Why.CALLER_GONE if call.state is State.OFFERED else Why.CALL_OVER)


def _caller_left(call: Routed, _event: c.CallerLeft) -> Step:
    """The dialplan serves the caller now; our own legs are of no use to anybody."""
    with_the_dialplan = call.state in (State.NEW, State.BLIND, State.FALLBACK, State.ENDED)
    if with_the_dialplan or (call.state is State.TRANSFERRED and call.bridge is None):
        return Step(call)
    ended = _ended(call, Why.CALLER_GONE if call.state is State.OFFERED else Why.CALL_OVER)
    return replace(ended, call=replace(ended.call, state=State.FALLBACK))


def _taken(call: Routed, _event: c.Taken) -> Step:
    """The agent keeps the leg until it is gone."""
    if call.state is not State.OFFERED:
        return _caller_left(call, c.CallerLeft())
    return Step(
        replace(call, state=State.FALLBACK, waiting=False, accepting=False, playing=False), (c.Lease(on=False),)
    )


def _fetched(call: Routed, event: c.Fetched) -> Step:
    """The dialplan's lease holds until they are joined."""
    if call.state is not State.FALLBACK or call.agent:
        return Step(call, (c.Drop(event.leg), c.Release(event.agent, Why.CALLER_GONE)))
    call, bridge = call.with_id("b")
    whose = replace(call, agent=event.agent, last_agent=event.agent, agent_leg=event.leg)
    talking = replace(whose, state=State.TALKING, bridge=bridge, waiting=False)
    return Step(talking, (c.Make(bridge), c.Join(bridge, (call.id, event.leg)), c.Lease(on=False)))


def _ended(call: Routed, why: Why, *, caller: bool = False) -> Step:
    """Nothing of the call is left; `caller`: the caller, too, is to be dropped. The lease comes last: should we die before, it drops in our place."""
    wanted: list[Command] = [c.Forgo()] if call.state is State.QUEUED else []
    wanted += [c.Drop(call.id)] if caller else []
    wanted += [c.Drop(leg) for leg in (call.agent_leg, call.target_leg) if leg]
    wanted += [c.Remove(call.bridge)] if call.bridge else []
    wanted += [c.Release(call.agent, why)] if call.agent else []
    wanted += [c.Lease(on=False)]
    nothing = replace(call, agent=None, agent_leg=None, target=None, target_leg=None, bridge=None)
    over = replace(nothing, state=State.ENDED, waiting=False, accepting=False, playing=False)
    return Step(over, tuple(wanted))


def _again(call: Routed, *before: Command) -> Step:
    """The caller waits once more, and comes to the agent of before first, if that one is free; while that one's old leg is there, nobody is sought."""
    fresh = replace(call, state=State.QUEUED, waiting=True, target=None, target_leg=None, bridge=None)
    waits = () if call.waiting else (c.Lease(on=True), c.Music(call.id))
    removed = (c.Remove(call.bridge),) if call.bridge else ()
    seek = (c.Seek(call.last_agent),) if call.agent is None else ()
    return Step(fresh, (*waits, *before, *removed, *seek))


# An agent is found, and answers


def _agent_found(call: Routed, event: c.AgentFound) -> Step:
    """One who is given to a call that waits no longer is given back at once."""
    if call.state is not State.QUEUED or call.agent:
        return Step(call, (c.Release(event.agent, Why.CALLER_GONE),))
    call, leg = call.with_id("a")
    offered = replace(call, state=State.OFFERED, agent=event.agent, last_agent=event.agent, agent_leg=leg)
    return Step(offered, (c.Dial(leg, Role.AGENT, event.agent),))


def _accept(call: Routed, _event: c.Accept) -> Step:
    """One telephone cannot ring twice at once: first it falls silent."""
    if call.state is not State.OFFERED or call.agent_leg is None or call.accepting:
        return Step(call, done=False)
    return Step(replace(call, accepting=True), (c.Drop(call.agent_leg),))


def _picks_up(call: Routed) -> Step:
    """The telephone is silent now, and is rung once more, to pick up by itself."""
    assert call.agent
    call, leg = call.with_id("a")
    rung = c.Dial(leg, Role.AGENT, str(call.agent), at_once=True)
    return Step(replace(call, agent_leg=leg, accepting=False), (rung,))


def _leg_answered(call: Routed, event: c.LegAnswered) -> Step:
    role = call.role_of(event.leg)
    if (
        call.accepting and role is Role.AGENT
    ):  # picked up in the moment in which it was to fall silent: it ends all the same
        return Step(call, (c.Drop(event.leg),))
    if role is Role.AGENT and call.state is State.OFFERED:
        call, bridge = call.with_id("b")
        talking = replace(call, state=State.TALKING, bridge=bridge, waiting=False, playing=False)
        return Step(talking, (*_silence(call), c.Make(bridge), *_with_caller(talking, event.leg)))
    if role is Role.TARGET and call.state is State.DIALLING and call.bridge:
        if call.agent is None:
            found = replace(call, state=State.TRANSFERRED, waiting=False)
            return Step(found, _with_caller(found, event.leg))
        return Step(replace(call, state=State.CONSULTING), (c.Join(call.bridge, (event.leg,)),))
    if role is Role.LEADER:
        return taken_over(call)
    return Step(call, () if role else (c.Drop(event.leg),))  # of an offer that is over: nobody is to sit in silence


def _with_caller(call: Routed, *others: str) -> tuple[Command, ...]:
    """The caller comes into the bridge; only then does the lease end."""
    assert call.bridge
    return (c.Music(call.id, on=False), c.Join(call.bridge, (call.id, *others)), c.Lease(on=False))


def _apart(call: Routed) -> tuple[Command, ...]:
    """The caller leaves the bridge and waits; the lease comes first."""
    assert call.bridge
    return (c.Lease(on=True), c.Part(call.bridge, call.id), c.Music(call.id))


# A leg is no more


def _leg_gone(call: Routed, event: c.LegGone) -> Step:
    match call.role_of(event.leg):
        case Role.AGENT:
            return _agent_gone(replace(call, agent_leg=None), rang=event.rang)
        case Role.TARGET:
            return _target_gone(replace(call, target_leg=None))
        case Role.LEADER:
            return not_taken(call)
    return Step(call)


def _agent_gone(call: Routed, *, rang: bool = True) -> Step:
    """Who hangs up while the target rings sends the caller there; who does it while asking connects both."""
    free = replace(call, agent=None)
    released = (c.Release(call.agent, Why.CALL_OVER),) if call.agent else ()
    match call.state:
        case State.OFFERED if call.accepting:
            return _picks_up(call)
        case State.OFFERED:
            why = Why.NOT_ANSWERED if rang else Why.CALLER_GONE
            return _again(free, *(replace(release, why=why) for release in released))
        case State.TALKING:  # nobody is hung up on who was told to wait
            return _again(free, *released) if call.waiting else _ended(call, Why.CALL_OVER, caller=True)
        case State.CONSULTING:
            return _connected(free, *released)
    # Back from a blind transfer before the agent's leg was down: now somebody can be sought.
    seek = (c.Seek(call.last_agent),) if call.state is State.QUEUED and released else ()
    return Step(free, (*released, *seek))


def _target_gone(call: Routed) -> Step:
    match call.state:
        case State.DIALLING if call.agent is None:
            return _again(call)
        case State.DIALLING | State.CONSULTING:
            return _back(call)
        case State.TRANSFERRED:
            return _ended(call, Why.CALL_OVER, caller=True)
    return Step(call)


def _back(call: Routed, *before: Command) -> Step:
    """Agent and caller are together again."""
    talking = replace(call, state=State.TALKING, target=None, target_leg=None, waiting=False)
    return Step(talking, (*before, *(_with_caller(talking) if call.waiting else ())))


def _connected(call: Routed, *before: Command) -> Step:
    """Caller and target are together, without the agent."""
    done = replace(call, state=State.TRANSFERRED, agent=None, agent_leg=None, waiting=False)
    if call.waiting:
        return Step(done, (*before, *_with_caller(done)))
    assert call.bridge
    assert call.target_leg
    return Step(done, (*before, c.Music(call.target_leg, on=False), c.Join(call.bridge, (call.target_leg,))))


# What agents want


def _hold(call: Routed, _event: c.Hold) -> Step:
    if call.state is not State.TALKING or call.waiting:
        return Step(call, done=False)
    return Step(replace(call, waiting=True), _apart(call))


def _resume(call: Routed, _event: c.Resume) -> Step:
    if call.state is not State.TALKING or not call.waiting:
        return Step(call, done=False)
    return Step(replace(call, waiting=False), _with_caller(call))


def _transfer(call: Routed, event: c.Transfer) -> Step:
    """From here on the caller is with the dialplan, which gives the call back when the target cannot be reached."""
    if call.state is not State.TALKING or not call.bridge or not c.NUMBER.fullmatch(event.number):
        return Step(call, done=False)
    sent = replace(call, state=State.BLIND, target=event.number, bridge=None, waiting=False)
    legs = (c.Drop(call.agent_leg),) if call.agent_leg else ()
    stop = (c.Music(call.id, on=False),) if call.waiting else ()
    shown = (c.Name(event.name),) if event.name else ()
    return Step(sent, (*stop, *shown, c.Send(event.number), c.Lease(on=False), *legs, c.Remove(call.bridge)))


def _consult(call: Routed, event: c.Consult) -> Step:
    if call.state is not State.TALKING or not c.NUMBER.fullmatch(event.number):
        return Step(call, done=False)
    apart = () if call.waiting else _apart(call)
    call, leg = call.with_id("x")
    asking = replace(call, state=State.DIALLING, target=event.number, target_leg=leg, waiting=True)
    return Step(asking, (*apart, c.Dial(leg, Role.TARGET, event.number, name=event.name)))


def _swap(call: Routed, _event: c.Swap) -> Step:
    if call.state is not State.CONSULTING or not call.bridge or not call.target_leg:
        return Step(call, done=False)
    swapped = replace(call, waiting=not call.waiting)
    if call.waiting:
        away = (c.Part(call.bridge, call.target_leg), c.Music(call.target_leg))
        return Step(swapped, (*away, *_with_caller(call)))
    near = (c.Music(call.target_leg, on=False), c.Join(call.bridge, (call.target_leg,)))
    return Step(swapped, (*_apart(call), *near))


def _complete(call: Routed, _event: c.Complete) -> Step:
    """While the target still rings it is as if the agent hung up: whoever answers gets the caller."""
    if call.state not in (State.DIALLING, State.CONSULTING) or not call.agent or not call.agent_leg:
        return Step(call, done=False)
    leg, released = c.Drop(call.agent_leg), c.Release(call.agent, Why.CALL_OVER)
    if call.state is State.DIALLING:
        return Step(replace(call, agent=None, agent_leg=None), (leg, released))
    return replace(done := _connected(call), commands=(*done.commands, leg, released))


def _cancel(call: Routed, _event: c.Cancel) -> Step:
    if call.state not in (State.DIALLING, State.CONSULTING) or not call.agent or not call.target_leg:
        return Step(call, done=False)
    return _back(call, c.Drop(call.target_leg))


def _hang_up(call: Routed, _event: c.HangUp) -> Step:
    """The agent's telephone is put down: what that means depends on where the call is. A telephone that only rings is refused."""
    if call.agent is None or call.agent_leg is None:
        return Step(call, done=False)
    without = replace(call, agent_leg=None, accepting=False)
    gone = _ended(without, Why.CALL_OVER, caller=True) if call.state is State.TALKING else _agent_gone(without)
    return replace(gone, commands=(c.Drop(call.agent_leg), *gone.commands))


# A blind transfer


def _target_answered(call: Routed, _event: c.TargetAnswered) -> Step:
    if call.state is not State.BLIND:
        return Step(call)
    return Step(replace(call, state=State.TRANSFERRED))


def _returned(call: Routed, _event: c.Returned) -> Step:
    if call.state not in (State.BLIND, State.FALLBACK):
        return Step(call)
    return _again(call)


_STEPS: dict[type[Any], Callable[[Routed, Any], Step]] = {
    c.Arrived: _arrived,
    c.Played: _played,
    c.Told: _told,
    c.WantsCallback: _wants_callback,
    c.Shut: _shut,
    c.AgentFound: _agent_found,
    c.TakeOver: take_over,
    c.Accept: _accept,
    c.LegAnswered: _leg_answered,
    c.LegGone: _leg_gone,
    c.CallerGone: _caller_gone,
    c.CallerLeft: _caller_left,
    c.Taken: _taken,
    c.Fetched: _fetched,
    c.TargetAnswered: _target_answered,
    c.Returned: _returned,
    c.Hold: _hold,
    c.Resume: _resume,
    c.Transfer: _transfer,
    c.Consult: _consult,
    c.Swap: _swap,
    c.Complete: _complete,
    c.Cancel: _cancel,
    c.HangUp: _hang_up,
}
