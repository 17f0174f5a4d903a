"""Sounds that are computed: tones, as telephones carry them."""

import math
from collections.abc import Sequence
from pathlib import Path

RATE = 8000  # samples a second, as telephones have it


def samples(hertz: int, seconds: int) -> bytes:
    """A sine as G.711 A-law, which needs no transcoding."""
    level: Sequence[int] = [int(8000 * math.sin(2 * math.pi * hertz * at / RATE)) for at in range(RATE * seconds)]
    return bytes(map(_alaw, level))


def chimes() -> bytes:
    """What who waits hears until a centre has music of its own: six soft notes that fade, and a pause; 6.6 seconds, A-law."""
    notes = (523.25, 659.25, 783.99, 1046.5, 783.99, 659.25)  # hertz: C major, up and down
    length = int(0.6 * RATE)
    level = [
        int(6000 * math.exp(-5 * at / length) * math.sin(2 * math.pi * note * at / RATE))
        for note in notes
        for at in range(length)
    ]
    return bytes(map(_alaw, level + [0] * 3 * RATE))


def tone(path: Path, hertz: int, seconds: int) -> None:
    """The same as a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(samples(hertz, seconds))


def _alaw(sample: int) -> int:
    """16 bits, linear, to one byte (ITU-T G.711)."""
    sign = 0x80 if sample >= 0 else 0
    level = min(abs(sample), 32635)
    exponent = max(level.bit_length() - 8, 0)
    return (sign | exponent << 4 | level >> max(exponent + 3, 4) & 0x0F) ^ 0x55
