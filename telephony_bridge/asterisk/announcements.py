"""Announcements as sounds in a folder that an exchange reads: what municipalities have recorded, else what they have written, spoken.

A sound is named after what it says, the same for the exchange's own files and for the bridge: what changes is another sound, and nobody hears half
of one and half of the other.
"""

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from django.utils.translation import gettext as _

from telephony_bridge.asterisk import sounds, speech
from telephony_bridge.asterisk.configuration.folder import Folder
from tenants.errors import Refusal

Key = tuple[str, str]  # slug, "emergency" or "closed"
CLOSED = "closed"  # the sound outside of hours where a municipality has neither recorded nor written anything
LETTERS = 24  # hexadecimal, of a SHA-256


@dataclass(frozen=True, slots=True)
class Said:
    """What a municipality wants to be heard. `recorded`: SHA-256 of its recording, hex; with one, `text` is for when that cannot be had."""

    text: str = ""
    recorded: str = ""


def usual() -> str:
    """The text outside of hours where a municipality has written nothing."""
    return _("Guten Tag. Sie rufen außerhalb unserer Servicezeiten an. Bitte versuchen Sie es später noch einmal.")


def words_of(text: str) -> str:
    """A text as it is spoken: texts that differ in blanks only are one."""
    return " ".join(text.split())


def name_of_text(text: str) -> str:
    """The name of its sound, without an ending."""
    return hashlib.sha256(words_of(text).encode()).hexdigest()[:LETTERS]


def name_of_recording(sha256: str) -> str:
    """The name of its sound, without an ending."""
    return sha256[:LETTERS]


def put(path: Path, data: bytes) -> None:
    """A file as a whole or not at all, whatever ends us meanwhile. Raises OSError."""
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        with suppress(OSError):  # what a full disk has no room for shall not fill it
            part.unlink(missing_ok=True)
        raise


def there(folder: Folder, wanted: dict[Key, Said]) -> dict[Key, str]:
    """The path, without its ending, of the sound for each that is in the folder."""
    found = {key: next(filter(_has, _paths(folder, said)), None) for key, said in wanted.items()}
    return {key: str(path) for key, path in found.items() if path}


def _paths(folder: Folder, said: Said) -> list[Path]:
    """Where its sound may be, the best first."""
    names = [name_of_recording(said.recorded)] if said.recorded else []
    names += [name_of_text(said.text)] if said.text else []
    return [folder.path / "sounds" / name for name in names]


def make(
    folder: Folder, wanted: dict[Key, Said], audio_of: Callable[[Key], bytes], tell: Callable[[str], None]
) -> None:
    """Write or have spoken everything that is not there yet. `audio_of` gives a recording, and may raise Refusal.

    What cannot be is told in a sentence, and callers hear the centre's closed text, or a tone.
    """
    for key, said in wanted.items():
        called = _("%(slug)s, geschlossen") if key[1] == "closed" else _("%(slug)s, Notfall")
        name = called % {"slug": key[0]}
        if said.recorded and _made(folder, name_of_recording(said.recorded), partial(audio_of, key), name, tell):
            continue
        if said.text:
            _made(folder, name_of_text(said.text), partial(speech.spoken, said.text), name, tell)
    _made(folder, CLOSED, partial(speech.spoken, usual()), _("außerhalb der Servicezeiten"), tell)
    if not _has(folder.path / "sounds" / CLOSED):
        folder.put(f"sounds/{CLOSED}.alaw", sounds.samples(600, 1))
    if not (folder.path / "music").is_dir():  # an administrator puts the centre's own there
        folder.put("music/hold.alaw", sounds.chimes())


def _made(folder: Folder, name: str, audio: Callable[[], bytes], called: str, tell: Callable[[str], None]) -> bool:
    """Whether the sound is there now."""
    try:
        if not _has(folder.path / "sounds" / name):
            folder.put(f"sounds/{name}.wav", audio())
    except Refusal as refusal:
        tell(_("Die Ansage „%(name)s“ fehlt: %(reason)s") % {"name": called, "reason": refusal})
        return False
    return True


def _has(path: Path) -> bool:
    return any(path.with_name(f"{path.name}.{ending}").is_file() for ending in ("wav", "alaw"))
