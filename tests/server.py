"""A real server for tests: uvicorn in a process of its own, on a clone of the template database.

with cloned("rv_live_x") as url, serving(url) as base_url: ...     # http://127.0.0.1:PORT
server = Server(url); server.start(); server.kill(); server.start(); server.stop()     # the same port each time
"""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from tests import environment

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 30.0  # seconds until it answers


def variables(database_url: str) -> dict[str, str]:
    """The environment of programs that work on this database as production does."""
    paths = os.pathsep.join([str(ROOT), str(ROOT / "platform")])
    own = {
        "RUFVERBUND_TESTING": "0",
        "DATABASE_URL": database_url,
        "DJANGO_SETTINGS_MODULE": "tests.live_settings",
        "PYTHONPATH": paths,
    }
    return {**os.environ, **environment.SECRETS, **own}


class Tool:
    """`python -m tests.live` on a database: tool("newcomer", "Lotte"). One process for all that it is asked, started at the first."""

    def __init__(self, database_url: str) -> None:
        self.database_url = database_url
        self.process: subprocess.Popen[str] | None = None

    def __call__(self, *arguments: str) -> Any:
        """The result of one command; fails the test with the traceback of what went wrong."""
        if self.process is None:
            command = [sys.executable, "-W", "ignore", "-m", "tests.live"]
            pipe = subprocess.PIPE
            self.process = subprocess.Popen(
                command, env=variables(self.database_url), cwd=ROOT, stdin=pipe, stdout=pipe, text=True
            )
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(arguments) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline() or '{"error": "tests.live has ended"}')
        assert "error" not in answer, answer["error"]
        return answer["result"]

    def stop(self) -> None:
        """It ends by itself when nobody can ask any more."""
        if self.process:
            self.process.communicate()
            self.process = None


class Server:
    """uvicorn on a free loopback port that stays the same over restarts; `settings` are more variables of its environment."""

    def __init__(self, database_url: str, settings: Mapping[str, str] | None = None) -> None:
        self.database_url, self.settings = database_url, settings or {}
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.process: subprocess.Popen[bytes] | None = None
        self.tool = Tool(database_url)

    @property
    def base_url(self) -> str:
        """By number; browsers use url()."""
        return f"http://127.0.0.1:{self.port}"

    def url(self, host: str, path: str = "/") -> str:
        """An address on one of our hosts: url("desk.localhost")."""
        return f"http://{host}:{self.port}{path}"

    def start(self) -> None:
        """Returns when it answers."""
        command = [
            sys.executable,
            "-W",
            "ignore",
            "-m",
            "uvicorn",
            "config.asgi:application",
            "--host",
            "127.0.0.1",
            "--port",
            str(self.port),
        ]
        command += [
            "--lifespan",
            "off",
            "--no-access-log",
            "--log-level",
            "warning",
            "--timeout-graceful-shutdown",
            "1",
        ]
        self.process = subprocess.Popen(command, env=variables(self.database_url) | self.settings, cwd=ROOT)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            assert self.process.poll() is None, "the server ended before it answered"
            try:
                with urlopen(f"{self.base_url}/readyz", timeout=5) as answer:  # noqa: S310  loopback
                    assert answer.status == 200
                    return
            except (URLError, OSError):
                time.sleep(0.1)
        raise AssertionError("the server does not answer")

    def threads(self) -> int:
        """How many threads the process has (Linux)."""
        assert self.process
        return len(list(Path(f"/proc/{self.process.pid}/task").iterdir()))

    def kill(self) -> None:
        """As when the machine loses power."""
        if self.process:
            self.process.kill()
            self.process.wait()

    def stop(self) -> None:
        """As when somebody ends it."""
        self.tool.stop()
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()


@contextmanager
def serving(database_url: str) -> Iterator[str]:
    """The address of a server for the length of a block."""
    server = Server(database_url)
    server.start()
    try:
        yield server.base_url
    finally:
        server.stop()
