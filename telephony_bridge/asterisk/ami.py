"""Asterisk's manager interface: actions go, their answers and events come, over one connection from this machine.

async with Ami.connected(access) as ami:
    answer = await ami("QueueStatus", Queue="fallback")
    async for event in ami.events(): ...

Libraries for it are old or the work of one person, and the protocol is lines of `Name: value`.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

PATIENCE = 5.0  # seconds for an answer, and for a connection
ALIVE_EVERY = 5.0  # seconds between two signs of life
EVENTS_KEPT = 10_000  # what comes faster than it is read; then the connection is given up
LONGEST_LINE = 1 << 16  # bytes
MOST_LINES = 2_000  # of one message
Event = dict[str, str]


class AmiError(Exception):
    """An action was refused, or could not be sent: the message says why."""


class WrongPasswordError(AmiError):
    """Nobody of that name with that password."""


class GoneError(AmiError):
    """The connection has ended; who wants another opens another."""


@dataclass(frozen=True, slots=True)
class ManagerAccess:
    """Where the interface is, and as whom."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)


@dataclass
class Answer:
    """What an action was answered with, and the list that came with it."""

    fields: Event
    events: list[Event] = field(default_factory=list)
    is_list: bool = False


class Ami:
    """One connection. `events` of the answers to an action are in the answer, all others in the inbox."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.numbers = itertools.count(1)
        self.waiting: dict[str, tuple[Answer, asyncio.Future[Answer]]] = {}
        self.inbox: asyncio.Queue[Event | None] = asyncio.Queue(EVENTS_KEPT)
        self.ended = asyncio.Event()

    @classmethod
    @asynccontextmanager
    async def connected(cls, access: ManagerAccess, *, listen: bool = True) -> AsyncIterator["Ami"]:
        """A connection for the length of a block, with events unless `listen` is off. Raises OSError, GoneError, WrongPasswordError."""
        opening = asyncio.open_connection(access.host, access.port, limit=LONGEST_LINE)
        reader, writer = await asyncio.wait_for(opening, PATIENCE)
        ami = cls(reader, writer)
        working: list[asyncio.Task[None]] = []
        try:
            async with asyncio.timeout(PATIENCE):
                await _greeted(reader)
            working.append(asyncio.create_task(ami._read()))
            await ami._sign_in(access, events="on" if listen else "off")
            working.append(asyncio.create_task(ami._stay_alive()))
            yield ami
        finally:
            for task in working:
                task.cancel()
            await asyncio.gather(*working, return_exceptions=True)
            writer.close()

    async def __call__(self, action: str, **fields: str | int | Sequence[str]) -> Answer:
        """The answer to an action, with its list when it has one. Raises AmiError; ValueError for a value that would be a second line."""
        number = str(next(self.numbers))
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        text = _message({"Action": action, "ActionID": number, **fields})
        if self.writer.is_closing():
            raise GoneError(action)
        self.waiting[number] = (Answer({}), answer)
        try:
            self.writer.write(text)
            async with asyncio.timeout(PATIENCE):  # wait_for of Python 3.11 would swallow that we are to end
                await self.writer.drain()
                told = await answer
        except (OSError, TimeoutError) as error:
            raise GoneError(type(error).__name__) from error
        finally:
            self.waiting.pop(number, None)
            if answer.done() and not answer.cancelled():
                answer.exception()  # looked at: the connection may have ended while we were still sending
        if told.fields.get("Response") == "Error":
            raise AmiError(told.fields.get("Message", action))
        return told

    async def events(self) -> AsyncIterator[Event]:
        """What happens, in order, until the connection ends."""
        while (event := await self.inbox.get()) is not None:
            yield event

    async def _sign_in(self, access: ManagerAccess, events: str) -> None:
        try:
            await self("Login", Username=access.user, Secret=access.password, Events=events)
        except GoneError:
            raise
        except AmiError as error:
            raise WrongPasswordError(str(error)) from error

    async def _stay_alive(self) -> None:
        """Ends the connection when nothing answers any more."""
        try:
            while True:
                await asyncio.sleep(ALIVE_EVERY)
                await self("Ping")
        except AmiError:
            self.writer.close()
            self._end("no sign of life")

    async def _read(self) -> None:
        try:
            while (message := await _next(self.reader)) is not None:
                self._sort(message)
        except (OSError, ValueError, asyncio.QueueFull):
            pass  # what comes is no conversation any more
        finally:
            self.writer.close()
            self._end("connection closed")

    def _end(self, reason: str) -> None:
        if self.ended.is_set():
            return
        self.ended.set()
        for _answer, future in self.waiting.values():
            if not future.done():
                future.set_exception(GoneError(reason))
        if self.inbox.full():
            self.inbox.get_nowait()
        self.inbox.put_nowait(None)

    def _sort(self, message: Event) -> None:
        """To whom it belongs: the answer of an action, a line of its list, or anybody."""
        waiting = self.waiting.get(message.get("ActionID", ""))
        if waiting is None:
            if "Event" in message:
                self.inbox.put_nowait(message)
            return
        answer, future = waiting
        if "Response" in message:
            answer.fields = message
            answer.is_list = message.get("EventList", "").lower() == "start"
        elif message.get("EventList", "").lower() in {"complete", "cancelled"}:
            answer.is_list = False
        else:
            answer.events.append(message)
        if not answer.is_list and not future.done():
            future.set_result(answer)


async def _greeted(reader: asyncio.StreamReader) -> None:
    """Asterisk says its name first. Raises GoneError where somebody else answers."""
    try:
        line = await reader.readline()
    except ValueError as error:  # longer than a line is
        raise GoneError("no Asterisk") from error
    if not line.startswith(b"Asterisk Call Manager"):
        raise GoneError("no Asterisk")


async def _next(reader: asyncio.StreamReader) -> Event | None:
    """The next message; None at the end. Lines of one name are joined. Raises ValueError for what has no end."""
    message: Event = {}
    for _line in range(MOST_LINES):
        raw = await reader.readline()
        if not raw.endswith(b"\n"):
            return None
        name, colon, value = raw.decode(errors="replace").strip("\r\n").partition(":")
        if colon:
            value = value.removeprefix(" ")
            message[name] = f"{message[name]}\n{value}" if name in message else value
        elif message:
            return message
    raise ValueError("a message without end")


def _message(fields: dict[str, str | int | Sequence[str]]) -> bytes:
    lines = []
    for name, given in fields.items():
        for value in (given,) if isinstance(given, str | int) else given:
            if any(sign in f"{name}{value}" for sign in "\r\n\0"):
                raise ValueError(f"{name} would be more than one line")
            lines.append(f"{name}: {value}\r\n")
    return ("".join(lines) + "\r\n").encode()
