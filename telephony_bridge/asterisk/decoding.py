"""Audio that somebody sent, as telephones need it: a program of its own, because what reads foreign files may break, or never end.

    python -m telephony_bridge.asterisk.decoding < audio > announcement.wav

wav, mp3 (and what miniaudio reads else) in; 8 kHz, mono, 16 bits, as loud as a voice, out. Exit status: see `Outcome`.
"""

import io
import resource
import sys
import wave
from array import array
from collections.abc import Iterable
from enum import IntEnum

RATE = 8000  # samples a second
LONGEST, SHORTEST = 120.0, 0.2  # seconds
LOUDEST, MOST_GAIN = 0.7, 6.0  # of full scale; a quiet recording is made louder, noise is not made speech
MEMORY, SECONDS = 1 << 29, 5  # bytes, and of the processor
PART = RATE  # samples that are decoded at once


class Outcome(IntEnum):
    """Exit statuses."""

    DONE = 0
    UNREADABLE = 3
    TOO_LONG = 4
    TOO_SHORT = 5
    SILENT = 6


def main() -> Outcome:
    """Standard input to standard output."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    import miniaudio  # noqa: PLC0415  under the limits already

    data = sys.stdin.buffer.read()
    try:
        parts = miniaudio.stream_memory(data, miniaudio.SampleFormat.SIGNED16, 1, RATE, frames_to_read=PART)
        return _written(_begin(parts))
    except (miniaudio.MiniaudioError, ValueError, MemoryError):
        return Outcome.UNREADABLE


def _begin(parts: "Iterable[array[int]]") -> "array[int]":
    """All of it, or as much as says that it is too long: ten megabytes can hold three hours, which nobody is to wait for."""
    samples = array("h")
    for part in parts:
        samples += part
        if len(samples) > LONGEST * RATE:
            break
    return samples


def _written(samples: "array[int]") -> Outcome:
    if len(samples) > LONGEST * RATE:
        return Outcome.TOO_LONG
    if len(samples) < SHORTEST * RATE:
        return Outcome.TOO_SHORT
    peak = max(map(abs, samples)) / 32768
    if peak < LOUDEST / MOST_GAIN / 20:
        return Outcome.SILENT
    gain = min(LOUDEST / peak, MOST_GAIN)
    loud = array("h", (int(sample * gain) for sample in samples))
    if sys.byteorder == "big":
        loud.byteswap()
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(loud.tobytes())
    sys.stdout.buffer.write(target.getvalue())
    return Outcome.DONE


if __name__ == "__main__":
    sys.exit(main())
