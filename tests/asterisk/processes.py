"""`rufverbund bridge` as the process that it is, to be killed and frozen; and what must be true whatever has happened."""

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from config.processes import end_with_parent
from telephony_bridge.asterisk.lab import Lab
from telephony_bridge.models import Call, Presence
from telephony_bridge.routing.ari import Access, Ari
from tests import environment
from tests.asterisk.sip import PATIENCE
from tests.asterisk.town import Town
from tests.server import ROOT, variables

SERVES = '"what": "resynchronised"'


class Bridge:
    """Serves Stadt Soest's centre with `name` for its spool. `port`: where it finds Asterisk, if not at its own."""

    def __init__(
        self, town: Town, asterisk: Lab, name: str = "spool", *, port: int = 0, database_url: str = ""
    ) -> None:
        self.asterisk, self.spool, self.said = asterisk, town.folder / name, town.folder / f"{name}.log"
        self.port = port or asterisk.ports.http
        self.database_url = database_url or environment.url(f"{environment.DATABASE}_town")
        self.process: subprocess.Popen[bytes] | None = None
        self.seen = 0  # bytes of its log, when it was started last

    def start(self) -> None:
        """Returns at once."""
        command = [sys.executable, "-W", "ignore", "-m", "config.cli", "bridge", "--centre", "soest"]
        command += ["--asterisk", f"http://127.0.0.1:{self.port}", "--spool", str(self.spool)]
        command += ["--manager", str(self.asterisk.ports.manager)]
        secret = {"RUFVERBUND_ASTERISK_PASSWORD_FILE": str(self.asterisk.folder / "secret"), "RUFVERBUND_LOG": "json"}
        self.seen = self.said.stat().st_size if self.said.exists() else 0
        with self.said.open("ab") as log:
            self.process = subprocess.Popen(
                command, env=variables(self.database_url) | secret, cwd=ROOT, stdout=log, stderr=log,
                preexec_fn=end_with_parent(os.getpid()),  # noqa: PLW1509  the project's own
            )  # fmt: skip

    def log(self) -> str:
        """What it has said since it was started last."""
        return self.said.read_bytes()[self.seen :].decode(errors="replace")

    async def says(self, words: str, times: int = 1) -> None:
        """Wait until it has said something so often since it was started."""
        await self._until(lambda: len(re.findall(re.escape(words), self.log())) >= times, words)

    async def serves(self) -> Self:
        """Wait until it serves the exchange."""
        await self.says(SERVES)
        return self

    async def ends(self) -> int:
        """Wait for its end; its status."""
        process = self.process
        assert process
        await self._until(lambda: process.poll() is not None, "its end", alive=False)
        return int(process.returncode)

    async def _until(self, holds: Callable[[], bool], what: str, *, alive: bool = True) -> None:
        end = asyncio.get_running_loop().time() + PATIENCE * 2
        while not holds():
            assert asyncio.get_running_loop().time() < end, (what, self.log()[-3000:])
            assert not alive or (self.process and self.process.poll() is None), self.log()[-3000:]
            await asyncio.sleep(0.02)

    def signal(self, number: signal.Signals) -> None:
        """As whoever wants it to end, or to stand still."""
        assert self.process
        self.process.send_signal(number)

    def kill(self) -> None:
        """As when the machine loses power; returns when it is gone."""
        if self.process:
            self.process.kill()
            self.process.wait()

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            try:
                await asyncio.to_thread(self.process.wait, 10)
            except subprocess.TimeoutExpired:
                self.kill()


async def at_asterisk(access: Access, what: str) -> list[dict[str, Any]]:
    """`channels` or `bridges`, as ARI tells them."""
    async with Ari.connected(Access(access.host, access.port, access.user, access.password, app="looking")) as ari:
        found: list[dict[str, Any]] = await ari("GET", what)
        return found


async def nobody_is_left(town: Town) -> None:
    """No leg and no bridge of ours, in ten seconds at most after all callers have hung up."""
    end = asyncio.get_running_loop().time() + 10
    while left := [one["id"] for what in ("channels", "bridges") for one in await at_asterisk(town.access, what)]:
        assert asyncio.get_running_loop().time() < end, left
        await asyncio.sleep(0.1)


async def rows_are_true(town: Town, count: int) -> list[Call]:
    """Each call has its one row, which is over as far as the caller is concerned, and whose times follow each other; no agent is in a talk that is none."""

    async def over() -> bool:
        calls = await town.ask(town.calls)
        return len(calls) >= count and all(call.state in ("wrap-up", "ended") and call.hung_up_at for call in calls)

    try:
        await town.comes_true(over)
    except AssertionError as error:
        raise AssertionError([_told(call) for call in await town.ask(town.calls)]) from error
    calls = await town.ask(town.calls)
    assert len(calls) == count, [_told(call) for call in calls]
    for call in calls:
        times = [call.ringing_at, call.answered_at, call.hung_up_at]
        assert [at for at in times if at] == sorted(at for at in times if at), _told(call)
        assert bool(call.answered_at) is bool(call.agent_id), _told(call)
    for who in town.people:
        await town.comes_true(lambda who=who: _presence_is_true(town, who, calls))
    return calls


async def _presence_is_true(town: Town, who: str, calls: list[Call]) -> bool:
    try:
        state, _reason = await town.ask(lambda: town.presence(who))
    except Presence.DoesNotExist:  # who has never been there
        state = "away"
    writes = any(call.agent_id == town.people[who].pk and call.state == "wrap-up" for call in calls)
    return state == "wrap-up" if writes else state in ("ready", "break", "away")


def _told(call: Call) -> dict[str, object]:
    return {
        name: str(getattr(call, name))
        for name in (
            "external_id",
            "state",
            "phase",
            "agent_id",
            "offered_to_id",
            "ringing_at",
            "answered_at",
            "hung_up_at",
        )
    }


@contextmanager
def in_the_safety_net(asterisk: Lab, telephone: str) -> Iterator[None]:
    """Somebody whom callers reach when nothing of ours works."""
    asterisk.console(f"queue add member PJSIP/{telephone} to fallback")
    yield
    asterisk.console(f"queue remove member PJSIP/{telephone} from fallback")


def lines(path: Path) -> list[str]:
    """Of all files of a spool."""
    return [line for file in sorted(path.glob("*.jsonl")) for line in file.read_text(encoding="utf-8").splitlines()]
