"""Carries out what the core wants at a real Asterisk: one serial task per call, so that what happens to a call happens in order.

An intent is told (`note`) before it is sent. When the connection ends, the calls go on by themselves, under what leases they have; a new one begins
with asking Asterisk what there is (resync.py), since what was said meanwhile is lost.
"""

import asyncio
import itertools
import time
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

import structlog
from websockets.exceptions import WebSocketException

from telephony_bridge.routing import calls as c
from telephony_bridge.routing import lengths, standby
from telephony_bridge.routing.ari import Access, Ari, AriError
from telephony_bridge.routing.calls import Command, Event, Role, Routed, State, Why
from telephony_bridge.routing.core import step
from telephony_bridge.routing.ear import Ear
from telephony_bridge.routing.line import Line, Note, ReplacedError, log_note
from telephony_bridge.routing.pace import Pace
from telephony_bridge.routing.pool import Pool
from telephony_bridge.routing.reception import Reception
from telephony_bridge.routing.requests import Request, lease, request_of
from telephony_bridge.routing.resync import Found, Look, compared, looked_at, started
from telephony_bridge.routing.skills import ANYTHING
from telephony_bridge.routing.taking_over import why_lost

__all__ = ["Exchange", "ReplacedError"]
log = structlog.get_logger(__name__)
RENEW_EVERY = 1.0  # seconds between two signs of life
LEASES_EVERY = 2  # of them
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 2.0  # seconds between two tries to connect
GONE, CONFLICT, AWAY = 404, 409, 503
ESSENTIAL = (c.Make, c.Join, c.Send)  # what comes after them in a step is right only when they were done
AWAY_STATES = ("break", "away")  # who is on a break, or gone, is not sent back whom they sent away
WAITS = (State.NEW, State.QUEUED, State.OFFERED)


class Exchange:
    """One Asterisk. `agents` are the telephones that are free at the beginning; `note` is told of everything, intents first.

    `name` is what a standby sees (standby.py). `wrap_up`: after a talk an agent is present only when that is said again (`attend`); else at once.
    """

    def __init__(
        self,
        access: Access,
        agents: tuple[str, ...] = (),
        note: Note | None = None,
        *,
        wrap_up: bool = False,
        name: str = "alone",
    ) -> None:
        self.access, self.wrap_up, self.name = access, wrap_up, name
        self.pace = Pace()
        self.fetched: dict[str, str] = {}  # legs whose ids are not ours, from the safety net -> call
        self.reception = Reception()
        self.left_at: dict[str, int] = {}  # telephone -> number of the note after which they are not present
        self.note: Note = note or log_note
        self.pool = Pool(agents)
        self.lines: dict[str, Line] = {}
        self.ari: Ari | None = None
        self.tasks: set[asyncio.Task[None]] = set()
        self.connected = asyncio.Event()  # and all is known
        self.look = Look(self.ask)
        self.awake_at = time.monotonic()  # when we were there last
        self.started: datetime | None = None  # when Asterisk was, as it says itself

    async def run(self) -> None:
        """Until cancelled. Raises ReplacedError."""
        pause = FIRST_PAUSE
        renewing = asyncio.create_task(self._renew())
        try:
            while True:
                try:
                    await self._refuse_if_replaced()
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
        ear = Ear(self)
        async for event in ari.events():
            if event.get("type") == "ApplicationReplaced":
                raise ReplacedError(f"another client uses the name {self.access.app}")
            if self.was_frozen():
                self.connected.clear()
                continue
            try:
                ear.hears(event)
            except (KeyError, TypeError, ValueError, AttributeError) as error:  # nobody's call may depend on it
                log.warning("exchange.strange_event", type=str(event.get("type"))[:80], error=repr(error)[:200])

    # What agents want, and who is there

    def wish(self, call: str, event: Event) -> bool:
        """What an agent wants of a call; False where that cannot be now: it is over, or we are not connected."""
        if call not in self.lines or not self.connected.is_set():
            return False
        self.lines[call].events.put_nowait(event)
        return True

    def come(self, agent: str) -> None:
        """An agent takes calls."""
        self.pool.come(agent)
        self.distribute()

    def leave(self, agent: str) -> None:
        """And takes none any more."""
        self.pool.leave(agent)

    def attend(self, states: Mapping[str, str], as_of: int) -> None:
        """What all telephones' agents are now (telephone -> ready, busy, wrap-up, break, away), as far as the notes up to `as_of` were known.

        Who has left since by what happened here is not brought back by what somebody has read before.
        """
        for agent, state in states.items():
            if state == "ready" and agent not in self.pool.present and self.left_at.get(agent, 0) <= as_of:
                self.pool.come(agent)
                self.pace.ends(agent, time.monotonic())
            elif state in AWAY_STATES or (state != "ready" and agent in self.pool.present):
                self.pool.leave(agent, for_good=state in AWAY_STATES)
        for agent in self.pool.present - states.keys():
            self.pool.leave(agent, for_good=True)
        self.distribute()

    def receive(self, reception: Reception) -> None:
        """What callers hear from now on; where that is that the centre has closed at once, who waits hears it, too."""
        self.reception = reception
        for line in (line for line in self.lines.values() if line.wants == ANYTHING):  # taken over from another process
            line.wants = reception.wants({"dialled": line.call.dialled})
            self.pool.want(line.call.id, line.wants)
        for line in self.lines.values() if reception.shut else ():
            line.events.put_nowait(c.Shut(reception.shut))

    def announce(self, now: float) -> None:
        """Tell those who wait their place and how long it will take."""
        waiting = (self.lines[call] for call in self.pool.order())
        for line, text in self.pace.due(waiting, len(self.pool.present | self.pool.taken), now):
            line.events.put_nowait(c.Told(self.reception.say(text)))

    # A call

    def open(self, call: Routed) -> Line:
        """A call is known, and served from now on."""
        line = self.lines[call.id] = Line(call)
        self.start(self._serve(line))
        return line

    async def _serve(self, line: Line) -> None:
        """Whatever goes wrong here, the lease is no longer renewed then, and the dialplan takes the caller back."""
        try:
            while line.call.state is not State.ENDED:
                await self._happens(line, await line.events.get())
                await asyncio.sleep(0)  # what fails at once must not keep all others waiting
        finally:
            line.leased = False
            del self.lines[line.call.id]
            self.pool.over(line.call.id)
            for agent in filter(None, (line.call.agent, line.call.leader)):
                self.pool.release(agent)
            for release in line.unheard():
                self._about_agents(line.call.id, release)

    async def _happens(self, line: Line, event: Event) -> None:
        told = step(line.call, event)
        before, line.call = line.call, told.call
        if not told.done:
            self.note("refused", line.call.id, {"event": type(event).__name__})
        elif told.call != before:
            self._seen(line.call, type(event).__name__)
        self._keep_place(line.call)
        broken = False
        for command in told.commands:
            if isinstance(command, c.Seek | c.Forgo | c.Release):
                self._about_agents(line.call.id, command)
            elif isinstance(command, c.CallBack):
                self.note("callback", line.call.id, {})
            elif not broken:
                broken = not await self._obey(line, command) and isinstance(command, ESSENTIAL)
        if broken:
            await self._mend(line)

    async def _mend(self, line: Line) -> None:
        """They are not together as they should be: Asterisk is asked how they are, now or after the next connection."""
        line.torn = True
        with suppress(AriError):
            self._take_over(await looked_at(self.look, self.access.app, line.call), [line])
            self.distribute()

    def _seen(self, call: Routed, event: str) -> None:
        """The whole of it, so that whoever reads it later needs nothing that was before."""
        self.note("seen", call.id, {
            "event": event, "state": call.state.value, "dialled": call.dialled, "agent": call.agent, "last_agent": call.last_agent,
            "target": call.target, "waiting": call.waiting,
        })  # fmt: skip

    def _keep_place(self, call: Routed) -> None:
        """Who is sent away may come back, to the same agent first; who is with somebody has no place in the queue."""
        sent_away = call.state is State.BLIND or (call.state is State.DIALLING and call.agent is None)
        if sent_away and call.last_agent:
            self.pool.promise(call.id, call.last_agent)
        elif call.state not in WAITS:
            self.pool.over(call.id)

    async def _obey(self, line: Line, command: Command) -> bool:
        """Whether Asterisk did it. What cannot be sent now is not sent later: after the next connection Asterisk is asked what there is."""
        try:
            await self._at_asterisk(line, command)
        except AriError as error:
            self.note("failed", line.call.id, {"command": type(command).__name__, "reason": str(error)})
            if isinstance(command, c.Play):  # what cannot be played is as good as heard
                line.events.put_nowait(c.Played())
            if isinstance(command, c.Dial) and error.status != CONFLICT:
                self.pool.hung_up(command.leg)
                line.events.put_nowait(c.LegGone(command.leg, rang=error.status != AWAY))
            return False
        return True

    def _about_agents(self, call: str, command: Command) -> None:
        match command:
            case c.Seek(preferred):
                line = self.lines.get(call)
                if line:
                    self.pool.seek(call, preferred, wants=line.wants, since=line.since)
            case c.Forgo():
                self.pool.forgo(call)
            case c.Release(agent, why):
                number = self.note("released", call, {"agent": agent, "why": why.value}) or 0
                absent = why is Why.NOT_ANSWERED  # who is not there gets no more calls until there again
                if absent or (self.wrap_up and why is Why.CALL_OVER):
                    self.left_at[agent] = number
                    self.pool.leave(agent, for_good=absent)
                self.pool.release(agent)
        self.distribute()

    def distribute(self) -> None:
        """Nobody is given a call whose telephone could not be rung now."""
        can_ring = self.connected.is_set() and self.ari is not None and self.ari.is_open
        for call, agent in self.pool.pairs(time.time()) if can_ring else []:
            self.pace.begins(agent, time.monotonic())
            self.lines[call].events.put_nowait(c.AgentFound(agent))

    async def _at_asterisk(self, line: Line, command: Command) -> None:
        if isinstance(command, c.Lease):
            line.leased = command.on
        if isinstance(command, c.Dial) and command.role is not Role.TARGET:
            self.pool.in_use(command.whom, command.leg)
        if isinstance(command, c.Play):
            await self.ask(lease(line.call.id, longer=lengths.seconds(command.media)))
        if wanted := request_of(line.call, command):
            await self.ask(wanted)

    async def ask(self, wanted: Request) -> Any:
        """What is to be taken away and is away already, is as wanted."""
        if self.ari is None or self.was_frozen():
            raise AriError(AWAY, "not connected")
        try:
            return await self.ari(wanted.method, wanted.path, wanted.body, **wanted.query)
        except AriError as error:
            if wanted.method == "DELETE" and error.status in (GONE, CONFLICT):
                return None
            raise

    # While time passes, and after a time without us

    async def _renew(self) -> None:
        """As long as nobody talks with a caller, Asterisk must hear of us, or it takes the caller back."""
        for count in itertools.count():
            try:
                self._beat(count)
            except Exception as error:  # the next beat must come: without it all callers would be taken back
                log.exception("exchange.broken", error=type(error).__name__)
            await asyncio.sleep(RENEW_EVERY)

    def _beat(self, count: int) -> None:
        if count % LEASES_EVERY == 0:
            for line in [line for line in self.lines.values() if line.leased]:
                self.start(self._extend(line))
        if self.was_frozen():
            self.start(self._wake())
        else:
            self.awake_at = time.monotonic()
            if self.ari:
                self.start(standby.renew(self.ari, self.name, count))
        self.announce(time.monotonic())
        self.distribute()  # who waited long enough for somebody who suits is taken by anybody

    def was_frozen(self) -> bool:
        """Whether this process stood still for so long that another may have taken over: what Asterisk said meanwhile is not the truth any more."""
        return time.monotonic() - self.awake_at > standby.SILENT

    async def _refuse_if_replaced(self) -> None:
        """Raises ReplacedError where another took over while we stood still: connected again, we would take the exchange away from it."""
        if self.was_frozen():
            if await standby.is_anothers(self.access, self.name):
                raise ReplacedError("another client took over while this one stood still")
            self.awake_at = time.monotonic()

    async def _wake(self) -> None:
        """Without another, all is asked anew, by a new connection."""
        try:
            await self._refuse_if_replaced()
        except ReplacedError:
            if self.ari:
                self.ari.inbox.put_nowait({"type": "ApplicationReplaced"})
            return
        if self.ari:
            await self.ari.socket.close()

    async def _extend(self, line: Line) -> None:
        if line.leased and not line.call.playing:  # still: they may just have come together
            await self.ask(lease(line.call.id))

    async def _resynchronise(self, ari: Ari) -> None:
        """What Asterisk has is the truth: calls that are lost are closed, living ones taken over, legs that belong to nobody ended."""
        await ari("POST", f"applications/{self.access.app}/subscription", eventSource="endpoint:PJSIP")
        self.started = started(await ari("GET", "asterisk/info", only="status"))
        channels, bridges = await ari("GET", "channels"), await ari("GET", "bridges")
        known = {id_: line.call for id_, line in self.lines.items()}
        torn = {id_ for id_, line in self.lines.items() if line.torn}
        found = compared(self.access.app, known, channels, bridges, torn)
        await standby.renew(ari, self.name, 0)
        self._take_over(found)
        self.pool.are_in_use(found.telephones)
        self.connected.set()
        figures = {"channels": len(channels), "adopted": len(found.adopted), "missed": len(found.missed)}
        self.note("resynchronised", "", {**figures, "living": found.living})
        self.distribute()

    def _take_over(self, found: Found, lines: Sequence[Line] = ()) -> None:
        """In one go: whatever fails afterwards, each call that is known is looked after. `lines`: of these alone the leases are renewed."""
        for path in (*found.sounds, *found.orphans):
            self.start(self.ask(Request("DELETE", path)))
        for call in found.adopted:
            self._adopt(call, found.since.get(call.id))
        for id_, event in found.missed:
            self.lines[id_].events.put_nowait(event)
        for line in lines or list(self.lines.values()):
            if line.leased:
                self.start(self._extend(line))
            elif line.call.bridge and not line.call.waiting and not line.torn:  # perhaps it was not ended any more
                self.start(self.ask(lease(line.call.id, on=False)))

    def _adopt(self, call: Routed, since: float | None) -> None:
        """`since`: when the caller came."""
        line = self._known_as(call) or self.open(call)
        self._seen(line.call, "Adopted")
        line.leased, line.since = call.waiting, since or line.since
        self._keep_place(call)
        if call.agent:
            self.pool.take(call.agent)
        if call.agent_leg and not c.OWN_ID.fullmatch(call.agent_leg):
            self.fetched[call.agent_leg] = call.id
        if call.waiting and call.state is not State.NEW:  # perhaps it had not come so far
            self.start(self.ask(Request("POST", f"channels/{call.id}/moh")))
        if call.state is State.QUEUED:
            self.pool.seek(call.id, call.last_agent, wants=line.wants, since=line.since)

    def _known_as(self, call: Routed) -> Line | None:
        """The call is as Asterisk says, whatever we thought."""
        if line := self.lines.get(call.id):
            if line.call.agent and line.call.agent != call.agent:
                self._about_agents(call.id, c.Release(line.call.agent, why_lost(line.call, call)))
            if line.call.leader:
                self._about_agents(call.id, c.Release(line.call.leader, Why.NOT_TAKEN))
            last = call.last_agent or line.call.last_agent
            line.call, line.torn = replace(call, count=max(call.count, line.call.count), last_agent=last), False
        return line

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Something that nobody waits for."""
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
