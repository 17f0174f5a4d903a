"""Citizens who really ring: SIP callers at an Asterisk on this machine, and the telephones that they reach. For demonstrations.

An agent's telephone rings until the call is accepted on the desk, which lets it pick up. Whoever leads the team, or is called outside of the centre,
picks up after a moment; numbers that end in 00 are busy, so that one can see a call come back.
"""

import asyncio
import re
import secrets
from collections.abc import Callable, Container
from random import Random

import structlog

from telephony_bridge.asterisk.configuration import Ports
from telephony_bridge.simulation.citizens import PlannedCall, Town, plan
from telephony_bridge.simulation.sip import PICKS_UP_AFTER, TRUNK_FAR, Caller, Phone

log = structlog.get_logger(__name__)
RINGS_FOR_EVER = 3600.0  # seconds
WAITS_AT_LEAST = 60.0  # seconds: with one person at the desk everybody waits longer than among colleagues
LINES = 8  # calls at once


class Busy:
    """Whose number ends in 00."""

    def __contains__(self, number: object) -> bool:
        return str(number).endswith("00")


async def ring(
    ports: Ports,
    towns: list[Town],
    rng: Random,
    *,
    rate: float,
    ended: Callable[[], bool],
    leading: Container[str] = (),
) -> int:
    """Callers at `rate` a minute until `ended`; returns how many there were. `towns` must not be empty; the telephones in `leading` are picked up."""
    calls: set[asyncio.Task[None]] = set()
    made = 0
    agents = Phone(ports.phones, rings=RINGS_FOR_EVER, soon=leading)
    async with agents, Phone(ports.trunk, rings=PICKS_UP_AFTER, ip=TRUNK_FAR, refuses=Busy()):
        while not ended():
            if len(calls) < LINES:
                made += 1
                one = asyncio.create_task(_call(ports, plan(rng, towns, secrets.token_hex(6)), ended))
                calls.add(one)
                one.add_done_callback(calls.discard)
            await _pause(rng.expovariate(rate / 60), ended)
        for one in calls:
            one.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
    return made


async def _call(ports: Ports, planned: PlannedCall, ended: Callable[[], bool]) -> None:
    """Wait as long as they have patience, talk as long as they planned, hang up."""
    log.info("caller.rings", to=planned.to, town=planned.town, concern=planned.concern)
    async with Caller(_bare(planned.to), ports.sip, sender=_bare(planned.from_) or "anonymous") as caller:
        patience = max(planned.patience, WAITS_AT_LEAST)
        await _pause(patience, lambda: ended() or caller.talked > 0 or caller.over.is_set())
        if caller.talked:
            await _pause(planned.talk, lambda: ended() or caller.over.is_set())
    log.info("caller.hung_up", town=planned.town, talked_s=round(caller.talked), waited_s=round(caller.music))


def _bare(number: str) -> str:
    """As it stands in a SIP address."""
    return re.sub(r"[^+0-9]", "", number)


async def _pause(seconds: float, unless: Callable[[], bool]) -> None:
    clock = asyncio.get_running_loop().time
    end = clock() + seconds
    while clock() < end and not unless():  # noqa: ASYNC110  what ends it is no event of ours
        await asyncio.sleep(min(0.2, max(0.0, end - clock())))
