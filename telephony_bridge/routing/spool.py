"""What happens at the exchange, on this machine's disk before it is in the database: routing goes on while PostgreSQL is away, and nothing is forgotten.

A folder with an id of its own and files of lines, each a JSON object with its number; numbers only grow, also when the folder was lost. A full disk
keeps what happens in memory and tries again with the next record.
"""

import fcntl
import json
import os
import secrets
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import structlog
from django.utils.translation import gettext as _

from tenants.errors import Refusal

log = structlog.get_logger(__name__)
SEGMENT = 5_000  # records in a file
OLDEST = 3600.0  # seconds until the next file, so that where few call their numbers do not stay
RECENT = 2_000  # records that are read from memory
KEPT_IN_MEMORY = 100_000  # while the disk takes nothing: an hour of a busy centre, 60 MB


@dataclass(frozen=True, slots=True)
class Record:
    """Something that happened: `what` to which `call` ("" where it is about none), when (UTC), with what."""

    number: int
    at: datetime
    what: str
    call: str
    details: dict[str, Any]

    @property
    def line(self) -> bytes:
        """As it stands in a file."""
        told = {"n": self.number, "at": self.at.isoformat(), "what": self.what, "call": self.call, "with": self.details}
        return (
            json.dumps(told, ensure_ascii=False, default=str).encode(errors="replace") + b"\n"
        )  # whatever a caller's telephone says

    @classmethod
    def read(cls, line: bytes) -> "Record":
        """Raises ValueError, KeyError or TypeError for what is none."""
        told = json.loads(line)
        return cls(int(told["n"]), datetime.fromisoformat(told["at"]), told["what"], told["call"], told["with"])


class Spool:
    """One process writes, in any of its threads; it and others may read. Raises OSError where the folder cannot be made."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.id = self._own_id()
        self.lock = threading.Lock()
        self.unwritten: deque[Record] = deque(maxlen=KEPT_IN_MEMORY)
        self.file: int | None = None
        self.owner: int | None = None
        self.in_file, self.opened = 0, 0.0
        self.recent: deque[Record] = deque()  # everything after `before`
        self.last = self.before = self._last_on_disk()

    def take(self) -> None:
        """From now on it belongs to this process, until that ends in whatever way. Raises Refusal where it belongs to another.

        Only then is anything in the folder changed.
        """
        owner = os.open(self.folder / "id", os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(owner)
            sentence = _(
                "In %(folder)s schreibt schon eine andere Brücke. Geben Sie dieser mit --spool einen eigenen Ordner."
            )
            raise Refusal(sentence % {"folder": self.folder}) from None
        self.owner = owner
        self.last = self.before = max(self.last, self._last_on_disk())  # whose it was may have written until now

    def append(self, what: str, call: str = "", details: dict[str, Any] | None = None) -> int:
        """Keep a record; its number. Never raises: what the disk does not take now is in memory, and written with the next."""
        with self.lock:
            self.last = max(self.last + 1, time.time_ns() // 1000)
            record = Record(self.last, datetime.now(UTC), what, call, details or {})
            self.recent.append(record)
            if len(self.recent) > RECENT:
                self.before = self.recent.popleft().number
            self.unwritten.append(record)
            try:
                self._write()
            except OSError as error:
                with suppress(OSError):  # the log may be on the same disk
                    log.error("spool.not_written", kept=len(self.unwritten), error=str(error))  # noqa: TRY400  no trace per record
            return self.last

    def read(self, after: int, limit: int | None = None) -> list[Record]:
        """Records with higher numbers, in their order; those that only memory has, too."""
        with self.lock:
            if after >= self.before:
                return [record for record in self.recent if record.number > after][:limit]
            unwritten = list(
                self.unwritten
            )  # before the files are read: one that is written meanwhile must not fall in between
        found: list[Record] = []
        files = self._files()
        for path, following in zip(files, [*files[1:], None], strict=True):
            if following is None or int(following.stem) > after + 1:
                found += (record for record in _records(path) if record.number > after)
            if limit is not None and len(found) >= limit:
                return found[:limit]
        newest = found[-1].number if found else after
        found += [record for record in unwritten if record.number > newest]
        return found[:limit]

    def forget(self, upto: int) -> None:
        """Delete the files of which all records are at most `upto`; the one that is being written stays."""
        files = self._files()
        for path, following in pairwise(files):
            if int(following.stem) <= upto + 1:
                path.unlink(missing_ok=True)

    def flush(self) -> None:
        """To the disk itself, so that a machine that loses its power has it, too."""
        if self.file is not None:
            os.fdatasync(self.file)

    def close(self) -> None:
        """The end; what is in memory only is tried once more."""
        with self.lock:
            try:
                self._write()
            except OSError as error:
                log.exception("spool.lost", records=len(self.unwritten), error=str(error))
            if self.file is not None:
                os.close(self.file)
                self.file = None
            if self.owner is not None:
                os.close(self.owner)
                self.owner = None

    def _own_id(self) -> str:
        """Made once, and whole or not at all; positions in the database belong to it."""
        path = self.folder / "id"
        if not path.exists():
            draft = self.folder / f"id-{secrets.token_hex(8)}"
            try:
                draft.write_text(secrets.token_hex(8), encoding="ascii")
                with suppress(FileExistsError):  # another process was faster: its word counts
                    os.link(draft, path)
            finally:
                draft.unlink(missing_ok=True)
        return path.read_text(encoding="ascii").strip()

    def _files(self) -> list[Path]:
        return sorted(self.folder.glob("*.jsonl"))

    def _last_on_disk(self) -> int:
        """The highest number in use. A file is named after its first record, whether the disk took that or not."""
        files = self._files()
        numbers = [record.number for file in files[-1:] for record in _records(file)]
        return max([*numbers, *(int(file.stem) for file in files[-1:])], default=0)

    def _mend(self) -> None:
        """Half a line at the end is from a process that was killed while it wrote: it was never told to anybody."""
        files = self._files()
        if files:
            whole = files[-1].read_bytes()
            keep = whole.rfind(b"\n") + 1
            if keep < len(whole):
                os.truncate(files[-1], keep)

    def _write(self) -> None:
        while self.unwritten:
            record = self.unwritten[0]
            if self.file is None or self.in_file >= SEGMENT or time.monotonic() - self.opened >= OLDEST:
                self._open(record.number)
            assert self.file is not None
            _write_whole(self.file, record.line)
            self.in_file += 1
            self.unwritten.popleft()

    def _open(self, number: int) -> None:
        if self.file is not None:
            os.close(self.file)
            self.file = None
        else:
            self._mend()
        path = self.folder / f"{number:019}.jsonl"
        self.file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.in_file, self.opened = 0, time.monotonic()


def _write_whole(file: int, line: bytes) -> None:
    """All of it, or nothing: of a line that did not fit, nothing stays."""
    before = os.fstat(file).st_size
    written = os.write(file, line)
    if written < len(line):
        os.ftruncate(file, before)
        raise OSError(f"{written} of {len(line)} bytes")


def _records(path: Path) -> Iterator[Record]:
    """Those of a file, up to a line that is still being written; one that is none is told and left out."""
    try:
        whole = path.read_bytes()
    except FileNotFoundError:
        return
    for line in whole.splitlines(keepends=True):
        if not line.endswith(b"\n"):
            return
        try:
            yield Record.read(line)
        except (ValueError, KeyError, TypeError) as error:
            log.error("spool.unreadable", file=path.name, error=str(error)[:200])  # noqa: TRY400  the line says it all
