"""Recordings for tests."""

import io
import math
import struct
import wave


def sine(seconds: float = 0.4, *, hertz: int = 440, rate: int = 8000) -> bytes:
    """A wav file, mono, 16 bits."""
    kept = io.BytesIO()
    with wave.open(kept, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        levels = (int(8000 * math.sin(math.tau * hertz * at / rate)) for at in range(int(rate * seconds)))
        file.writeframes(b"".join(struct.pack("<h", level) for level in levels))
    return kept.getvalue()
