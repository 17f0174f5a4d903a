"""The PostgreSQL that needs no installation: one server per RUFVERBUND_HOME, shared by all commands that use it at once.

Who uses the server holds a shared lock on `users`, its keeper (config.keeper) an exclusive one on `alive`; whoever starts or stops it
holds `gate` meanwhile. The kernel drops the locks of a process that dies, however it dies, so nothing here trusts a list of pids.
"""

import fcntl
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

DATABASE = "rufverbund"
SUPERUSER = "postgres"
SECRETS = ("secret_key", "database_secret", "owner_secret", "superuser_password")
LOG_LIMIT = 10_000_000  # bytes; then the server's log starts anew and one older is kept
PATIENCE = 90.0  # seconds; the very first start on a slow disk takes a few
_keepers: dict[Path, subprocess.Popen[bytes]] = {}  # by folder; started by this process, which must reap them


class EmbeddedError(Exception):
    """The embedded PostgreSQL cannot be started; the message is one German sentence with what to do."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: `host` is the directory of its socket, `port` the number in the socket's name."""

    home: Path
    host: str
    port: int

    @property
    def url(self) -> str:
        """What DATABASE_URL is set to: server and database without a login, whose passwords are derived."""
        return f"postgresql:///{DATABASE}?host={quote(self.host, safe='/')}&port={self.port}"

    @property
    def superuser_url(self) -> str:
        """For `db prepare` and tests: the superuser on the maintenance database, with its password."""
        password = secret_file(self.home, "superuser_password").read_text(encoding="ascii").strip()
        return f"postgresql://{SUPERUSER}:{password}@/postgres?host={quote(self.host, safe='/')}&port={self.port}"

    def environment(self) -> dict[str, str]:
        """What child processes need to find the server and the installation's secrets; with it they never stop the server."""
        files = {name: str(secret_file(self.home, name)) for name in SECRETS[:3]}
        return {
            "DATABASE_URL": self.url,
            "RUFVERBUND_SECRET_KEY_FILE": files["secret_key"],
            "RUFVERBUND_DATABASE_SECRET_FILE": files["database_secret"],
            "RUFVERBUND_OWNER_SECRET_FILE": files["owner_secret"],
        }


def secret_file(home: Path, name: str) -> Path:
    """The file (0600) of a generated secret; the first caller creates it, at once and whole, everybody else finds it."""
    path = home / "secrets" / name
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{name}-")  # mkstemp creates with 0600
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # another command was faster: its secret counts
            os.link(draft, path)
        Path(draft).unlink()
    return path


@contextmanager
def running(home: Path, *, settings: Mapping[str, str] | None = None) -> Iterator[Server]:
    """Use the server of `home` until the block ends: started if nobody uses it yet, stopped when nobody does any more.

    `settings` (PostgreSQL's names and values) count only for the command that starts it. Raises EmbeddedError.
    """
    home = home.expanduser().resolve()
    folder = home / "postgres"
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    for name in SECRETS:
        secret_file(home, name)
    with _opened(folder / "users") as users:
        try:
            with _locked(folder / "gate"):
                fcntl.flock(users, fcntl.LOCK_SH)
                server = _started(home, settings or {})
            yield server
        finally:
            fcntl.flock(users, fcntl.LOCK_UN)
            _leave(folder, users)


def ensure(home: Path, *, settings: Mapping[str, str] | None = None) -> Server:
    """Bring the server of `home` back, at the same address, should its keeper have died; for callers inside `running`."""
    home = home.expanduser().resolve()
    with _locked(home / "postgres" / "gate"):
        return _started(home, settings or {})


def in_use(home: Path) -> bool:
    """Whether the server of `home` runs, that is, whether some command uses it."""
    return (home / "postgres").is_dir() and keeper_alive(home / "postgres")


def keeper_alive(folder: Path) -> bool:
    """Whether a keeper lives, which is so exactly as long as it holds its lock."""
    with _opened(folder / "alive") as alive:
        return not _taken(alive)


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    """A descriptor for locking; closing it drops the lock."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Alone until the block ends; waits for whoever holds the lock."""
    with _opened(path) as descriptor:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield


def _taken(descriptor: int) -> bool:
    """Take the lock alone if nobody holds it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _alone(users: int) -> bool:
    """Whether no other command uses the server. Asked thrice: the keeper and whoever leaves hold the lock for a moment as they ask."""
    for _ in range(3):
        if _taken(users):
            fcntl.flock(users, fcntl.LOCK_UN)
            return True
        time.sleep(0.01)
    return False


def _started(home: Path, settings: Mapping[str, str]) -> Server:
    """The ready server; starts a keeper where none lives. Called with the gate held."""
    folder, end = home / "postgres", time.monotonic() + PATIENCE
    keeper: subprocess.Popen[bytes] | None = None
    while time.monotonic() < end:
        if keeper_alive(folder):
            if server := _ready(home):
                return server
        elif keeper is None:
            (folder / "server.json").unlink(missing_ok=True)
            keeper = _start_keeper(home, settings)
        elif keeper.poll() is not None:
            raise EmbeddedError(_failure(folder))
        time.sleep(0.02)
    raise EmbeddedError(_failure(folder))


def _start_keeper(home: Path, settings: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """A process of its own session, so that neither Ctrl-C nor the end of this command reaches it."""
    if before := _keepers.pop(home / "postgres", None):  # killed, else it would hold its lock
        before.wait(5)
    command = [sys.executable, "-m", "config.keeper", str(home), json.dumps(dict(settings))]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("PG", "COVERAGE_", "COV_"))},
        "PYTHONPATH": str(Path(__file__).resolve().parent.parent),
    }
    log_file = home / "postgres" / "log"
    if log_file.exists() and log_file.stat().st_size > LOG_LIMIT:
        log_file.replace(log_file.with_suffix(".1"))
    with log_file.open("ab") as log:
        keeper = subprocess.Popen(
            command, env=environment, cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    _keepers[home / "postgres"] = keeper
    return keeper


def _state(folder: Path) -> dict[str, object]:
    """What the keeper last said about itself."""
    try:
        state = json.loads((folder / "server.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return state if isinstance(state, dict) else {}


def _ready(home: Path) -> Server | None:
    """The server, once its keeper says that it takes connections."""
    state = _state(home / "postgres")
    if state.get("state") != "ready":
        return None
    return Server(home=home, host=str(state["socket"]), port=int(str(state["port"])))


def _failure(folder: Path) -> str:
    """Why there is no server, in a sentence for the person at the terminal."""
    with suppress(OSError):
        lines = (folder / "log").read_text(encoding="utf-8", errors="replace").strip().splitlines()
        last = next((line for line in reversed(lines) if "FATAL" in line or "rror" in line), lines[-1] if lines else "")
        return f"PostgreSQL startet nicht ({last.strip()}); Näheres steht in {folder / 'log'}."
    return f"PostgreSQL startet nicht; in {folder} ist kein Protokoll zu lesen."


def _leave(folder: Path, users: int) -> None:
    """Tell the keeper that somebody left, and if that was the last, wait until the server has stopped."""
    end = time.monotonic() + 30
    pid = _state(folder).get("keeper")
    while keeper_alive(folder) and time.monotonic() < end:
        if not _alone(users):
            return
        if isinstance(pid, int):
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGUSR1)
        time.sleep(0.05)
    if keeper := _keepers.pop(folder, None):
        with suppress(subprocess.TimeoutExpired):
            keeper.wait(5)
