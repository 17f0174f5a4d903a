"""One bridge per Asterisk is active. Asterisk itself is asked who: the active one renews a global variable, and who sees it stand still takes over.

No database and no common clock are needed. Who was only frozen learns of it when it wakes: Asterisk tells it that its name was taken (ReplacedError),
and it looks itself before it does anything else, since what it would do then would be done to the other's calls.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import structlog
from websockets.exceptions import WebSocketException

from telephony_bridge.routing.ari import Access, Ari, AriError

log = structlog.get_logger(__name__)
SIGN = "RUFVERBUND_BRIDGE"  # "<who>:<count>"
LOOK_EVERY = 0.5  # seconds
SILENT = 3.0  # seconds after which the active one counts as gone; it renews every second
NOT_SET = 404
GlobalVariable = Callable[[], Awaitable[str]]


async def wait_for_turn(access: Access, own: str) -> None:
    """Until nobody else is active at this Asterisk. `own` is one's name; a sign of one's own is from a process that has died before.

    While Asterisk cannot be reached there is nothing to take over: it is tried again.
    """
    while True:
        try:
            async with Ari.connected(replace(access, app=f"{access.app}-standby-{own}")) as ari:
                await stands_still(lambda: sign(ari), own)
                return
        except (OSError, EOFError, WebSocketException, AriError, TimeoutError) as error:
            log.info("standby.not_connected", reason=type(error).__name__)
            await asyncio.sleep(LOOK_EVERY)


async def stands_still(read: GlobalVariable, own: str) -> None:
    """Until the sign is one's own, missing, or has not changed for three seconds."""
    clock = asyncio.get_running_loop().time
    seen, since = await read(), clock()
    if seen:
        log.info("standby.waits", active=seen.partition(":")[0])
    while seen and seen.partition(":")[0] != own and clock() - since < SILENT:
        await asyncio.sleep(LOOK_EVERY)
        now = await read()
        if now != seen:
            seen, since = now, clock()


async def is_anothers(access: Access, own: str) -> bool:
    """Whether another says to be active, asked by a connection of its own. Raises as that does."""
    async with Ari.connected(replace(access, app=f"{access.app}-standby-{own}")) as ari:
        seen = await sign(ari)
    return bool(seen) and seen.partition(":")[0] != own


async def sign(ari: Ari) -> str:
    """The sign of the active one, "" where there is none."""
    try:
        told = await ari("GET", "asterisk/variable", variable=SIGN)
    except AriError as error:
        if error.status == NOT_SET:
            return ""
        raise
    return str((told or {}).get("value") or "")


async def renew(ari: Ari, own: str, count: int) -> None:
    """Say that one is active."""
    await ari("POST", "asterisk/variable", variable=SIGN, value=f"{own}:{count}")
