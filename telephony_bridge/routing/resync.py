"""After a time without a connection: what Asterisk has, against what we know. What it said meanwhile is lost; what it has is the truth.

Takes the answers of ARI's `channels` and `bridges` as they come; changes nothing at Asterisk.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from telephony_bridge.routing import calls as c
from telephony_bridge.routing.calls import Event, Routed, State
from telephony_bridge.routing.requests import TRUNK, Request, playback_of

Json = Mapping[str, Any]
ENTRANCE = "from-trunk"  # who is there is on the way to us
_NAME = re.compile(r"[^/]+/(?P<endpoint>.+)-[0-9a-f]+")


@dataclass
class Found:
    """`adopted`: calls that were not known. `missed`: (call, what has happened to it). `orphans`: paths to delete;
    `sounds`: such of what is being played, before anything else: it would hold up whatever is asked of its channel, and all that is asked after that."""

    living: list[str] = field(
        default_factory=list
    )  # channels that are no legs of ours: whose call is none of them is over
    adopted: list[Routed] = field(default_factory=list)
    missed: list[tuple[str, Event]] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)
    sounds: list[str] = field(default_factory=list)
    telephones: dict[str, str] = field(default_factory=dict)  # channel -> whose telephone it is
    since: dict[str, float] = field(default_factory=dict)  # when adopted calls came, in Unix seconds

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

    def caller_of(self, channel: str) -> str | None:
        """Of an agent's leg that has come from the safety net, with whom; None for any other channel."""
        data = str((self.channels[channel].get("dialplan") or {}).get("app_data", "")).split(",")
        return data[3] if len(data) > 3 and data[1:3] == ["adopted", "agent"] and self.is_with_us(channel) else None

    def is_caller_elsewhere(self, channel: str) -> bool:
        """Whether a citizen is with the dialplan: in the safety net, with somebody by its doing, or sent to a target."""
        one = self.channels[channel]
        place = one.get("dialplan") or {}
        is_dialled = str(place.get("app_name", "")).startswith(
            ("AppDial", "AppQueue")
        )  # whom an application has called
        came_in = endpoint(one) == TRUNK and (one.get("channelvars") or {}).get("DIALLED")
        return (
            bool(came_in) and not is_dialled and place.get("app_name") != "Stasis" and place.get("context") != ENTRANCE
        )

    def is_up(self, channel: str | None) -> bool:
        """Whether somebody has picked up."""
        return channel in self.channels and self.channels[str(channel)].get("state") == "Up"


def compared(
    app: str,
    known: Mapping[str, Routed],
    channels: Sequence[Json],
    bridges: Sequence[Json],
    torn: Set[str] = frozenset(),
) -> Found:
    """`known` are our calls by id; of those in `torn` only Asterisk knows how they are, since it did not do what was wanted."""
    there = _There(
        app,
        {one["id"]: one for one in sorted(channels, key=_age)},
        {one["id"]: frozenset(one["channels"]) for one in bridges},
    )
    found = Found([id_ for id_ in there.channels if not c.OWN_ID.fullmatch(id_)])
    names = {id_: endpoint(channel) for id_, channel in there.channels.items()}
    found.telephones = {id_: name for id_, name in names.items() if name not in ("", TRUNK)}
    sure = {
        id_: call for id_, call in known.items() if not (id_ in torn and id_ in found.living and there.is_with_us(id_))
    }
    for call in sure.values():
        found.missed += [(call.id, event) for event in _missed(call, there)]
    fetched = {id_ for id_ in found.living if there.caller_of(id_) is not None}
    for id_ in found.living:
        if id_ not in sure and id_ not in fetched and there.is_with_us(id_):
            _adopt(found, id_, there)
    fetched -= {str(call.agent_leg) for call in (*sure.values(), *found.adopted)}
    found.orphans += [f"channels/{id_}" for id_ in sorted(fetched)]
    heard = [call.id for call in found.adopted] + [id_ for id_, event in found.missed if isinstance(event, c.Played)]
    found.sounds += [f"playbacks/{playback_of(id_)}" for id_ in heard]
    ours = {*known, *(call.id for call in found.adopted)}
    found.orphans += [f"channels/{id_}" for id_ in there.channels if _is_orphan(id_, ours, there)]
    found.orphans += [f"channels/{id_}" for id_ in there.channels if _is_left_over(id_, sure)]
    owned = ((id_, c.OWN_ID.fullmatch(id_)) for id_ in there.bridges)
    found.orphans += [f"bridges/{id_}" for id_, own in owned if own and own["call"] not in ours]
    found.adopted += [
        _elsewhere(id_, there) for id_ in found.living if id_ not in ours and there.is_caller_elsewhere(id_)
    ]
    return found


class Look:
    """All that Asterisk has now. Who asks while another's answer is still to come shares the one after that: a hundred calls that go wrong at once
    ask twice, since each answer costs Asterisk as much as there are channels, and nobody's call goes on meanwhile."""

    def __init__(self, ask: Callable[[Request], Awaitable[Any]]) -> None:
        self.ask, self.turn = ask, asyncio.Lock()
        self.next: asyncio.Task[tuple[Any, Any]] | None = None

    async def __call__(self) -> tuple[Any, Any]:
        """(channels, bridges), as they are after this was called."""
        if self.next is None:
            self.next = asyncio.create_task(self._asked())
        return await asyncio.shield(self.next)

    async def _asked(self) -> tuple[Any, Any]:
        async with self.turn:
            self.next = None  # who comes from now on wants to know what is then
            return await self.ask(Request("GET", "channels")), await self.ask(Request("GET", "bridges"))


async def looked_at(look: Look, app: str, call: Routed) -> Found:
    """How one call is, of which we do not know: adopted, or what has happened to it; and bridges of it that are of no use."""
    channels, bridges = await look()
    found = compared(app, {call.id: call}, channels, bridges, {call.id})
    return Found(
        sounds=[path for path in found.sounds if path == f"playbacks/{playback_of(call.id)}"],
        adopted=[one for one in found.adopted if one.id == call.id],
        missed=[(id_, event) for id_, event in found.missed if id_ == call.id],
        orphans=[path for path in found.orphans if path.startswith((f"bridges/{call.id}-", f"channels/{call.id}-s"))],
    )


def _age(channel: Json) -> str:
    """Who came first waits first."""
    return str(channel.get("creationtime", ""))


def _is_orphan(id_: str, ours: Set[str], there: _There) -> bool:
    """A leg without its caller; or one that rings, or is left in our application, while its caller is none of ours any more."""
    own = c.OWN_ID.fullmatch(id_)
    if own is None:
        return False
    return own["call"] not in there.channels or (
        own["call"] not in ours and (there.is_with_us(id_) or not there.is_up(id_))
    )


def _is_left_over(id_: str, sure: Mapping[str, Routed]) -> bool:
    """A leg that its call has no more: it was to be dropped when there was no connection."""
    own = c.OWN_ID.fullmatch(id_)
    return bool(own and own["call"] in sure and sure[own["call"]].role_of(id_) is None)


def _missed(call: Routed, there: _There) -> list[Event]:
    """What has happened to a call of ours, in an order that its core can follow."""
    if call.id not in there.channels:
        return [c.CallerGone()]
    events: list[Event] = [c.Played()] if call.playing else []  # its end may have been said meanwhile
    rings = {State.OFFERED: call.agent_leg, State.DIALLING: call.target_leg}.get(call.state)
    answered = rings is not None and there.is_up(rings)
    if call.state is State.BLIND and there.is_with_us(call.id):  # given back, or never gone
        events.append(c.Returned())
    elif not there.is_with_us(call.id):
        connected = call.state is State.OFFERED and answered and not there.is_with_us(str(rings))
        events.append(c.Taken() if connected else c.CallerLeft())
    legs = [leg for leg in (call.agent_leg, call.target_leg, call.leader_leg) if leg]
    events += [c.LegGone(leg) for leg in legs if leg not in there.channels]
    if call.leader_leg and there.is_up(call.leader_leg) and there.is_with_us(call.leader_leg):
        events.append(c.LegAnswered(call.leader_leg))
    if rings and answered and there.is_with_us(rings):
        events.append(c.LegAnswered(rings))
    return events


def _adopt(found: Found, id_: str, there: _There) -> None:
    """A call that another process had, or we before we were started anew."""
    own = [match for name in (*there.channels, *there.bridges) if (match := c.OWN_ID.fullmatch(name))]
    own = [match for match in own if match["call"] == id_]
    legs = {match["kind"]: match[0] for match in own if match[0] in there.channels}
    if "s" in legs:
        _choose_agents_leg(found, id_, [match[0] for match in own if match["kind"] in "as"], legs, there)
    # An agent who came from the safety net.
    strangers = [name for name in there.channels if there.caller_of(name) == id_]
    if strangers and "a" not in legs:
        legs["a"] = strangers[0]
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
    call = _asked_without_agent(call, there)
    found.adopted.append(call)
    if came := _age(there.channels[id_]):
        found.since[id_] = datetime.fromisoformat(came).timestamp()
    events = [c.Arrived()] if call.state is State.NEW else _missed(call, there)
    found.missed += [(id_, event) for event in events]


def _asked_without_agent(call: Routed, there: _There) -> Routed:
    """Who hangs up while asking connects both: where nobody saw it, it is told by a leg that is gone, and neither sits in silence."""
    if call.agent_leg or call.state not in (State.CONSULTING, State.TRANSFERRED):
        return call
    if {call.id, call.target_leg} <= there.bridges[str(call.bridge)]:
        return call
    return replace(call, state=State.CONSULTING, agent_leg=f"{call.id}-a0")


def _choose_agents_leg(found: Found, id_: str, names: list[str], legs: dict[str, str], there: _There) -> None:
    """Who has taken a talk over is its agent; who was only rung for it is not, and the agent of before is not any more."""
    names = [name for name in names if name in there.channels]
    joined = [name for name in names if any(name in members for members in there.bridges.values())]
    with_caller = [name for name in joined if any({name, id_} <= members for members in there.bridges.values())]
    offered = [name for name in names if name == legs.get("a")]
    del legs["s"]
    for chosen in (with_caller or joined or offered)[-1:]:
        legs["a"] = chosen
    others = {name for name in names if name != legs.get("a")}
    found.orphans += [f"channels/{name}" for name in sorted(others)]


def _elsewhere(id_: str, there: _There) -> Routed:
    """A call that the dialplan has: nothing is wanted of it, but that it is known when it ends, or comes back."""
    own = [match for name in there.channels if (match := c.OWN_ID.fullmatch(name)) and match["call"] == id_]
    leg = next((match[0] for match in own if match["kind"] == "a" and _is_connected(match[0], there)), None)
    agent = endpoint(there.channels[leg]) if leg else None
    state = State.FALLBACK
    if (there.channels[id_].get("dialplan") or {}).get("context") == "transfer":
        state = State.TRANSFERRED if any(id_ in members for members in there.bridges.values()) else State.BLIND
    dialled = str(there.channels[id_]["channelvars"]["DIALLED"])
    count = max((int(match["count"]) for match in own), default=0)
    return Routed(id_, dialled, state, agent, agent, leg, waiting=False, count=count)


def _is_connected(leg: str, there: _There) -> bool:
    """Whether the dialplan has brought an agent who answered to the caller."""
    return there.is_up(leg) and not there.is_with_us(leg)


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


def started(info: Any) -> datetime | None:
    """When Asterisk was, by its answer to `asterisk/info`; None where that does not say it."""
    try:
        found = datetime.fromisoformat(info["status"]["startup_time"])
    except (KeyError, TypeError, ValueError):
        return None
    return found if found.tzinfo else None


def endpoint(channel: Json) -> str:
    """`agent1` of `PJSIP/agent1-00000001`."""
    name = _NAME.fullmatch(str(channel.get("name", "")))
    return name["endpoint"] if name else ""
