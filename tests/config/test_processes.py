"""The supervisor: prefixes, restarts, ends everything, also when it is killed itself."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

SCRIPT = """
import asyncio, sys
from config.processes import Child, Supervisor
mark = sys.argv[1]
def python(code, *more): return [sys.executable, "-u", "-c", code, mark, *more]
children = [
    Child("first", python("import time; print('läuft'); time.sleep(600)")),
    Child("stubborn", python("import signal, time; signal.signal(15, lambda *_: None); print('bleibt')\\nwhile True: time.sleep(1)")),
    Child("parent", python("import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(600)', sys.argv[1]])")),
    Child("brief", python("import os, sys; print('kurz'); os._exit(3)")),
    Child("user", python("print('nutzt'); import time; time.sleep(600)"), once_ready=True),
]
async def ready(): return True
supervisor = Supervisor(children, ready=ready, on_ready=lambda: print("Ready:", flush=True), watch=lambda: None)
asyncio.run(supervisor.run())
print("over", flush=True)
"""


def with_mark(mark: str) -> list[psutil.Process]:
    found = psutil.process_iter(["cmdline", "status"])
    return [p for p in found if mark in (p.info["cmdline"] or []) and p.info["status"] != "zombie"]


def eventually(holds: Callable[[], bool], seconds: float = 15) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "did not come true in time"
        time.sleep(0.05)


class Running:
    """The supervisor as a process with its output in a file."""

    def __init__(self, folder: Path) -> None:
        self.mark, self.log = f"mark-{folder.name}-{os.getpid()}", folder / "log"
        with self.log.open("wb") as log:
            command = [sys.executable, "-c", SCRIPT, self.mark]
            self.process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)

    def said(self, text: str) -> Callable[[], bool]:
        return lambda: text in self.log.read_text(encoding="utf-8")

    def child(self, code: str) -> psutil.Process:
        (found,) = [p for p in with_mark(self.mark) if code in " ".join(p.cmdline()) and p.pid != self.process.pid]
        return found


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    supervisor = Running(tmp_path)
    eventually(supervisor.said("nutzt"))
    eventually(supervisor.said("bleibt"))
    eventually(lambda: len(with_mark(supervisor.mark)) >= 6)
    yield supervisor
    supervisor.process.kill()
    supervisor.process.wait()
    for left in with_mark(supervisor.mark):
        left.kill()


def test_lines_carry_the_name_of_their_process(running: Running) -> None:
    lines = running.log.read_text(encoding="utf-8").splitlines()
    assert "    first │ läuft" in lines
    assert "Ready:" in lines
    assert lines.index("Ready:") < lines.index("     user │ nutzt")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_everything_within_ten_seconds(running: Running, number: int) -> None:
    started = time.monotonic()
    running.process.send_signal(number)
    assert running.process.wait(10) == 0
    assert time.monotonic() - started < 10
    assert with_mark(running.mark) == []
    assert running.said("over")()


def test_a_child_that_dies_is_started_again(running: Running) -> None:
    child = running.child("läuft")
    child.kill()
    eventually(running.said("first │ endete (SIGKILL); Neustart in 0.5 s"))
    eventually(lambda: running.log.read_text(encoding="utf-8").count("first │ läuft") == 2)
    assert running.child("läuft").pid != child.pid


def test_pauses_between_restarts_grow(running: Running) -> None:
    eventually(running.said("brief │ endete (Status 3); Neustart in 0.5 s"))
    eventually(running.said("brief │ endete (Status 3); Neustart in 1 s"))
    eventually(running.said("brief │ endete (Status 3); Neustart in 2 s"))


def test_children_of_a_killed_supervisor_are_told_to_end(running: Running) -> None:
    running.process.kill()
    running.process.wait()
    eventually(lambda: not [p for p in with_mark(running.mark) if "läuft" in " ".join(p.cmdline())])
