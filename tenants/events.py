"""Live events: one LISTEN connection per process, a queue per open page, ids only (docs/adr/0005).

NOTIFY is a door bell that anybody may ring; what happened is read from the outbox. A stream's numbers have no gaps and commit in
order, so "everything after Last-Event-ID" is exact. Who may hear is asked at subscription and again at delivery.
"""

import asyncio
import contextlib
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
import structlog
from django.conf import settings
from django.db import connection

from tenants import scope
from tenants.backend.base import login_password

log = structlog.get_logger(__name__)
CHANNEL = "rufverbund"
HEARTBEAT = 15.0  # seconds
AT_ONCE = 20  # pages that are told before others have a turn
LATEST = 100  # lines that the first bell of a stream repeats; pages drop what they have by its number
SINCE = "SELECT number, kind, object_id, op FROM public.tenants_outboxentry WHERE stream = %s AND number > %s ORDER BY number LIMIT %s"
TELL_ALL = """SELECT public.tell_centre(%s, kind, object, op)
    FROM unnest(%s::text[], %s::text[], %s::text[]) WITH ORDINALITY AS news (kind, object, op, place) ORDER BY place"""
NEWEST = "SELECT stream, max(number) FROM public.tenants_outboxentry WHERE stream = ANY(%s) GROUP BY stream"


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the outbox: ids only; the page refetches what it may see."""

    stream: str
    number: int
    kind: str
    object_id: str
    op: str


@dataclass(frozen=True, slots=True)
class Ticket:
    """For whom a page listens."""

    person: int
    session_key: str


Allowed = Callable[[psycopg.AsyncConnection[Any], str, set[Ticket]], Awaitable[set[Ticket]]]


def tell_centre(centre_id: int, kind: str, object_id: object, op: str) -> None:
    """Tell the desks of a centre, on commit of the running transaction: `kind` and id of what changed, and what happened to it.

    In a municipality's scope the news go out on its own stream, to which the desks of its centre listen as well.
    """
    with connection.cursor() as cursor:
        if scope.required().schema == scope.PUBLIC:
            cursor.execute("SELECT public.tell_centre(%s, %s, %s, %s)", [centre_id, kind, str(object_id), op])
        else:
            cursor.execute("SELECT public.tell_own(%s, %s, %s)", [kind, str(object_id), op])


def tell_centre_all(centre_id: int, news: Sequence[tuple[str, object, str]]) -> None:
    """The same for several at once, in their order: (kind, id, what happened to it). Not in a municipality's scope."""
    if news:
        with connection.cursor() as cursor:
            columns = [[str(one[place]) for one in news] for place in range(3)]
            cursor.execute(TELL_ALL, [centre_id, *columns])


def newest(streams: Iterable[str]) -> dict[str, int]:
    """The last number of each stream, 0 where nothing happened yet. In the desk's scope."""
    wanted = list(streams)
    with connection.cursor() as cursor:
        cursor.execute(NEWEST, [wanted])
        return dict.fromkeys(wanted, 0) | dict(cursor.fetchall())


def read_since(stream: str, number: int, limit: int = 500) -> list[Event]:
    """What happened in a stream after `number`, oldest first, at most `limit` lines. In the desk's scope."""
    with connection.cursor() as cursor:
        cursor.execute(SINCE, [stream, number, limit])
        return [Event(stream, *row) for row in cursor.fetchall()]


class Hub:
    """Hears the bell for the whole process. `allowed` says which tickets may (still) hear a stream."""

    def __init__(self, allowed: Allowed) -> None:
        self.allowed = allowed
        self.queues: defaultdict[str, dict[asyncio.Queue[Event | None], Ticket]] = defaultdict(dict)
        self.last: dict[str, int] = {}  # stream -> number that was handed out
        self.listening = asyncio.Event()
        self.task: asyncio.Task[None] | None = None

    async def join(self, streams: Iterable[str], ticket: Ticket) -> "asyncio.Queue[Event | None]":
        """Register before reading what was missed: an overlap is dropped by number, a gap could not be."""
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(self._listen())
        await asyncio.wait_for(self.listening.wait(), 10)
        queue: asyncio.Queue[Event | None] = asyncio.Queue(maxsize=1000)
        self.turn(queue, streams, ticket)
        return queue

    def turn(self, queue: "asyncio.Queue[Event | None]", streams: Iterable[str], ticket: Ticket) -> None:
        """From now on a page hears these streams and no others; what it was given already stays."""
        self.leave(queue)
        for stream in streams:
            self.queues[stream][queue] = ticket

    def leave(self, queue: "asyncio.Queue[Event | None]") -> None:
        """Forget a page that went away."""
        for stream in [stream for stream, queues in self.queues.items() if queues.pop(queue, None) and not queues]:
            del self.queues[stream]
            self.last.pop(stream, None)

    async def _listen(self) -> None:
        while True:
            try:
                await self._hear()
            except Exception as error:  # noqa: BLE001  the server restarted, or worse: listen again, then look what was missed
                log.warning(
                    "events.listener_lost", error=str(error).splitlines()[0] if str(error) else type(error).__name__
                )
                self.listening.clear()
                await asyncio.sleep(0.5)

    async def _hear(self) -> None:
        database: dict[str, Any] = settings.DATABASES["default"]
        async with await psycopg.AsyncConnection.connect(
            host=database["HOST"] or None,
            port=database["PORT"] or None,
            dbname=database["NAME"],
            user="listener",
            password=login_password("listener"),
            autocommit=True,
            connect_timeout=5,
            prepare_threshold=None,
        ) as ear:
            await ear.execute(f"LISTEN {CHANNEL}")
            rung, check_at = set(self.queues), time.monotonic() + HEARTBEAT
            self.listening.set()
            while True:
                for stream in rung & self.queues.keys():
                    await self._deliver(ear, stream)
                if time.monotonic() >= check_at:  # by the clock: a busy stream must not keep a quiet one unchecked
                    await self._check(ear)
                    check_at = time.monotonic() + HEARTBEAT
                wait = max(0.01, check_at - time.monotonic())
                rung = {note.payload async for note in ear.notifies(timeout=wait, stop_after=1)}

    async def _deliver(self, ear: psycopg.AsyncConnection[Any], stream: str) -> None:
        """One query for the news and one for who may hear, however many pages are open.

        Where no page has heard anything yet, a bell that rang while it was still reading its position may have been missed:
        the latest lines are repeated then.
        """
        is_first = stream not in self.last
        if is_first:
            row = await (await ear.execute(NEWEST, ([stream],))).fetchone()
            self.last[stream] = max(0, row[1] - LATEST) if row else 0
        rows = await (await ear.execute(SINCE, (stream, self.last[stream], 500))).fetchall()
        if not rows:
            return
        if rows[0][0] > self.last[stream] + 1 and not is_first:  # we slept until some were forgotten: pages begin anew
            for queue in list(self.queues.get(stream, {})):
                self._put(queue, None)
            self.last[stream] = rows[-1][0]
            return
        asked = dict(
            self.queues.get(stream, {})
        )  # who joins during the question has not been asked, and reads these lines itself
        allowed = await self.allowed(ear, stream, set(asked.values()))
        self.last[stream] = rows[-1][0]
        news: list[Event | None] = [Event(stream, *row) for row in rows]
        for nth, (queue, ticket) in enumerate(asked.items(), start=1):
            if queue in self.queues.get(stream, {}):  # still: it may have gone, or turned to others, meanwhile
                for event in news if ticket in allowed else [None]:
                    self._put(queue, event)
            if nth % AT_ONCE == 0:
                await asyncio.sleep(
                    0
                )  # let these be written, and others have their turn: a call that is being reported
        if len(rows) == 500:
            await self._deliver(ear, stream)

    async def _check(self, ear: psycopg.AsyncConnection[Any]) -> None:
        """Pages whose session or membership has ended are closed even when nothing happens."""
        for stream in list(self.queues):
            asked = dict(self.queues.get(stream, {}))
            allowed = await self.allowed(ear, stream, set(asked.values())) if asked else set()
            for queue in (queue for queue, ticket in asked.items() if ticket not in allowed):
                self._put(queue, None)

    @staticmethod
    def _put(queue: "asyncio.Queue[Event | None]", event: Event | None) -> None:
        """A page that reads too slowly is closed; it reconnects and catches up by Last-Event-ID."""
        with contextlib.suppress(asyncio.QueueFull):
            queue.put_nowait(event)
            return
        while not queue.empty():
            queue.get_nowait()
        queue.put_nowait(None)
