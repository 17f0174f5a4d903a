"""Runs several processes as one: their lines prefixed, each started again when it dies, all ended together.

Every child leads a process group of its own, so a Ctrl-C at the terminal reaches only us and nothing of a child can stay behind;
a child whose supervisor is killed gets SIGTERM from the kernel (Linux).
"""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

COLOURS = ("36", "35", "33", "32", "34", "31")
HEAD_START = 2.0  # seconds at most
GRACE = 6.5  # seconds between SIGTERM and SIGKILL; all is over within ten
STEADY = 30.0  # seconds after which a child counts as well, and its next failure as a first one
LONGEST_PAUSE = 15.0
LINE_LIMIT = 1_000_000  # bytes of one line of a child


@dataclass(frozen=True, slots=True)
class Child:
    """A program to keep running. `once_ready` ones use the others: they start when those answer, and end before them."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    once_ready: bool = False


def say(name: str, line: str, colour: str = "1") -> None:
    """A prefixed line on standard output, coloured on a terminal."""
    prefix = f"{name:>9} │"
    if sys.stdout.isatty():
        prefix = f"\x1b[{colour}m{prefix}\x1b[0m"
    sys.stdout.write(f"{prefix} {line}\n")
    sys.stdout.flush()


class Supervisor:
    """Runs `children` until SIGINT or SIGTERM. `ready` waits until the first ones answer; `on_ready` is called once afterwards.

    `watch` is called twice a second in a thread and brings back what is no child of ours (PostgreSQL).
    """

    def __init__(
        self,
        children: Sequence[Child],
        *,
        ready: Callable[[], Awaitable[bool]],
        on_ready: Callable[[], None],
        watch: Callable[[], object] = lambda: None,
    ) -> None:
        self.children, self.ready, self.on_ready, self.watch = children, ready, on_ready, watch
        self.users: set[int] = set()  # process groups of running `once_ready` children
        self.unused = asyncio.Event()
        self.unused.set()
        self.ending = asyncio.Event()
        self.answering = asyncio.Event()
        self.closing = asyncio.Event()  # the ones that use the others are gone

    async def run(self) -> None:
        """Until told to end; returns when every child is gone."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self.ending.set)
        jobs = [self._keep(child, COLOURS[n % len(COLOURS)]) for n, child in enumerate(self.children)]
        await asyncio.gather(*jobs, self._close(), self._wait_until_ready(), self._watch())

    async def _close(self) -> None:
        """Let those that use the others end first, but not for long."""
        await self.ending.wait()
        with suppress(TimeoutError):
            await asyncio.wait_for(self.unused.wait(), HEAD_START)
        self.closing.set()

    async def _wait_until_ready(self) -> None:
        while not self.ending.is_set():
            if await self.ready():
                self.answering.set()
                self.on_ready()
                return
            await self._pause(0.2)

    async def _watch(self) -> None:
        while not self.ending.is_set():
            try:
                await asyncio.to_thread(self.watch)
            except Exception as error:  # noqa: BLE001  said, and tried again
                say("demo", str(error))
            await self._pause(0.5)

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self.ending.wait(), seconds)

    async def _keep(self, child: Child, colour: str) -> None:
        """Start the child as often as it dies, with growing pauses."""
        if child.once_ready:
            await self._either(self.answering, self.ending)
        pause = 0.5
        while not self.ending.is_set():
            started = time.monotonic()
            status = await self._run_once(child, colour)
            if self.ending.is_set():
                return
            pause = 0.5 if time.monotonic() - started > STEADY else pause
            say(child.name, f"endete ({_reason(status)}); Neustart in {pause:g} s", colour)
            await self._pause(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    @staticmethod
    async def _either(*events: asyncio.Event) -> None:
        waits = [asyncio.create_task(event.wait()) for event in events]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()

    async def _run_once(self, child: Child, colour: str) -> int:
        """Run the child once, passing its lines on; returns its status."""
        process = await asyncio.create_subprocess_exec(
            *child.command,
            env={**os.environ, **child.environment},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=end_with_parent(os.getpid()),
            limit=LINE_LIMIT,
        )
        talk = asyncio.create_task(_pass_on(process, child.name, colour))
        finished = asyncio.create_task(process.wait())
        if child.once_ready:
            self.users.add(process.pid)
            self.unused.clear()
        ending = asyncio.create_task((self.ending if child.once_ready else self.closing).wait())
        await asyncio.wait([finished, ending], return_when=asyncio.FIRST_COMPLETED)
        ending.cancel()
        await _end_group(process.pid, finished)
        self.users.discard(process.pid)
        if not self.users:
            self.unused.set()
        with suppress(TimeoutError):  # a grandchild that kept the pipe
            await asyncio.wait_for(talk, 2)
        return process.returncode or 0


async def _pass_on(process: asyncio.subprocess.Process, name: str, colour: str) -> None:
    async for line in _lines(process):
        say(name, line, colour)


async def _lines(process: asyncio.subprocess.Process) -> AsyncIterator[str]:
    stream = process.stdout
    while stream is not None:
        try:
            raw = await stream.readline()
        except ValueError:  # longer than LINE_LIMIT; what was read of it is dropped
            continue
        if not raw:
            return
        yield raw.decode(errors="replace").rstrip("\n")


async def _end_group(group: int, finished: "asyncio.Task[int]") -> None:
    """SIGTERM to the child and all that it started, SIGKILL to whoever is left after the grace."""
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGTERM)
    await asyncio.wait([finished], timeout=GRACE)
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)
    await finished


def _reason(status: int) -> str:
    if status >= 0:
        return f"Status {status}"
    with suppress(ValueError):
        return signal.Signals(-status).name
    return f"Signal {-status}"


def end_with_parent(parent: int) -> Callable[[], None] | None:
    """What a child does between fork and exec: ask the kernel for SIGTERM at its parent's death."""
    if sys.platform != "linux":
        return None
    import ctypes

    prctl = ctypes.CDLL(None).prctl  # looked up before the fork

    def ask() -> None:
        prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
        if os.getppid() != parent:  # already gone
            os._exit(1)

    return ask
