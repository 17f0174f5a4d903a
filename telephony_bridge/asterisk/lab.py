"""An Asterisk in a folder: its configuration, its start and its end, and what it answers at its console.

    lab = Lab(folder)
    lab.configure(); lab.start(); lab.console("core show channels count"); lab.stop()

Everything that it writes stays in the folder. It listens on loopback alone, at ports that stay the same over restarts.
"""

import json
import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from datetime import date
from functools import cached_property
from pathlib import Path

from django.utils.translation import gettext as _

from telephony_bridge.asterisk import packages, sounds
from telephony_bridge.asterisk.configuration import Folders, Place, Ports, Station, Trunk, Wanted, rendered
from tenants.errors import Refusal

__all__ = ["Lab", "Ports"]

PATIENCE = 15.0  # seconds until it answers, and until it has ended
LONGEST_SOCKET = 107  # bytes
STARTS = 4  # one that was just killed keeps its sockets for a moment, and the next gives up at once
ADDRESS_OF_CALLERS, ADDRESS_OF_PHONES, ADDRESS_OF_TRUNK = "127.0.0.2", "127.0.0.3", "127.0.0.4"


class Lab:
    """One Asterisk. `ports` are remembered in the folder, so that another process can stop what this one has started."""

    def __init__(self, folder: Path, ports: Ports | None = None) -> None:
        self.folder = folder.resolve()
        note = self.folder / "ports.json"
        if ports is None:
            ports = Ports(**json.loads(note.read_text(encoding="ascii"))) if note.is_file() else Ports()
        self.ports = ports
        self.process: subprocess.Popen[bytes] | None = None  # where this object has started it
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.chmod(0o700)  # its log has the numbers of those who call
        note.write_text(json.dumps(asdict(ports)), encoding="ascii")

    @cached_property
    def root(self) -> Path:
        """Where the packages are unpacked; fetched when they are needed first."""
        return packages.unpacked()

    @property
    def cel(self) -> Path:
        """The record of channel events, one line each."""
        return self.folder / "log" / "cel-custom" / "Master.csv"

    def secret(self) -> str:
        """The password of its interfaces (user `bridge`), made once; only who owns the folder may read it."""
        path = self.folder / "secret"
        if not path.is_file():
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(24), encoding="ascii")
        return path.read_text(encoding="ascii")

    def environment(self, centre: str) -> dict[str, str]:
        """What `rufverbund bridge` needs to serve this exchange for a centre (its slug)."""
        return {
            "RUFVERBUND_ASTERISK": f"http://127.0.0.1:{self.ports.http}",
            "RUFVERBUND_ASTERISK_CENTRE": centre,
            "RUFVERBUND_ASTERISK_PASSWORD_FILE": str(self.folder / "secret"),
            "RUFVERBUND_ASTERISK_MANAGER": str(self.ports.manager),
            "RUFVERBUND_ASTERISK_CEL": str(self.cel),
            "RUFVERBUND_ASTERISK_SOUNDS": str(self.folder / "sounds"),
        }

    def wanted(self) -> Wanted:
        """What is written: two telephones and a trunk, all on loopback, nobody's numbers, always open."""
        contact = f"{ADDRESS_OF_PHONES}:{self.ports.phones}"
        return Wanted(
            centre="Labor",
            folders=Folders.within(
                self.folder, self._libraries() / "asterisk/modules", self.root / "usr/share/asterisk"
            ),
            trunk=Trunk(
                ADDRESS_OF_TRUNK, self.ports.trunk, sources=(ADDRESS_OF_CALLERS, ADDRESS_OF_TRUNK), watched=False
            ),
            default=Place("zentrale", "Servicecenter"),
            ari_secret=self.secret(),
            ami_secret=self.secret(),
            today=date.today(),  # noqa: DTZ011  of the machine
            stations=[Station(f"agent{n}", f"Platz {n}", f"90{n}", contact=f"agent{n}@{contact}") for n in range(1, 3)],
            sip=("127.0.0.1", self.ports.sip),
            http=self.ports.http,
            manager=self.ports.manager,
            media=(30000, 34000),
        )

    def configure(self, wanted: Wanted | None = None) -> None:
        """Write the configuration, the music and the announcements anew; those who are in the fallback queue are forgotten."""
        for name in ("etc", "db", "spool", "run", "log/cel-custom"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        (self.folder / "db" / "astdb.sqlite3").unlink(missing_ok=True)
        for name, text in rendered(wanted or self.wanted()).items():
            target = self.folder / "etc" / name
            target.touch(mode=0o600)  # some have the password
            target.chmod(0o600)
            target.write_text(text, encoding="utf-8")
        sounds.tone(self.folder / "music" / "hold.alaw", 400, 5)
        sounds.tone(self.folder / "sounds" / "closed.alaw", 600, 1)

    def start(self, *, before: Callable[[], None] | None = None) -> None:
        """Returns when it answers. `before` runs in the child before the program. Raises Refusal when it does not come up."""
        if self.runs():
            raise Refusal(_("Dieses Asterisk läuft schon."))
        self._refuse_long_folder()
        self.stop()  # one that hangs
        self._refuse_taken_ports()
        for _start in range(STARTS):
            with (self.folder / "log" / "console").open("ab") as log:
                self.process = subprocess.Popen(
                    self.command("sbin/asterisk", "-C", str(self.folder / "etc/asterisk.conf"), "-f"),
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, preexec_fn=before,  # noqa: PLW1509  the caller's
                )  # fmt: skip
            (self.folder / "pid").write_text(str(self.process.pid), encoding="ascii")
            if self._comes_up(self.process):
                return
            self.stop(signal.SIGKILL)
        lines = (self.folder / "log" / "console").read_text(encoding="utf-8", errors="replace").strip().splitlines()
        raise Refusal(_("Asterisk ist nicht gestartet: %(reason)s") % {"reason": (lines or ["?"])[-1]})

    def _comes_up(self, process: "subprocess.Popen[bytes]") -> bool:
        until = time.monotonic() + PATIENCE
        while process.poll() is None and time.monotonic() < until:
            if "fully booted" in self.console("core waitfullybooted"):
                return True
        return False

    def _refuse_long_folder(self) -> None:
        """Its console is a socket, whose path is at most 107 bytes long (unix(7)); else it ends without a word."""
        if len(str(self.folder / "run" / "asterisk.ctl").encode()) > LONGEST_SOCKET:
            raise Refusal(
                _("Der Pfad %(folder)s ist zu lang für Asterisk. Nehmen Sie einen kürzeren.") % {"folder": self.folder}
            )

    def _refuse_taken_ports(self) -> None:
        """Asterisk would start without them, and callers would reach somebody else's."""
        kinds = ((socket.SOCK_STREAM, "http"), (socket.SOCK_STREAM, "manager"), (socket.SOCK_DGRAM, "sip"))
        for kind, name in kinds:
            port = getattr(self.ports, name)
            with socket.socket(type=kind) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, kind == socket.SOCK_STREAM)
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError as error:
                    raise Refusal(_("Der Port %(port)s ist belegt.") % {"port": port}) from error

    def runs(self) -> bool:
        """Whether it answers."""
        return "Asterisk" in self.console("core show version")

    def console(self, command: str) -> str:
        """What it says to a command; empty when it does not answer."""
        asked = self.command("sbin/asterisk", "-C", str(self.folder / "etc/asterisk.conf"), "-rx", command)
        try:
            done = subprocess.run(asked, capture_output=True, text=True, timeout=PATIENCE, check=False)
        except subprocess.TimeoutExpired:
            return ""
        return done.stdout if done.returncode == 0 else ""

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End it, and return when it has ended; one that does not want to is killed. Does nothing when it does not run."""
        if (pid := self.pid()) is not None:
            _signal(pid, number)
        until = time.monotonic() + PATIENCE
        while pid is not None and self.pid() is not None:
            if time.monotonic() > until:
                _signal(pid, signal.SIGKILL)
            time.sleep(0.05)
        if self.process is not None:
            self.process.wait()
            self.process = None
        (self.folder / "pid").unlink(missing_ok=True)

    def pid(self) -> int | None:
        """Its process, if that is still there and still is this Asterisk."""
        if self.process is not None and self.process.poll() is not None:
            return None
        try:
            pid = int((self.folder / "pid").read_text(encoding="ascii"))
            words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
        except (OSError, ValueError):
            return None
        return pid if str(self.folder / "etc/asterisk.conf") in words else None

    def command(self, program: str, *arguments: str) -> list[str]:
        """How a program of the packages is started: with their own C library instead of the machine's."""
        return packages.command(self.root, program, *arguments)

    def _libraries(self) -> Path:
        return next(self.root.glob("usr/lib/*-linux-gnu"))


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):  # it has just ended
        os.kill(pid, number)
