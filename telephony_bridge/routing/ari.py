"""Asterisk's REST interface over one websocket: events come, requests go, their answers come back (Asterisk 22.4 and later).

async with Ari.connected(access) as ari:
    await ari("POST", "channels/1700000000.1/answer")
    async for event in ari.events(): ...
"""

import asyncio
import base64
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

PATIENCE = 5.0  # seconds for an answer; they come within a millisecond
ALIVE_EVERY = 5.0  # seconds between two signs of life
EVENTS_KEPT = 10_000  # what comes faster than it is read; then the connection is given up, and all is asked anew
Json = dict[str, Any]


class AriError(Exception):
    """A request was refused, or could not be sent. `status` as in HTTP; 503: the connection is gone."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"{status} {reason[:200]}")
        self.status = status


@dataclass(frozen=True, slots=True)
class Access:
    """Where Asterisk is, and as whom. `app` is what the dialplan's Stasis() names."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    app: str = "rufverbund"

    @property
    def url(self) -> str:
        """Of the events of our application alone."""
        return f"ws://{self.host}:{self.port}/ari/events?app={self.app}&subscribeAll=false"

    @property
    def login(self) -> dict[str, str]:
        """The header that signs in."""
        return {"Authorization": "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()}


class Ari:
    """One connection. It does not come back: who wants another opens another."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket, self.is_open = socket, True
        self.waiting: dict[str, asyncio.Future[Json]] = {}
        self.numbers = itertools.count(1)
        self.inbox: asyncio.Queue[Json | None] = asyncio.Queue(EVENTS_KEPT)

    @classmethod
    @asynccontextmanager
    async def connected(cls, access: Access) -> AsyncIterator["Ari"]:
        """A connection for the length of a block. Raises OSError or a WebSocketException when there is none."""
        options: Json = {
            "ping_interval": ALIVE_EVERY,
            "ping_timeout": ALIVE_EVERY,
            "max_size": None,
            "compression": None,
        }
        async with connect(access.url, additional_headers=access.login, proxy=None, **options) as socket:
            ari = cls(socket)
            reading = asyncio.create_task(ari._read())
            try:
                yield ari
            finally:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)

    async def __call__(self, method: str, path: str, body: Json | None = None, **query: object) -> Any:
        """The answer to a request. Raises AriError."""
        number = str(next(self.numbers))
        answer = self.waiting[number] = asyncio.get_running_loop().create_future()
        words = [{"name": name, "value": str(value)} for name, value in query.items()]
        message: Json = {
            "type": "RESTRequest",
            "request_id": number,
            "method": method,
            "uri": path,
            "query_strings": words,
        }
        if body is not None:
            message |= {"content_type": "application/json", "message_body": json.dumps(body)}
        try:
            await self.socket.send(json.dumps(message))
            async with asyncio.timeout(PATIENCE):  # wait_for of Python 3.11 would swallow that we are to end
                told = await answer
        except (ConnectionClosed, TimeoutError) as error:
            self.is_open = self.is_open and not isinstance(error, ConnectionClosed)
            raise AriError(503, type(error).__name__) from error
        finally:
            self.waiting.pop(number, None)
        if told["status_code"] >= 400:
            raise AriError(told["status_code"], str(told.get("message_body", "")))
        text = told.get("message_body", "")
        return json.loads(text) if text else None

    async def events(self) -> AsyncIterator[Json]:
        """What happens, in order, until the connection ends."""
        while (event := await self.inbox.get()) is not None:
            yield event

    async def _read(self) -> None:
        """Answers go to who waits for them, all else into the inbox; None is its end."""
        try:
            async for raw in self.socket:
                message = json.loads(raw)
                if isinstance(message, dict):
                    self._sort(message)
        except (ConnectionClosed, asyncio.QueueFull, ValueError) as error:
            for answer in self.waiting.values():
                if not answer.done():
                    answer.set_exception(AriError(503, type(error).__name__))
                    answer.exception()  # seen: who has not even sent the request waits for no answer
        finally:
            if self.inbox.full():
                self.inbox.get_nowait()
            self.inbox.put_nowait(None)

    def _sort(self, message: Json) -> None:
        if message.get("type") != "RESTResponse":
            self.inbox.put_nowait(message)
            return
        answer = self.waiting.pop(str(message.get("request_id")), None)
        if answer and not answer.done():
            answer.set_result(message)
