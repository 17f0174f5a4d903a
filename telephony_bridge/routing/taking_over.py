"""Somebody who leads the team takes a talk over: their telephone rings, and as soon as it is answered the caller is with them. Part of core.py."""

from dataclasses import replace

from telephony_bridge.routing import calls as c
from telephony_bridge.routing.calls import Command, Role, Routed, State, Why
from telephony_bridge.routing.stepping import Step


def take_over(call: Routed, event: c.TakeOver) -> Step:
    """Nobody hears it ring: caller and agent talk on, or the caller waits on, until it is answered."""
    if call.state is not State.TALKING or call.leader or call.agent in (None, event.agent):
        return Step(call, (c.Release(event.agent, Why.TALK_OVER),), done=False)
    call, leg = call.with_id("s")
    rung = c.Dial(leg, Role.LEADER, event.agent, name=event.name)
    return Step(replace(call, leader=event.agent, leader_leg=leg), (rung,))


def taken_over(call: Routed) -> Step:
    """The caller goes into another bridge in one step: never are three together, and where it fails, caller and agent are as they were."""
    leader, leg = call.leader, call.leader_leg
    assert leg
    before, (call, bridge) = call, call.with_id("b")
    theirs = replace(call, agent=leader, last_agent=leader, agent_leg=leg, bridge=bridge)
    wanted: list[Command] = [c.Make(bridge)]
    wanted += [c.Music(call.id, on=False)] if call.waiting else []
    wanted += [c.Join(bridge, (leg, call.id))]
    wanted += [c.Lease(on=False)] if call.waiting else []
    wanted += [c.Drop(before.agent_leg)] if before.agent_leg else []
    wanted += [c.Remove(before.bridge)] if before.bridge else []
    wanted += [c.Release(before.agent, Why.CALL_OVER)] if before.agent else []
    return Step(replace(theirs, leader=None, leader_leg=None, waiting=False), tuple(wanted))


def withdrawn(told: Step) -> Step:
    """The talk that was to be taken over is none any more."""
    leg, leader = told.call.leader_leg, str(told.call.leader)
    dropped = (c.Drop(leg),) if leg else ()
    without = replace(told.call, leader=None, leader_leg=None)
    return replace(told, call=without, commands=(*dropped, *told.commands, c.Release(leader, Why.TALK_OVER)))


def not_taken(call: Routed) -> Step:
    """The telephone was busy, or nobody came."""
    return Step(replace(call, leader=None, leader_leg=None), (c.Release(str(call.leader), Why.NOT_TAKEN),))


def why_lost(thought: Routed, call: Routed) -> Why:
    """Why an agent whom we thought a call to have does not have it: they could not be joined, and who had the talk before still does, or the leg is gone."""
    own = c.OWN_ID.fullmatch(thought.agent_leg or "")
    return Why.NOT_TAKEN if call.agent and own and own["kind"] == "s" else Why.CALLER_GONE
