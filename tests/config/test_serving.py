"""`rufverbund serve` with several web processes: one that dies is replaced, and none outlives the one that started them."""

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psutil
import pytest

from config.serving import MOST, usual
from tests.database import cloned
from tests.server import ROOT, Server, variables

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def url():
    with cloned(f"rv_serving_{os.getpid()}") as found:
        yield found


@contextmanager
def serving(url: str, processes: int) -> Iterator[tuple[psutil.Process, int]]:
    """The process that was started, and its port; nothing of it is left afterwards."""
    port = Server(url).port
    environment = variables(url) | {"DJANGO_SETTINGS_MODULE": "config.settings"}
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "config.cli",
        "serve",
        "--port",
        str(port),
        "--processes",
        str(processes),
    ]
    started = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    process = psutil.Process(started.pid)
    try:
        eventually(lambda: status(port) == 200)
        yield process, port
    finally:
        for one in [*process.children(recursive=True), process] if process.is_running() else []:
            one.kill()
        started.wait(15)


def status(port: int) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


def eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def web(process: psutil.Process) -> list[psutil.Process]:
    """The processes that serve."""
    return [child for child in process.children() if "spawn_main" in " ".join(child.cmdline())]


def test_one_that_dies_is_replaced_and_the_others_answer_meanwhile(url):
    with serving(url, 2) as (process, port):
        eventually(lambda: len(web(process)) == 2)
        first, second = web(process)
        first.kill()
        first.wait(10)
        eventually(lambda: status(port) == 200)  # the other may still be starting
        eventually(lambda: len(web(process)) == 2 and first not in web(process))
        assert second in web(process)
        eventually(lambda: status(port) == 200)


def test_none_outlives_the_one_that_started_them(url):
    with serving(url, 2) as (process, port):
        children = web(process)
        process.kill()
        _gone, alive = psutil.wait_procs(children, timeout=20)
        assert alive == []
        assert status(port) == 0


def test_they_end_in_peace(url):
    with serving(url, 2) as (process, _port):
        children = web(process)
        process.terminate()
        _gone, alive = psutil.wait_procs([process, *children], timeout=20)
        assert alive == []


def test_one_process_serves_by_itself(url):
    with serving(url, 1) as (process, _port):
        assert web(process) == []


def test_the_usual_number_is_bounded():
    assert 1 <= usual() <= MOST
