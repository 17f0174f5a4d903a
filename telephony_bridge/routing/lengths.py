"""How long sounds are, as far as their files say."""

from collections.abc import Iterable
from pathlib import Path

SECOND_OF_WAV = 16_000  # bytes: 8 kHz, 16 bits, as a voice and uploads are kept
UNKNOWN = 60  # seconds of a sound that is no such file here


def seconds(media: Iterable[str]) -> int:
    """Of media that are heard one after the other, never too short; each is named as Asterisk does, `sound:/folder/file`."""
    return sum(_seconds(Path(one.removeprefix("sound:") + ".wav")) for one in media)


def _seconds(file: Path) -> int:
    try:
        return 1 + file.stat().st_size // SECOND_OF_WAV
    except OSError:
        return UNKNOWN
