"""An installation of its own for a measurement: a temporary home with its database, a centre with agents, and a web server.

Nothing of the installation that the command is started in is read or changed.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from urllib.error import URLError
from urllib.request import urlopen

from tenants.errors import Refusal

PATIENCE = 120.0  # seconds for a database, migrations and a first answer
NUMBERS = ("029211030", "02921300")


@dataclass(frozen=True, slots=True)
class Stage:
    """Where to post (`webhook`), where the desk is (`port` on desk.localhost), and the sessions of its agents."""

    webhook: str
    port: int
    cookie: str
    sessions: list[str]
    home: Path


class Made(NamedTuple):
    """What bench_stage prints."""

    token: str
    cookie: str
    sessions: list[str]


@contextmanager
def running(agents: int) -> Iterator[Stage]:
    """The stage for the length of a block; afterwards no process and no file of it is left."""
    home = Path(tempfile.mkdtemp(prefix="rufverbund-bench-"))
    server: subprocess.Popen[bytes] | None = None
    try:
        made = _prepared(home, agents)
        port = _free_port()
        server = subprocess.Popen(
            command("serve", "--port", str(port)),
            env=environment(home),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _wait(server, port)
        yield Stage(f"http://127.0.0.1:{port}/api/v1/cti/{made.token}", port, made.cookie, made.sessions, home)
    finally:
        if server is not None:
            _end(server)
        _remove(home)


def command(*arguments: str) -> list[str]:
    """`rufverbund …`, as a process of its own."""
    return [sys.executable, "-W", "ignore", "-m", "config.cli", *arguments]


def environment(home: Path) -> dict[str, str]:
    """Ours without whatever points to another installation."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name != "DATABASE_URL" and not name.startswith(("RUFVERBUND_", "OPENSEARCH_"))
    }
    return {**kept, "RUFVERBUND_HOME": str(home), "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


def told(home: Path, *arguments: str, refusal: str, more: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The JSON that a command inside the measurement's installation prints last; its progress is shown. `more` goes into its environment; raises
    Refusal with `refusal` when it fails."""
    done = subprocess.run(
        command("manage", *arguments),
        env={**environment(home), **(more or {})},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Refusal(refusal)
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def _prepared(home: Path, agents: int) -> Made:
    done = subprocess.run(
        command("manage", "bench_stage", str(agents)),
        env=environment(home),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Refusal(f"Die Messung konnte nicht vorbereitet werden: {done.stderr.strip().splitlines()[-1:]}")
    return Made(**json.loads(done.stdout.strip().splitlines()[-1]))


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _wait(server: "subprocess.Popen[bytes]", port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and server.poll() is None:
        with suppress(URLError, OSError), urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2):
            return
        time.sleep(0.1)
    raise Refusal("Der Webserver der Messung antwortet nicht.")


def _end(server: "subprocess.Popen[bytes]") -> None:
    server.send_signal(signal.SIGTERM)
    try:
        server.wait(15)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _remove(home: Path) -> None:
    """The database's keeper stops it once its last user has gone; then the folder can go."""
    for _ in range(100):
        if not list(home.glob("**/postmaster.pid")):
            break
        time.sleep(0.1)
    shutil.rmtree(home, ignore_errors=True)
