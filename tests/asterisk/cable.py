"""What lies between the bridge and Asterisk: a loopback TCP proxy that can be cut, or fall silent, and be whole again."""

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Self

CHUNK = 65_536


class Cable:
    """To a port of this machine.

    async with Cable(target) as cable: ... cable.port ... cable.cut() ... cable.mend()
    """

    def __init__(self, target: int) -> None:
        self.target, self.port = target, 0
        self.whole, self.flows = True, asyncio.Event()
        self.flows.set()
        self.writers: set[asyncio.StreamWriter] = set()
        self.tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self.server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.server.close()
        self.cut()
        await asyncio.gather(*self.tasks)

    def cut(self) -> None:
        """Whoever is connected is told, and nobody else comes through."""
        self.whole = False
        self.flows.set()
        for writer in list(self.writers):
            writer.transport.abort()

    def fall_silent(self) -> None:
        """Nobody is told; what is said is kept, as in a network that loses its packets and sends them again. Who gives up before a new connection
        has come about is never heard of on the other side."""
        self.flows.clear()

    def mend(self) -> None:
        """As if nothing had been."""
        self.whole = True
        self.flows.set()

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._carry(reader, writer))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.add(writer)
        with suppress(OSError):
            head = await reader.read(CHUNK)  # whoever connects speaks first
            await self.flows.wait()
            if self.whole and not reader.at_eof() and reader.exception() is None:
                far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
                self.writers.add(far_writer)
                far_writer.write(head)
                await asyncio.gather(self._flow(reader, far_writer), self._flow(far_reader, writer))
        self._end(writer)

    async def _flow(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(CHUNK):
                await self.flows.wait()
                writer.write(data)
                await writer.drain()
        self._end(writer)

    def _end(self, writer: asyncio.StreamWriter) -> None:
        self.writers.discard(writer)
        writer.close()
