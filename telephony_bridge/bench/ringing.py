"""Citizens who ring at a real Asterisk, one after the other, and give up when the card has been seen."""

import asyncio
import random
import threading
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from telephony_bridge.bench import exchange
from telephony_bridge.bench.load import Sent
from telephony_bridge.bench.page import DeskPage
from telephony_bridge.bench.stage import NUMBERS, Stage
from telephony_bridge.simulation.sip import Caller, Phone

T = TypeVar("T")
RINGS_FOR_EVER = 3600.0  # seconds
SEED = 3
PATIENCE = 20.0


def ring_one_by_one(place: Stage, desk: DeskPage, count: int) -> list[Sent]:
    """When each INVITE was sent. The first agent, who is in the browser, alone is ready: each call rings there.

    The callers live in a loop in a thread; the browser wants to be asked in ours.
    """
    rng = random.Random(SEED)  # noqa: S311  no secret
    sent: list[Sent] = []
    with exchange.running(place, "pop", 1) as here, _loop() as loop:

        def done(work: Coroutine[Any, Any, T]) -> T:
            return asyncio.run_coroutine_threadsafe(work, loop).result(PATIENCE)

        here.team.ready(1)
        phone = done(_phone(here.lab.ports.phones))
        for number in range(count):
            at, caller = done(_calling(NUMBERS[number % len(NUMBERS)], here.lab.ports.sip))
            sent.append(Sent(f"pop-{number}", "newCall", at, 0.0, 0))
            desk.saw(number + 1)
            time.sleep(rng.uniform(0.05, 0.15))
            done(caller.__aexit__())
            time.sleep(rng.uniform(0.1, 0.25))
        done(phone.__aexit__())
    return sent


async def _phone(port: int) -> Phone:
    return await Phone(port, rings=RINGS_FOR_EVER).__aenter__()


async def _calling(number: str, port: int) -> tuple[float, Caller]:
    """The sockets are opened after the time is taken: less than a millisecond against us."""
    at = time.time()
    return at, await Caller(number, port).__aenter__()


@contextmanager
def _loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()
