"""Announcements: text that a machine speaks, as a stopgap, and audio that people have recorded; both as telephones need it (8 kHz, mono, 16 bits).

The voice is espeak-ng, a program beside ours (GPL, neither shipped nor linked): the machine's own, else Debian's package, unpacked into the cache.
"""

import shutil
import subprocess
import sys
import threading
from pathlib import Path

from django.utils.translation import gettext as _

from telephony_bridge.asterisk import packages
from telephony_bridge.asterisk.decoding import LONGEST, Outcome
from tenants.errors import Refusal

BIGGEST = 10 * 1024 * 1024  # bytes of a file that somebody sends
LONGEST_TEXT = 1_000  # characters
WORDS_A_MINUTE = 140  # slower than people talk: this voice is not a person's
PATIENCE = 30.0  # seconds
AT_MOST = 2.0  # seconds that an upload waits for its turn: it holds one of the few threads in which all municipalities' pages are made
TURNS = threading.BoundedSemaphore(2)  # conversions at a time in one process: each may take decoding.MEMORY
HEADS = (b"RIFF", b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2", b"\xff\xfa")  # of wav and mp3


def converted(data: bytes) -> bytes:
    """A wav or mp3 file as a wav for telephones. Raises Refusal for what is none, too big, too long, too short or silent."""
    if len(data) > BIGGEST:
        raise Refusal(_("Die Datei ist größer als 10 MB. Speichern Sie sie als mp3 oder kürzer."))
    if not data.startswith(HEADS) or (data.startswith(b"RIFF") and data[8:12] != b"WAVE"):  # videos are RIFF, too
        raise Refusal(_unreadable())
    return _decoded(data, AT_MOST)


def _unreadable() -> str:
    return _("Die Datei ist keine Audiodatei, die gelesen werden kann. Nehmen Sie wav oder mp3.")


def _decoded(data: bytes, patience: float) -> bytes:
    if not TURNS.acquire(timeout=patience):
        raise Refusal(
            _("Gerade werden andere Aufnahmen umgewandelt. Bitte versuchen Sie es in einer Minute noch einmal.")
        )
    try:
        done = _run(data)
    finally:
        TURNS.release()
    words = {
        Outcome.TOO_LONG: _("Die Ansage ist länger als %(seconds)s Sekunden; so lange hört niemand zu.") % {"seconds": int(LONGEST)},
        Outcome.TOO_SHORT: _("Die Ansage ist kürzer als eine Fünftelsekunde."),
        Outcome.SILENT: _("In der Ansage ist nichts zu hören."),
    }  # fmt: skip
    if done.returncode != Outcome.DONE:
        raise Refusal(words.get(done.returncode) or _unreadable())  # type: ignore[call-overload]
    return done.stdout


def _run(data: bytes) -> "subprocess.CompletedProcess[bytes]":
    command = [sys.executable, "-m", "telephony_bridge.asterisk.decoding"]
    try:
        return subprocess.run(
            command, input=data, capture_output=True, timeout=PATIENCE, check=False, cwd=Path(__file__).parents[2]
        )
    except subprocess.TimeoutExpired as error:
        raise Refusal(_unreadable()) from error


def spoken(text: str) -> bytes:
    """A German text, spoken, as a wav for telephones. Raises Refusal where there is nothing to say, too much, or no voice."""
    words = " ".join(text.split())
    if not any(sign.isalnum() for sign in words):
        raise Refusal(_("Ein leerer Text kann nicht gesprochen werden."))
    if len(words) > LONGEST_TEXT:
        raise Refusal(_("Der Text ist länger als 1000 Zeichen; so lange hört niemand zu."))
    asked = [*_voice(), "-v", "de", "-s", str(WORDS_A_MINUTE), "-b", "1", "--stdin", "--stdout"]
    try:
        done = subprocess.run(asked, input=words.encode(), capture_output=True, timeout=PATIENCE, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Refusal(_("Der Text konnte nicht gesprochen werden.")) from error
    if done.returncode or not done.stdout:
        raise Refusal(_("Der Text konnte nicht gesprochen werden."))
    return _decoded(done.stdout, PATIENCE)


def _voice() -> list[str]:
    """How espeak-ng is started."""
    if own := shutil.which("espeak-ng"):
        return [own]
    root = packages.unpacked(bundle=packages.VOICE)
    data = next(root.glob("usr/lib/*-linux-gnu/espeak-ng-data"))
    return [*packages.command(root, "bin/espeak-ng"), f"--path={data.parent}"]
