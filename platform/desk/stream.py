"""`/events` on the desk's host: server-sent events with ids only, without a thread or a database connection per open page.

Beside Django: config.asgi hands the path over. The page refetches what it may see; this tells it that something happened.
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from functools import lru_cache, partial
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

import psycopg
import structlog
from asgiref.sync import sync_to_async
from django.conf import settings

from desk import listeners
from desk.beats import Beats
from desk.listeners import Listener
from tenants.events import Event, Hub, Ticket

log = structlog.get_logger(__name__)
HEARTBEAT = 15.0  # seconds between signs of life, which also keep proxies from closing a quiet stream
BEAT = "event: beat\ndata: 1\n\n"  # the page hears it; a comment, or an event without data, it would not
STREAMS_PER_PERSON = 6
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
PLAIN = (b"content-type", b"text/plain; charset=utf-8")
HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


class Streams:
    """The open streams of this process."""

    def __init__(self) -> None:
        self.hub = Hub(self._allowed)
        self.beats = Beats()
        self.open: defaultdict[int, int] = defaultdict(int)  # person -> streams
        self.centre_of: dict[str, int] = {}  # stream -> centre whose members may hear it

    async def _allowed(self, ear: psycopg.AsyncConnection[Any], stream: str, tickets: set[Ticket]) -> set[Ticket]:
        return await listeners.still_allowed(ear, tickets, centre=self.centre_of[stream])

    async def __call__(self, asgi_scope: Message, receive: Receive, send: Send) -> None:
        """One request: refused in a word, or a stream until one side goes."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in asgi_scope["headers"]}
        if status := refusal(asgi_scope["method"], headers):
            await answer(send, status)
            return
        key = session_key(headers.get("cookie", ""))
        listener = await in_thread(listeners.identify)(key) if key else None
        if listener is None:
            await answer(send, 401 if key is None else 403)
        elif self.open[listener.ticket.person] >= STREAMS_PER_PERSON:
            await answer(send, 429)
        else:
            await self.serve(listener, since(asgi_scope, headers), receive=receive, send=send)

    async def serve(self, listener: Listener, position: dict[str, int], *, receive: Receive, send: Send) -> None:
        """Join first, then read what was missed: an overlap is dropped by number, a gap could not be."""
        person = listener.ticket.person
        self.open[person] += 1
        self.centre_of |= listener.streams
        self.beats.arrive(listener)
        queue: asyncio.Queue[Event | None] | None = None
        try:
            queue = await self.hub.join(listener.streams, listener.ticket)
            reached, missed = await in_thread(listeners.catch_up)(listener, position)
            await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
            await send(body(opening(reached, missed)))
            await until_gone(
                receive, deliver(queue, reached, send, moved=partial(self.follow, listener, queue, reached))
            )
        except TimeoutError:
            await answer(send, 503)  # the listener cannot reach the database; the page comes back
        finally:
            if queue is not None:
                self.hub.leave(queue)
            self.beats.leave(listener)
            self.open[person] -= 1
            if not self.open[person]:
                del self.open[person]

    async def follow(self, listener: Listener, queue: "asyncio.Queue[Event | None]", position: dict[str, int]) -> bool:
        """A municipality came or went: hear what the person may hear now. False when the page has to come again, since its centres changed."""
        fresh = await in_thread(listeners.identify)(listener.ticket.session_key)
        if fresh is None or fresh.centres != listener.centres:
            return False
        self.centre_of |= fresh.streams
        self.hub.turn(queue, fresh.streams, fresh.ticket)
        newest, _missed = await in_thread(listeners.catch_up)(fresh, {})
        for stream in newest.keys() - position.keys():
            position[stream] = newest[stream]
        return True


def in_thread(function: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
    """A short stay in a worker thread; the function closes its connection before it returns."""
    return sync_to_async(function, thread_sensitive=False)


def refusal(method: str, headers: dict[str, str]) -> int:
    """The status for a request that is none of ours, 0 for one that may go on: GET, the desk's host, the same origin."""
    host = headers.get("host", "").lower()
    if host.rsplit(":", 1)[0] != f"desk.{settings.RUFVERBUND_DOMAIN}":
        return 404
    if method != "GET":
        return 405
    origin = headers.get("origin")
    foreign = headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}
    return 403 if foreign or (origin and origin.split("//", 1)[-1].lower() != host) else 0


def session_key(cookies: str) -> str | None:
    """The session's key from the Cookie header."""
    try:
        found = SimpleCookie(cookies).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return None
    return found.value if found and found.value.isalnum() and len(found.value) <= 40 else None


def since(asgi_scope: Message, headers: dict[str, str]) -> dict[str, int]:
    """What the page has seen: the browser's Last-Event-ID, or ?since= on a connection of the page's own making."""
    query = parse_qs(asgi_scope.get("query_string", b"").decode("latin-1"))
    return listeners.read_position(headers.get("last-event-id") or query.get("since", [""])[0])


def line(event: Event, position: dict[str, int]) -> str:
    """One event as the stream carries it; the id holds the position of every centre's stream."""
    return f"id: {listeners.position_text(position)}\ndata: {data_of(event)}\n\n"


@lru_cache(maxsize=64)
def data_of(event: Event) -> str:
    """The same for all pages, which get it one after another."""
    return json.dumps({"kind": event.kind, "id": event.object_id, "op": event.op, "stream": event.stream})


def opening(position: dict[str, int], missed: Iterable[Event] | None) -> str:
    """The first bytes: where we are, then what was missed, or the word to fetch everything again."""
    where = listeners.position_text(position)
    hello = f'retry: 2000\nid: {where}\ndata: {{"kind": "{"reset" if missed is None else "hello"}"}}\n\n'
    return hello + "".join(line(event, position) for event in missed or ())


async def deliver(
    queue: "asyncio.Queue[Event | None]", position: dict[str, int], send: Send, *, moved: Callable[[], Awaitable[bool]]
) -> None:
    """Events as they come, a beat when none do, until the hub says that the page may not hear any more.

    `moved` is asked before the page is told that a municipality came or went; False ends the stream, and the page comes again.
    """
    while True:
        try:
            async with asyncio.timeout(HEARTBEAT):  # wait_for would make a task for each event of each page
                event = await queue.get()
        except TimeoutError:
            await send(body(BEAT))
            continue
        is_news = event is not None and event.number > position.get(event.stream, 0)
        if event is None or (is_news and came_or_went(event) and not await moved()):
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            return
        if is_news:
            position[event.stream] = event.number
            await send(body(line(event, position)))


def came_or_went(event: Event) -> bool:
    """Whether a municipality has gone live, is leaving or has left; other changes are its own words and hours."""
    return event.kind == "municipality" and event.op != "changed"


async def until_gone(receive: Receive, work: Awaitable[None]) -> None:
    """Run `work` until it ends or the page goes away."""
    working = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(disconnected(receive))
    try:
        await asyncio.wait({working, gone}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            working.result()
    except OSError:  # the page went while we wrote
        log.debug("events.page_gone")
    finally:
        working.cancel()
        gone.cancel()
        await asyncio.gather(working, gone, return_exceptions=True)


async def disconnected(receive: Receive) -> None:
    """Ends when the client closes its side."""
    while (await receive())["type"] != "http.disconnect":
        pass


def body(text: str) -> Message:
    """A piece of the stream."""
    return {"type": "http.response.body", "body": text.encode(), "more_body": True}


async def answer(send: Send, status: int) -> None:
    """A refusal without words: scripts read the number, people never see it."""
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [PLAIN, (b"cache-control", b"no-store"), (b"retry-after", b"5")],
        }
    )
    await send({"type": "http.response.body", "body": b""})


events = Streams()
