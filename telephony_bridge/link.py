"""One centre's exchange of our own: the routing in a thread with a loop, and what it needs of the database in another.

Nothing in the path of a call waits for PostgreSQL: what happens goes into the spool (routing/spool.py) and from there into the calls; presences and
what agents want come the other way, as soon as the bell rings, else every second.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import psycopg
import structlog
from django.conf import settings
from django.db import Error, connection, connections

from telephony_bridge import actions, record
from telephony_bridge.actions.life import SHOWN_EVERY, show_life
from telephony_bridge.asterisk.ami import Ami, AmiError, GoneError, ManagerAccess
from telephony_bridge.asterisk.safety_net import SafetyNet, adopt, fetch, talks, waiting
from telephony_bridge.lead_queries import put_first_calls
from telephony_bridge.models import ExchangeCommand, Source
from telephony_bridge.presence import BELL
from telephony_bridge.receptions import Voice, reception_of
from telephony_bridge.routing import calls as c
from telephony_bridge.routing import leading
from telephony_bridge.routing.ari import Access, Json
from telephony_bridge.routing.exchange import Exchange
from telephony_bridge.routing.skills import Skills
from telephony_bridge.routing.spool import Spool
from telephony_bridge.routing.standby import wait_for_turn
from telephony_bridge.skill_queries import Known
from telephony_bridge.staff import Agent, agents_at_telephones
from tenants import scope
from tenants.backend.base import login_password

log = structlog.get_logger(__name__)
T = TypeVar("T")
BATCH = 200  # records in a transaction
FETCH_EVERY = 3.0  # seconds between two looks at what the safety net has connected
RECEPTION_EVERY = 2.0  # seconds
LOOK_EVERY = 1.0  # seconds, also when no bell rings
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 10.0  # seconds between two tries while the database is away
EVENTS: dict[str, Callable[[ExchangeCommand], c.Event]] = {
    "accept": lambda _: c.Accept(),
    "decline": lambda _: c.HangUp(),
    "hold": lambda _: c.Hold(),
    "resume": lambda _: c.Resume(),
    "transfer": lambda wanted: c.Transfer(wanted.number, _concern(wanted)),
    "consult": lambda wanted: c.Consult(wanted.number, _concern(wanted)),
    "swap": lambda _: c.Swap(),
    "complete": lambda _: c.Complete(),
    "cancel": lambda _: c.Cancel(),
    "hang_up": lambda _: c.HangUp(),
}


@dataclass(frozen=True, slots=True)
class Besides:
    """What an exchange offers besides its calls. With `manager` (AMI) the members of the safety net's queue follow the desk; `cel` is its log of
    events, the record of calls; `sounds` is a folder that it reads: announcements are spoken into it."""

    manager: ManagerAccess | None = None
    cel: Path | None = None
    sounds: Path | None = None


class Link:
    """The exchange of one centre, from `start` to `stop`. `ended` is called when the routing ends by itself, with what it ended by."""

    def __init__(
        self,
        centre_id: int,
        access: Access,
        spool: Spool,
        ended: Callable[[BaseException], None] | None = None,
        besides: Besides | None = None,
    ) -> None:
        besides = besides or Besides()
        self.centre_id, self.access, self.spool = centre_id, access, spool
        self.ended = ended or (lambda error: log.error("link.ended", error=str(error)))
        self.exchange: Exchange | None = None  # None: another bridge is active
        self.in_order: Exchange | None = None  # in which callers stand where supervisors have put them
        self.net = SafetyNet(besides.manager) if besides.manager else None
        self.cel = besides.cel
        self.voice = Voice(besides.sounds) if besides.sounds else None
        self.known = Known(centre_id)  # what agents can do
        self.shown_at = 0.0  # monotonic time
        self.received_at = 0.0  # monotonic time at which the reception was read
        self.loop: asyncio.AbstractEventLoop | None = None
        self.task: asyncio.Task[None] | None = None
        self.stopping, self.wake = threading.Event(), threading.Event()
        self.stored = 0  # the number up to which the spool is in the database
        self.source: Source | None = None
        # Who sat where in the last round: who was offered a call since did so, too.
        self.agents: dict[str, Agent] | None = None
        self.backend = 0  # the database's process that serves our rounds
        self.rung = threading.Event()  # somebody wants something
        self.looked_at = 0.0  # monotonic time at which we looked for it last
        self.threads = [threading.Thread(target=work, name=name, daemon=True) for name, work in self._works()]

    def _works(self) -> list[tuple[str, Callable[[], None]]]:
        return [("routing", self._route), ("records", self._keep), ("bell", self._listen)]

    def start(self) -> None:
        """Begin; returns at once."""
        for thread in self.threads:
            thread.start()

    def stop(self) -> None:
        """End the routing, then write what it left. Calls go on by themselves."""
        self.stopping.set()
        if self.loop and self.task and self.loop.is_running():
            self.loop.call_soon_threadsafe(self.task.cancel)
        self.wake.set()
        for thread in self.threads[:2]:
            thread.join(10)
        if self.voice:
            self.voice.close()
        self.spool.close()

    # The routing

    def _route(self) -> None:
        try:
            asyncio.run(self._routed())
        except asyncio.CancelledError:
            log.info("link.routing_ended")
        except BaseException as error:  # noqa: BLE001  whatever it is, nobody would serve this exchange any more
            self.ended(error)

    async def _routed(self) -> None:
        self.loop, self.task = asyncio.get_running_loop(), asyncio.current_task()
        if self.stopping.is_set():
            return
        await wait_for_turn(self.access, self.spool.id)
        self.exchange = Exchange(self.access, note=self._note, wrap_up=True, name=self.spool.id)
        log.info("link.active", asterisk=f"{self.access.host}:{self.access.port}")
        self.wake.set()
        net = asyncio.create_task(self._nets(self.exchange)) if self.net else None
        try:
            await self.exchange.run()
        finally:
            self.exchange = None
            if net:
                net.cancel()

    async def _nets(self, exchange: Exchange) -> None:
        """The safety net follows the desk, and gives back the calls that it has connected while we were away."""
        assert self.net
        async with asyncio.TaskGroup() as group:
            group.create_task(self.net.run())
            while True:
                await exchange.connected.wait()
                try:
                    if not exchange.was_frozen():
                        async with Ami.connected(self.net.access, listen=False) as ami:
                            await _fetch_all(ami)
                except (OSError, AmiError, TimeoutError, ValueError) as error:
                    log.warning("link.not_fetched", reason=type(error).__name__)
                await asyncio.sleep(FETCH_EVERY)

    def _note(self, what: str, call: str, details: Json) -> int:
        """Into the spool first; the database follows."""
        number = self.spool.append(what, call, details)
        if what in ("failed", "away", "resynchronised"):
            log.info("exchange", what=what, call=call, **details)
        self.wake.set()
        return number

    # The database

    def _keep(self) -> None:
        pause = 0.0
        while True:
            self.wake.wait(pause or LOOK_EVERY)
            last = self.stopping.is_set()
            self.wake.clear()
            try:
                self._round()
                pause = 0.0
            except (Error, OSError) as error:
                pause = min(LONGEST_PAUSE, pause * 2 or FIRST_PAUSE)
                log.warning("link.database_away", error=str(error).partition("\n")[0][:200], next_try_s=pause)
                self._rest(pause)
            except Exception as error:
                pause = LONGEST_PAUSE
                log.exception("link.broken", error=type(error).__name__)  # the next round may go well; routing goes on
                self._rest(pause)
            if last:
                connections.close_all()
                return

    def _rest(self, pause: float) -> None:
        self.source = self.agents = None
        self._flush()
        connections.close_all()
        self.stopping.wait(pause)

    def _round(self) -> None:
        """What has happened, then what agents want, then who is there: in this order, so that a presence is never older than what was done to it."""
        with scope.telephony():
            source = self.source = self.source or self._source()
            self.stored = self.stored or actions.position_of(source, self.spool.id)
            while records := self.spool.read(self.stored, BATCH):
                self.stored = actions.store_records(source, self.spool.id, records, agents=self.agents)
                if len(records) < BATCH and not self.stopping.is_set():
                    break  # what has come meanwhile is the next round's: agents who are free again need not wait for a quiet moment
            self.spool.forget(self.stored)
            if exchange := self.exchange:
                self._show_life(exchange, source)
                self._receive(exchange)  # first: who is taken over is given to somebody as soon as somebody is there
                self._put_first_again(exchange)
                if looks := self.rung.is_set() or time.monotonic() - self.looked_at >= LOOK_EVERY:
                    self.rung.clear()
                    self.looked_at = time.monotonic()
                    self._obey(exchange)
                self.agents = agents_at_telephones(self.centre_id)
                agents = self.agents.values()
                states, skills = {agent.telephone: agent.state for agent in agents}, self.known.at(agents, anew=looks)
                self._in_loop(lambda: self._attend(exchange, states, skills))
            self.backend = connection.connection.info.backend_pid if connection.connection else 0

    def _show_life(self, exchange: Exchange, source: Source) -> None:
        """Who presses something while we do not is told so at once."""
        if exchange.connected.is_set() and time.monotonic() - self.shown_at >= SHOWN_EVERY:
            show_life(source)
            self.shown_at = time.monotonic()

    def _put_first_again(self, exchange: Exchange) -> None:
        """Whom a supervisor has put before the others stays there, also when it was another bridge that was told."""
        if self.in_order is not exchange and exchange.connected.is_set():
            calls = put_first_calls(self.centre_id)
            self._in_loop(lambda: [leading.put_first(exchange, call) for call in calls])
            self.in_order = exchange

    def _attend(self, exchange: Exchange, states: dict[str, str], skills: dict[str, Skills]) -> None:
        exchange.pool.learn_all(skills)
        exchange.attend(states, self.stored)
        if self.net:  # who writes or talks now can be called by the safety net, which comes when nothing of ours works
            self.net.want({name: state == "break" for name, state in states.items() if state != "away"})

    def _receive(self, exchange: Exchange) -> None:
        """What callers hear, as it is now; a moment later, where somebody has changed it."""
        if time.monotonic() - self.received_at >= RECEPTION_EVERY:
            reception = reception_of(self.centre_id, self.voice)
            self.received_at = time.monotonic()
            self._in_loop(lambda: exchange.receive(reception))
            if self.voice:
                self.voice.tidy()

    # The record

    def follow_record(self) -> int:
        """Read what is new in the exchange's own log (telephony scope); 0, since there is always something. Only the active bridge does it."""
        if self.cel and (exchange := self.exchange):
            record.follow(self._source(), self.cel, started=exchange.started)
        return 0

    def compare_record(self) -> int:
        """Compare calls that are over with it (telephony scope); how many differ."""
        return record.compare(self._source()) if self.cel and self.exchange else 0

    def _in_loop(self, work: Callable[[], T]) -> T | None:
        """What it gives; None where the routing has just ended."""

        async def done() -> T:
            return work()

        coroutine = done()
        try:
            assert self.loop
            return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(5)
        except (RuntimeError, TimeoutError, CancelledError) as error:
            coroutine.close()
            log.info("link.not_told", reason=type(error).__name__)
            return None

    def _flush(self) -> None:
        try:
            self.spool.flush()
        except OSError as error:
            log.exception("spool.not_flushed", error=str(error))

    def _source(self) -> Source:
        return actions.asterisk_source(self.centre_id)

    def _obey(self, exchange: Exchange) -> None:
        """At most once: what is marked and then not done, since we died, is pressed again by who wanted it."""
        wanted = actions.open_commands(self.centre_id)
        if not wanted:
            return
        late = {one.pk for one in wanted if actions.is_late(one)}
        actions.end_commands({one.pk: "late" if one.pk in late else "done" for one in wanted})
        seats = {agent.person_id: agent.telephone for agent in agents_at_telephones(self.centre_id).values()}
        deeds = {one.pk: _deed(one, seats) for one in wanted if one.pk not in late}
        done = self._in_loop(lambda: {pk for pk, deed in deeds.items() if deed(exchange)}) or set()
        if refused := {pk: "refused" for pk in deeds if pk not in done}:
            actions.end_commands(refused)

    def _listen(self) -> None:
        """The bell only wakes; what there is to do is read then."""
        database: dict[str, Any] = settings.DATABASES["default"]
        while not self.stopping.is_set():
            try:
                with psycopg.connect(
                    host=database["HOST"] or None,
                    port=database["PORT"] or None,
                    dbname=database["NAME"],
                    user="listener",
                    password=login_password("listener"),
                    autocommit=True,
                    connect_timeout=5,
                ) as ear:
                    ear.execute(f"LISTEN {BELL}")
                    while not self.stopping.is_set():
                        for note in ear.notifies(timeout=LOOK_EVERY, stop_after=1):
                            if note.payload == str(self.centre_id) and note.pid != self.backend:  # not for our own news
                                self.rung.set()
                                self.wake.set()
            except psycopg.Error as error:
                log.warning("link.bell_lost", error=str(error).partition("\n")[0][:200])
                self.stopping.wait(FIRST_PAUSE)


def _deed(wanted: ExchangeCommand, seats: Mapping[int, str]) -> Callable[[Exchange], bool]:
    """What an exchange does for a wish, in its loop; whether it could. `seats`: at which telephone a person sits."""
    call = wanted.call.external_id
    if wanted.verb == "first":
        return lambda exchange: leading.put_first(exchange, call)
    if wanted.verb == "pull":
        telephone = seats.get(wanted.person_id, "")
        return lambda exchange: leading.pull(exchange, call, telephone)
    if wanted.verb == "take_over":
        telephone, name = seats.get(wanted.person_id, ""), _concern(wanted)
        return lambda exchange: leading.take_over(exchange, call, telephone, name)
    event = EVENTS[wanted.verb](wanted)
    return lambda exchange: exchange.wish(call, event)


async def _fetch_all(ami: Ami) -> None:
    """Each by itself: one who has just hung up hinders nobody."""
    wanted = [partial(adopt, ami, caller, agent) for caller, agent in await talks(ami)]
    wanted += [partial(fetch, ami, caller) for caller in await waiting(ami)]
    for one in wanted:
        try:
            await one()
        except GoneError:
            raise
        except AmiError as error:
            log.info("link.not_fetched", reason=str(error))


def _concern(wanted: ExchangeCommand) -> str:
    """What a target reads on the telephone's display: for whom, and what about."""
    call = wanted.call
    return ": ".join(filter(None, [call.municipality.name if call.municipality else "", call.wish]))
