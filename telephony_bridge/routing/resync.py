"""After a time without a connection: what Asterisk has, against what we know. What it said meanwhile is lost; what it has is the truth.

Takes the answers of ARI's `channels` and `bridges` as they come; waits for nothing, sends nothing.
"""

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

from telephony_bridge.routing import calls as c
from telephony_bridge.routing.calls import Event, Routed, State

Json = Mapping[str, Any]
_NAME = re.compile(r"[^/]+/(?P<endpoint>.+)-[0-9a-f]+")


@dataclass
class Found:
    """`adopted`: calls that were not known. `missed`: (call, what has happened to it). `orphans`: paths to delete."""

    adopted: list[Routed] = field(default_factory=list)
    missed: list[tuple[str, Event]] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)

    @property
    def leased(self) -> list[str]:
        """Adopted calls whose callers are with nobody."""
        return [call.id for call in self.adopted if call.waiting]


@dataclass(frozen=True, slots=True)
class _There:
    """What Asterisk has."""

    app: str
    channels: Mapping[str, Json]
    bridges: Mapping[str, frozenset[str]]

    def is_with_us(self, channel: str) -> bool:
        """Whether a channel is in our application."""
        place = self.channels[channel].get("dialplan") or {}
        data = str(place.get("app_data", ""))
        return place.get("app_name") == "Stasis" and data.split(",", maxsplit=1)[0] == self.app

    def is_up(self, channel: str | None) -> bool:
        """Whether somebody has picked up."""
        return channel in self.channels and self.channels[str(channel)].get("state") == "Up"


def compared(app: str, known: Mapping[str, Routed], channels: Sequence[Json], bridges: Sequence[Json]) -> Found:
    """`known` are our calls by id."""
    there = _There(
        app,
        {one["id"]: one for one in sorted(channels, key=_age)},
        {one["id"]: frozenset(one["channels"]) for one in bridges},
    )
    found = Found()
    for call in known.values():
        found.missed += [(call.id, event) for event in _missed(call, there)]
    for id_ in there.channels:
        if id_ not in known and not c.OWN_ID.fullmatch(id_) and there.is_with_us(id_):
            _adopt(found, id_, there)
    ours = {*known, *(call.id for call in found.adopted)}
    found.orphans += [f"channels/{id_}" for id_ in there.channels if _is_orphan(id_, ours, there)]
    owned = ((id_, c.OWN_ID.fullmatch(id_)) for id_ in there.bridges)
    found.orphans += [f"bridges/{id_}" for id_, own in owned if own and own["call"] not in ours]
    return found


def _age(channel: Json) -> str:
    """Who came first waits first."""
    return str(channel.get("creationtime", ""))


def _is_orphan(id_: str, ours: Set[str], there: _There) -> bool:
    """A leg without its caller; or one that is left in our application while its caller is none of ours any more."""
    own = c.OWN_ID.fullmatch(id_)
    if own is None:
        return False
    return own["call"] not in there.channels or (own["call"] not in ours and there.is_with_us(id_))


def _missed(call: Routed, there: _There) -> list[Event]:
    """What has happened to a call of ours, in an order that its core can follow."""
    if call.id not in there.channels:
        return [c.CallerGone()]
    events: list[Event] = []
    rings = {State.OFFERED: call.agent_leg, State.DIALLING: call.target_leg}.get(call.state)
    answered = rings is not None and there.is_up(rings)
    if call.state is State.BLIND and there.is_with_us(call.id):  # given back, or never gone
        events.append(c.Returned())
    elif not there.is_with_us(call.id):
        connected = call.state is State.OFFERED and answered and not there.is_with_us(str(rings))
        events.append(c.Taken() if connected else c.CallerLeft())
    legs = [leg for leg in (call.agent_leg, call.target_leg) if leg]
    events += [c.LegGone(leg) for leg in legs if leg not in there.channels]
    if rings and answered and there.is_with_us(rings):
        events.append(c.LegAnswered(rings))
    return events


def _adopt(found: Found, id_: str, there: _There) -> None:
    """A call that another process had, or we before we were started anew."""
    own = [match for name in (*there.channels, *there.bridges) if (match := c.OWN_ID.fullmatch(name))]
    own = [match for match in own if match["call"] == id_]
    legs = {match["kind"]: match[0] for match in own if match[0] in there.channels}
    bridge = _bridge(found, [match[0] for match in own if match[0] in there.bridges], legs, there)
    agent = endpoint(there.channels[legs["a"]]) if "a" in legs else None
    call = Routed(
        id_,
        dialled=str((there.channels[id_].get("channelvars") or {}).get("DIALLED", "")),
        state=_state(id_, legs, bridge, there),
        agent=agent,
        last_agent=agent,
        agent_leg=legs.get("a"),
        target_leg=legs.get("x"),
        bridge=bridge,
        waiting=bridge is None or id_ not in there.bridges[bridge],
        count=max((int(match["count"]) for match in own), default=0),
    )
    found.adopted.append(call)
    events = [c.Arrived()] if call.state is State.NEW else _missed(call, there)
    found.missed += [(id_, event) for event in events]


def _bridge(found: Found, names: list[str], legs: Mapping[str, str], there: _There) -> str | None:
    """The one that somebody is in, or that waits for a target whom the agent has left; others are of no use."""
    names.sort(key=lambda name: -len(there.bridges[name]))
    chosen = next((name for name in names if there.bridges[name] & set(legs.values())), None)
    if chosen is None and names and "x" in legs and "a" not in legs:
        chosen = names[0]
    found.orphans += [f"bridges/{name}" for name in names if name != chosen]
    return chosen


def _state(id_: str, legs: Mapping[str, str], bridge: str | None, there: _There) -> State:
    """By who is with whom: of a leg that is up and with nobody the answer was missed, and is told then."""
    members = there.bridges[bridge] if bridge else frozenset[str]()
    if "x" in legs:
        if legs["x"] in members:
            return State.CONSULTING if "a" in legs else State.TRANSFERRED
        return State.CONSULTING if id_ in members and there.is_up(legs["x"]) else State.DIALLING
    if "a" in legs:
        return State.TALKING if legs["a"] in members else State.OFFERED
    return State.QUEUED if there.is_up(id_) else State.NEW


def endpoint(channel: Json) -> str:
    """`agent1` of `PJSIP/agent1-00000001`."""
    name = _NAME.fullmatch(str(channel.get("name", "")))
    return name["endpoint"] if name else ""
