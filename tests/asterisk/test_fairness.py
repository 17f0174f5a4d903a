"""One queue for all municipalities, at a real Asterisk: ten callers for a large one to one for a small one wait alike (docs/adr/0112)."""

import asyncio
from statistics import mean

from tests.asterisk.sip import Caller, Phone, play
from tests.asterisk.test_exchange import access, running

__all__ = ["access"]  # a fixture
LARGE, SMALL = "+4929211030", "+492921300"
APART = 0.06  # seconds between two callers, so that nobody overtakes on the way
TALK = 0.1


async def calls(number, after, sip_port, told):
    """Somebody who calls, speaks, and hangs up; tells the number and the wait in seconds, in the order in which they are answered."""
    await asyncio.sleep(after)
    loop = asyncio.get_running_loop()
    async with Caller(number, sip_port) as caller:
        began = loop.time()
        await caller.until(lambda: caller.talked)
        told.append((after, number, loop.time() - began))
        await caller.until(lambda: caller.talked > TALK)


def test_ten_calls_to_one_wait_alike(asterisk, access):
    """The two for the small one stand as far from the beginning as from the end, so one queue lets them wait as long as the others on average."""
    numbers = [SMALL if place in (4, 17) else LARGE for place in range(22)]

    async def played():
        told = []
        async with running(access, "agent1"), Phone(asterisk.ports.phones):
            await asyncio.gather(
                *(calls(number, place * APART, asterisk.ports.sip, told) for place, number in enumerate(numbers))
            )
        return told

    told = play(played())
    assert len(told) == len(numbers)
    assert [after for after, _number, _wait in told] == sorted(after for after, _number, _wait in told)
    waits = [mean(wait for _after, number, wait in told if number == which) for which in (LARGE, SMALL)]
    assert max(waits) < 1.2 * min(waits), waits
