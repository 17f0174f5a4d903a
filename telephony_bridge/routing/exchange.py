"""Carries out what the core wants at a real Asterisk: one serial task per call, so that what happens to a call happens in order.

An intent is told (`note`) before it is sent. When the connection ends, the calls go on by themselves, under what leases they have; a new one begins
with asking Asterisk what there is (resync.py), since what was said meanwhile is lost.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import structlog
from websockets.exceptions import WebSocketException

from telephony_bridge.routing import calls as c
from telephony_bridge.routing.ari import Access, Ari, AriError, Json
from telephony_bridge.routing.calls import Command, Event, Role, Routed, State, Why
from telephony_bridge.routing.core import step
from telephony_bridge.routing.pool import Pool
from telephony_bridge.routing.resync import Found, compared, endpoint

log = structlog.get_logger(__name__)
LEASE = 6  # seconds after which Asterisk takes a caller back of whom it hears nothing
RENEW_EVERY = 2.0
RINGS = 20  # seconds until an agent counts as not there
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 2.0  # seconds between two tries to connect
GONE, CONFLICT, AWAY = 404, 409, 503
ESSENTIAL = (c.Make, c.Join, c.Send)  # what comes after them in a step is right only when they were done
WITHOUT_US = (State.BLIND, State.FALLBACK, State.ENDED)
LEASED_UNTIL = "TIMEOUT(absolute)"
Note = Callable[[str, str, Json], None]  # what, of which call, with what


def _log(what: str, call: str, details: Json) -> None:
    log.info("exchange", what=what, call=call, **details)


class ReplacedError(Exception):
    """Another client took our application's name: this one would hear nothing more, and must end loudly."""


@dataclass
class Line:
    """A call with its own task."""

    call: Routed
    events: asyncio.Queue[Event] = field(default_factory=asyncio.Queue)
    leased: bool = False
    hanging_up: bool = False  # the caller has; what comes then is no lease that is over


class Exchange:
    """One Asterisk. `agents` are the telephones that are free at the beginning; `note` is told of everything, intents first."""

    def __init__(self, access: Access, agents: tuple[str, ...] = (), note: Note | None = None) -> None:
        self.access = access
        self.note: Note = note or _log
        self.pool = Pool(agents)
        self.lines: dict[str, Line] = {}
        self.ari: Ari | None = None
        self.tasks: set[asyncio.Task[None]] = set()
        self.connected = asyncio.Event()  # and all is known

    async def run(self) -> None:
        """Until cancelled. Raises ReplacedError."""
        pause = FIRST_PAUSE
        renewing = asyncio.create_task(self._renew())
        try:
            while True:
                try:
                    async with Ari.connected(self.access) as self.ari:
                        await self._resynchronise(self.ari)
                        pause = FIRST_PAUSE
                        await self._listen(self.ari)
                except (OSError, EOFError, WebSocketException, AriError, TimeoutError) as error:
                    self.note("away", "", {"reason": type(error).__name__})
                finally:
                    self.ari = None
                    self.connected.clear()
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
        finally:
            for task in (renewing, *self.tasks):
                task.cancel()

    async def _listen(self, ari: Ari) -> None:
        async for event in ari.events():
            if event["type"] == "ApplicationReplaced":
                raise ReplacedError(f"another client uses the name {self.access.app}")
            self._heard(event)

    # What Asterisk says

    def _heard(self, event: Json) -> None:
        kind, channel = event["type"], (event.get("channel") or {}).get("id", "")
        if kind == "StasisStart":
            self._entered(channel, event["args"])
        elif kind == "Dial":
            self._dialled(event)
        elif kind == "ChannelCreated" and (agent := endpoint(event["channel"])) in self.pool.present:
            self.pool.in_use(agent, channel)
        elif channel in self.lines:
            self._of_caller(self.lines[channel], kind)
        elif kind == "ChannelDestroyed":
            self._tell(channel, c.LegGone(channel))
            self.pool.hung_up(channel)
            self._distribute()

    def _entered(self, channel: str, arguments: list[str]) -> None:
        role, *rest = arguments
        if role == "inbound" and channel not in self.lines:
            dialled, diversion, history = (*rest, "", "", "")[:3]
            self.note(
                "inbound", channel, {"dialled": dialled, "diversion": unquote(diversion), "history": unquote(history)}
            )
            self._open(Routed(channel, dialled)).events.put_nowait(c.Arrived())
        elif role == "leg":
            self._tell(channel, c.LegAnswered(channel))
        elif role == "returned":  # perhaps to somebody who was not there when the call was sent away
            line = self.lines.get(channel) or self._open(Routed(channel, state=State.BLIND, waiting=False))
            line.events.put_nowait(c.Returned())

    def _dialled(self, event: Json) -> None:
        caller = (event.get("caller") or {}).get("id", "")
        if event.get("dialstatus") == "ANSWER" and caller in self.lines:
            self.lines[caller].events.put_nowait(c.TargetAnswered())

    def _of_caller(self, line: Line, kind: str) -> None:
        if kind == "ChannelHangupRequest":
            line.hanging_up = True
        elif kind == "ChannelDestroyed":
            line.events.put_nowait(c.CallerGone())
        elif kind == "StasisEnd" and not line.hanging_up:
            line.events.put_nowait(c.CallerLeft())

    def _tell(self, leg: str, event: Event) -> None:
        """The call that a leg belongs to. One of no call of ours is ended: nobody is to sit in silence."""
        own = c.OWN_ID.fullmatch(leg)
        if own and own["call"] in self.lines:
            self.lines[own["call"]].events.put_nowait(event)
        elif own and isinstance(event, c.LegAnswered):
            self._start(self._ask("DELETE", f"channels/{leg}"))

    def wish(self, call: str, event: Event) -> bool:
        """What an agent wants of a call; False where that cannot be now: it is over, or we are not connected."""
        if call not in self.lines or not self.connected.is_set():
            return False
        self.lines[call].events.put_nowait(event)
        return True

    def come(self, agent: str) -> None:
        """An agent takes calls."""
        self.pool.come(agent)
        self._distribute()

    def leave(self, agent: str) -> None:
        """And takes none any more."""
        self.pool.leave(agent)

    # A call

    def _open(self, call: Routed) -> Line:
        line = self.lines[call.id] = Line(call)
        self._start(self._serve(line))
        return line

    async def _serve(self, line: Line) -> None:
        """Whatever goes wrong here, the lease is no longer renewed then, and the dialplan takes the caller back."""
        try:
            while line.call.state is not State.ENDED:
                await self._happens(line, await line.events.get())
        finally:
            line.leased = False
            del self.lines[line.call.id]
            self.pool.over(line.call.id)
            if line.call.agent:
                self.pool.release(line.call.agent)

    async def _happens(self, line: Line, event: Event) -> None:
        told = step(line.call, event)
        before, line.call = line.call, told.call
        if told.commands or told.call.state is not before.state:
            details = {"event": type(event).__name__, "state": told.call.state.value, "agent": told.call.agent}
            self.note("step" if told.done else "refused", line.call.id, details)
        if line.call.state not in (State.NEW, State.QUEUED, State.OFFERED):
            self.pool.over(line.call.id)
        broken = False
        for command in told.commands:
            if isinstance(command, c.Seek | c.Forgo | c.Release):
                self._about_agents(line.call.id, command)
            elif not broken:
                broken = not await self._obey(line, command) and isinstance(command, ESSENTIAL)
        if broken:  # they are not together as they should be: the lease that holds will bring the caller to somebody
            line.leased = False

    async def _obey(self, line: Line, command: Command) -> bool:
        """Whether Asterisk did it. What cannot be sent now is not sent later: after the next connection Asterisk is asked what there is."""
        try:
            await self._at_asterisk(line, command)
        except AriError as error:
            self.note("failed", line.call.id, {"command": type(command).__name__, "reason": str(error)})
            if isinstance(command, c.Dial) and error.status != CONFLICT:
                self.pool.hung_up(command.leg)
                line.events.put_nowait(c.LegGone(command.leg, rang=error.status != AWAY))
            return False
        return True

    def _about_agents(self, call: str, command: Command) -> None:
        match command:
            case c.Seek(preferred):
                self.pool.seek(call, preferred)
            case c.Forgo():
                self.pool.forgo(call)
            case c.Release(agent, why):
                if why is Why.NOT_ANSWERED:  # who is not there gets no more calls until there again
                    self.pool.leave(agent)
                self.pool.release(agent)
        self._distribute()

    def _distribute(self) -> None:
        """Nobody is given a call whose telephone could not be rung now."""
        for call, agent in self.pool.pairs() if self.connected.is_set() else []:
            self.lines[call].events.put_nowait(c.AgentFound(agent))

    async def _at_asterisk(self, line: Line, command: Command) -> None:
        caller = f"channels/{line.call.id}"
        match command:
            case c.Answer():
                await self._ask("POST", f"{caller}/answer")
            case c.Music(channel, on):
                await self._ask("POST" if on else "DELETE", f"channels/{channel}/moh")
            case c.Lease(on):
                line.leased = on
                if not on and line.call.state in WITHOUT_US:
                    return  # the dialplan sees to that, or there is nobody any more
                await self._ask("POST", f"{caller}/variable", variable=LEASED_UNTIL, value=LEASE if on else 0)
            case c.Send(number):
                await self._ask("POST", f"{caller}/continue", context="transfer", extension=number, priority=1)
            case c.Dial():
                await self._dial(line.call, command)
            case c.Drop(channel):
                await self._ask("DELETE", f"channels/{channel}")
            case _:
                await self._bridged(command)

    async def _bridged(self, command: Command) -> None:
        match command:
            case c.Make(bridge):
                await self._ask("POST", f"bridges/{bridge}", type="mixing")
            case c.Remove(bridge):
                await self._ask("DELETE", f"bridges/{bridge}")
            case c.Join(bridge, channels):
                await self._ask("POST", f"bridges/{bridge}/addChannel", channel=",".join(channels))
            case c.Part(bridge, channel):
                await self._ask("POST", f"bridges/{bridge}/removeChannel", channel=channel)

    async def _dial(self, call: Routed, command: c.Dial) -> None:
        """Into the dialplan, not into our application: who answers while we are dead is connected by it."""
        endpoint = f"PJSIP/{command.whom}" if command.role is Role.AGENT else f"PJSIP/{command.whom}@trunk"
        if command.role is Role.AGENT:
            self.pool.in_use(command.whom, command.leg)
        near = call.id if command.role is Role.AGENT else call.agent_leg
        variables = {"CALL_ID": call.id, "ROLE": command.role.value, "CALLER_CHANNEL": call.id}
        where = {"endpoint": endpoint, "context": "offer", "extension": "s", "priority": 1, "timeout": RINGS}
        await self._ask(
            "POST", f"channels/{command.leg}", {"variables": variables}, originator=near, callerId=call.dialled, **where
        )

    async def _ask(self, method: str, path: str, body: Json | None = None, **query: object) -> Any:
        """What is to be taken away and is away already, is as wanted."""
        if self.ari is None:
            raise AriError(AWAY, "not connected")
        try:
            return await self.ari(method, path, body, **query)
        except AriError as error:
            if method == "DELETE" and error.status in (GONE, CONFLICT):
                return None
            raise

    # While time passes, and after a time without us

    async def _renew(self) -> None:
        """As long as nobody talks with a caller, Asterisk must hear of us, or it takes the caller back."""
        while True:
            await asyncio.sleep(RENEW_EVERY)
            for line in [line for line in self.lines.values() if line.leased]:
                self._start(self._extend(line))

    async def _extend(self, line: Line) -> None:
        if line.leased:  # still: they may just have come together
            await self._ask("POST", f"channels/{line.call.id}/variable", variable=LEASED_UNTIL, value=LEASE)

    async def _resynchronise(self, ari: Ari) -> None:
        """What Asterisk has is the truth: calls that are lost are closed, living ones taken over, legs that belong to nobody ended."""
        await ari("POST", f"applications/{self.access.app}/subscription", eventSource="endpoint:PJSIP")
        channels, bridges = await ari("GET", "channels"), await ari("GET", "bridges")
        found = compared(self.access.app, {id_: line.call for id_, line in self.lines.items()}, channels, bridges)
        self._take_over(found)
        names = {channel["id"]: endpoint(channel) for channel in channels}
        self.pool.are_in_use({id_: name for id_, name in names.items() if name in self.pool.present})
        for path in found.orphans:
            self._start(self._ask("DELETE", path))
        self.connected.set()
        figures = {"channels": len(channels), "adopted": len(found.adopted), "missed": len(found.missed)}
        self.note("resynchronised", "", figures)
        self._distribute()

    def _take_over(self, found: Found) -> None:
        """In one go: whatever fails afterwards, each call that is known is looked after."""
        for call in found.adopted:
            line = self._open(call)
            line.leased = call.waiting
            if call.agent:
                self.pool.take(call.agent)
            if call.waiting and call.state is not State.NEW:  # perhaps it had not come so far
                self._start(self._ask("POST", f"channels/{call.id}/moh"))
            if call.state is State.QUEUED:
                self.pool.seek(call.id, call.last_agent)
        for id_, event in found.missed:
            self.lines[id_].events.put_nowait(event)
        for line in self.lines.values():
            if line.leased:
                self._start(self._extend(line))
            elif line.call.bridge and not line.call.waiting:  # perhaps the lease was not ended any more
                path = f"channels/{line.call.id}/variable"
                self._start(self._ask("POST", path, variable=LEASED_UNTIL, value=0))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(self._guarded(work))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except AriError as error:
            self.note("failed", "", {"reason": str(error)})
        except Exception as error:
            log.exception("exchange.broken", error=type(error).__name__)
