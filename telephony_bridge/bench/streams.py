"""Many open desks without browsers: raw connections to the event stream that note when bytes arrived, and read them afterwards."""

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from telephony_bridge.bench.stage import Stage
from tenants.errors import Refusal

OPENING = 10  # connections that are opened at a time
PATIENCE = 120.0  # seconds for all of them
ATTEMPTS, SETTLE = 5, 1.0  # times, seconds


class Desk(asyncio.Protocol):
    """One stream. `received` holds (Unix seconds, bytes) as they came."""

    def __init__(self, request: bytes) -> None:
        self.request, self.received = request, list[tuple[float, bytes]]()
        self.greeted: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the stream."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        """Note it; reading comes later, so that it delays nobody."""
        self.received.append((time.time(), data))
        if not self.greeted.done() and b'"hello"' in data:
            self.greeted.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """Before the greeting: it was refused."""
        if not self.greeted.done():
            said = b"".join(data for _at, data in self.received)[:60]
            self.greeted.set_exception(Refusal(f"Der Ereignisstrom wurde abgewiesen: {said!r}"))

    def calls(self) -> dict[str, float]:
        """When each new call was heard of, by its id, in order."""
        heard: dict[str, float] = {}
        rest = b""
        for at, data in self.received:
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                if line.startswith(b"data: {"):
                    event = json.loads(line[6:])
                    if event.get("kind") == "call" and event.get("op") == "new":
                        heard.setdefault(event["id"], at)
        return heard


@contextmanager
def listening(stage: Stage, sessions: list[str]) -> Iterator[list[Desk]]:
    """A desk per session, all greeted, for the length of a block."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    desks: list[Desk] = []
    try:
        desks = asyncio.run_coroutine_threadsafe(_open_all(stage, sessions), loop).result(PATIENCE)
        yield desks
    finally:
        for desk in desks:
            loop.call_soon_threadsafe(desk.transport.abort)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


async def _open_all(stage: Stage, sessions: list[str]) -> list[Desk]:
    """A stream for every session. Like a browser, one that the server has closed again comes back."""
    gate, opened = asyncio.Semaphore(OPENING), dict[str, Desk]()

    async def one(session: str) -> None:
        async with gate:
            opened[session] = await _open(stage, session)

    for _ in range(ATTEMPTS):
        await asyncio.gather(*(one(session) for session in sessions if session not in opened))
        await asyncio.sleep(SETTLE)
        opened = {session: desk for session, desk in opened.items() if not desk.transport.is_closing()}
        if len(opened) == len(sessions):
            return list(opened.values())
    raise Refusal(f"Von {len(sessions)} Ereignisströmen blieben nur {len(opened)} offen.")


async def _open(stage: Stage, session: str) -> Desk:
    headers = f"Host: desk.localhost:{stage.port}\r\nCookie: {stage.cookie}={session}\r\nAccept: text/event-stream"
    request = f"GET /events HTTP/1.1\r\n{headers}\r\n\r\n".encode()
    loop = asyncio.get_running_loop()
    _transport, desk = await loop.create_connection(lambda: Desk(request), "127.0.0.1", stage.port)
    await desk.greeted
    return desk
