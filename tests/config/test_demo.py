"""`rufverbund demo` from nothing: ready, survives the death of its parts, ends without a trace."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from config import embedded

pytestmark = pytest.mark.slow
PATIENCE = 240  # seconds for a first start beside other tests


def eventually(holds: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "did not come true in time"
        time.sleep(0.1)


def command_line(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:  # ended in between
        return []


class Demo:
    """A running demo in a home of its own."""

    def __init__(self, folder: Path) -> None:
        self.home, self.log = folder / "home", folder / "log"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("RUFVERBUND_", "DATABASE_", "DJANGO_"))}
        self.environment = {**kept, "RUFVERBUND_HOME": str(self.home)}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                self.command("demo", "--port", str(self.port), "--no-calls"),
                env=self.environment, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    @staticmethod
    def command(*arguments: str) -> list[str]:
        return [sys.executable, "-m", "config.cli", *arguments]

    def run(self, *arguments: str) -> str:
        done = subprocess.run(
            self.command(*arguments), env=self.environment, capture_output=True, text=True, check=True, timeout=120
        )
        return done.stdout

    def said(self, text: str) -> bool:
        assert self.process.poll() is None, self.log.read_text(encoding="utf-8")[-3000:]
        return text in self.log.read_text(encoding="utf-8")

    def answer(self, path: str, data: bytes | None = None, host: str = "") -> int:
        address = f"http://127.0.0.1:{self.port}{path}"
        request = urllib.request.Request(address, data, {"Host": host} if host else {})
        try:
            with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310
                return int(response.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def family(self) -> list[psutil.Process]:
        """The demo, its children, and whatever works in its home."""
        mine = {p.pid: p for p in [psutil.Process(self.process.pid)]} if self.process.poll() is None else {}
        for process in list(mine.values()):
            mine |= {child.pid: child for child in process.children(recursive=True)}
        home = [p for p in psutil.process_iter() if str(self.home) in " ".join(command_line(p))]
        return list((mine | {p.pid: p for p in home}).values())

    def named(self, word: str) -> psutil.Process:
        """Its process; others come and go meanwhile, so it is looked for until it is there alone."""
        found: list[psutil.Process] = []

        def alone() -> bool:
            found[:] = [p for p in self.family() if word in command_line(p)]
            return len(found) == 1

        eventually(alone, 20)
        return found[0]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    running = Demo(tmp_path_factory.mktemp("demo"))
    try:
        eventually(lambda: running.said("Ready:"), PATIENCE)
        yield running
    finally:
        family = running.family()
        running.process.send_signal(signal.SIGINT)
        status = running.process.wait(30)
    assert status == 0
    _, left = psutil.wait_procs(family, timeout=5)
    assert left == []
    assert "Beendet." in running.log.read_text(encoding="utf-8")


def test_what_a_newcomer_is_told_is_true(demo: Demo) -> None:
    assert demo.answer("/readyz") == 200
    assert demo.answer("/readyz", host="10.1.2.3:8000") == 200  # a probe knows no name
    assert demo.answer("/", host="10.1.2.3:8000") == 400
    rows = json.loads(demo.run("demo", "accounts", "--json"))
    assert {row["role"] for row in rows} >= {"agent", "supervisor", "editor", "tenant_admin", "operator"}
    assert set(rows[0]) == {"role", "host", "email", "password", "totp_secret"}
    states = {row["slug"]: row["state"] for row in json.loads(demo.run("municipality", "list", "--json"))}
    assert states == {"soest": "live", "kreis": "live", "lippstadt": "joining"}


def test_web_processes_do_not_hold_the_owners_secret(demo: Demo) -> None:
    def secret(process: psutil.Process) -> str:
        given = process.environ()
        return given.get("RUFVERBUND_OWNER_SECRET", "") + given.get("RUFVERBUND_OWNER_SECRET_FILE", "")

    assert secret(demo.named("serve")) == secret(demo.named("bridge")) == ""
    assert secret(demo.named("worker")) != ""


@pytest.mark.parametrize("part", ["serve", "worker", "bridge", "postgres", "config.keeper"])
def test_a_killed_part_comes_back_and_nothing_that_was_answered_200_is_lost(demo: Demo, part: str) -> None:
    token = demo.run("cti", "token", "--centre", "soest").strip()
    call = f"event=newCall&direction=in&from=02921555123&to=029211030&callId=kill-{part}".encode()
    eventually(lambda: demo.answer(f"/api/v1/cti/{token}", call) == 200)
    killed = postmaster(demo) if part == "postgres" else demo.named(part)
    killed.kill()
    psutil.wait_procs([killed], timeout=10)
    eventually(lambda: alive(demo, part))
    eventually(lambda: demo.answer("/readyz") == 200)
    assert stored(demo, f"kill-{part}") == 1
    assert demo.answer(f"/api/v1/cti/{token}", call) == 200  # told twice, as exchanges do
    assert stored(demo, f"kill-{part}") == 1


def postmaster(demo: Demo) -> psutil.Process:
    note = demo.home / "postgres" / "data" / "postmaster.pid"
    return psutil.Process(int(note.read_text(encoding="utf-8").splitlines()[0]))


def alive(demo: Demo, part: str) -> bool:
    try:
        process = postmaster(demo) if part == "postgres" else demo.named(part)
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except (ValueError, OSError, psutil.Error):
        return False


def stored(demo: Demo, external_id: str) -> int:
    """How often a call is in the database, asked as one more user of the server."""
    with (
        embedded.running(demo.home) as server,
        psycopg.connect(server.superuser_url, dbname=embedded.DATABASE) as connection,
    ):
        row = connection.execute(
            "SELECT count(*) FROM telephony_bridge_call WHERE external_id = %s", [external_id]
        ).fetchone()
    return int(row[0]) if row else -1
