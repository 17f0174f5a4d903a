"""The callers and telephones of telephony_bridge.simulation.sip, and how a test plays a scene with them."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from telephony_bridge.simulation.sip import PATIENCE, PHONES, TRUNK, TRUNK_FAR, VOICE, Caller, Phone, _Agent, header

__all__ = ["PATIENCE", "PHONES", "TRUNK", "TRUNK_FAR", "VOICE", "Caller", "Phone", "_Agent", "header", "play"]
T = TypeVar("T")
_LOOPS = ThreadPoolExecutor(1)  # Playwright keeps a loop in the tests' own thread


def play(scene: Coroutine[Any, Any, T]) -> T:
    """Run a scene to its end. Always in the same thread, which stays: a process that it starts ends with it (PR_SET_PDEATHSIG)."""
    return _LOOPS.submit(asyncio.run, scene).result()
