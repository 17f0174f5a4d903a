"""Reading a log that grows, from where the last reading ended, over rotations and truncations.

Asterisk opens the file by its name for each event. Rotation renames it (Master.csv.1 …), or copies and truncates it. So a file is known by
its begin, which has the time and the channel of its first event and is never the same twice; an inode would not survive a copy, and is used again.
"""

import hashlib
import os
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from telephony_bridge.record.lines import parsed

HEAD = 1024  # bytes of a begin
BEGIN = 1 << 16  # bytes in which the first event is sought
LIMIT = 1 << 20  # bytes of a reading
PACKED = {".gz", ".bz2", ".xz", ".zst"}  # read before they are packed, or by hand


@dataclass(frozen=True, slots=True)
class Position:
    """How far a log is read: `offset` bytes of the file that begins with `head_length` bytes whose SHA-256 is `head`.

    `last_at` is the time of the last event that was read. A file of which nothing is read has no head yet.
    """

    head: str = ""
    head_length: int = 0
    offset: int = 0
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """Lines without their ends, and the position behind them. `gap`: the file that was read last is gone with what it still had."""

    texts: tuple[str, ...]
    position: Position
    gap: bool = False


@dataclass(frozen=True, slots=True)
class _Piece:
    """A file of the log: the named one, or an older one that was put aside."""

    path: Path
    first_at: datetime


def read(file: Path, position: Position, limit: int = LIMIT) -> Reading:
    """The next lines, at most about `limit` bytes of them. No lines and the same position: nothing has come."""
    gap = False
    if not _is_at(file, position):
        pieces = _pieces(file)
        here = next((piece for piece in pieces if _is_at(piece.path, position)), None)
        if here is not None:
            reading = _from(here.path, position, limit)
            if reading.texts:
                return reading
            later = [piece for piece in pieces if piece.first_at > here.first_at]
            if not later:
                return reading
            if rest := _rest(here.path, position):
                return rest
        else:
            later = [piece for piece in pieces if position.last_at is None or piece.first_at > position.last_at]
            later = later or [piece for piece in pieces if piece.path == file]  # the clock was set back
            gap = position.head_length > 0
        if not later:
            return Reading((), position)
        position, file = Position(last_at=position.last_at), later[0].path
    return replace(_from(file, position, limit), gap=gap)


def _is_at(path: Path, position: Position) -> bool:
    """Whether this is the file that was read last."""
    if not position.head_length:
        return False
    try:
        with path.open("rb") as file:
            begin = file.read(position.head_length)
            size = os.fstat(file.fileno()).st_size
    except OSError:
        return False
    return size >= position.offset and hashlib.sha256(begin).hexdigest() == position.head


def _pieces(file: Path) -> list[_Piece]:
    """All files of the log that have an event, the oldest first."""
    found = []
    for path in file.parent.glob(f"{file.name}*"):
        if path.suffix in PACKED:
            continue
        try:
            with path.open("rb") as opened:
                begin = opened.read(BEGIN)
        except OSError:
            continue
        lines = (parsed(text.decode(errors="replace")) for text in begin.split(b"\n")[:-1])
        if first := next((line for line in lines if line), None):
            found.append(_Piece(path, first.at))
    return sorted(found, key=lambda piece: piece.first_at)


def _from(path: Path, position: Position, limit: int) -> Reading:
    """Whole lines; the half one at the end is left for the next time. A line that is longer than `limit` is read whole, too."""
    with path.open("rb") as file:
        file.seek(position.offset)
        data = file.read(limit)
        if b"\n" not in data and len(data) == limit:
            data += file.readline()
        whole = data[: data.rfind(b"\n") + 1]
        if not whole:
            return Reading((), position)
        offset = position.offset + len(whole)
        file.seek(0)
        head = file.read(min(offset, HEAD)) if position.head_length < HEAD else b""
    known = replace(position, offset=offset)
    if head:
        known = replace(known, head=hashlib.sha256(head).hexdigest(), head_length=len(head))
    return _told(whole[:-1], known)


def _rest(path: Path, position: Position) -> Reading | None:
    """What stands behind the last line of a file to which nothing will be added any more."""
    with path.open("rb") as file:
        file.seek(position.offset)
        rest = file.read()
    return _told(rest, replace(position, offset=position.offset + len(rest))) if rest else None


def _told(data: bytes, position: Position) -> Reading:
    texts = tuple(text.decode(errors="replace").rstrip("\r") for text in data.split(b"\n"))
    last = next((line.at for text in reversed(texts) if (line := parsed(text))), position.last_at)
    return Reading(texts, replace(position, last_at=last))
