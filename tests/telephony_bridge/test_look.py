"""Many calls that go wrong at once ask Asterisk together, and each hears what is after it has asked."""

import asyncio

from telephony_bridge.routing.resync import Look
from tests import loops


def test_who_asks_meanwhile_shares_the_next_answer():
    asked, gate = [], asyncio.Event()

    async def ask(request):
        asked.append(request.path)
        await gate.wait()
        return len(asked)

    async def played():
        look = Look(ask)
        first = asyncio.create_task(look())
        while not asked:  # noqa: ASYNC110  a turn of the loop or two
            await asyncio.sleep(0)
        others = [asyncio.create_task(look()) for _ in range(100)]
        await asyncio.sleep(0)
        gate.set()
        return await first, await asyncio.gather(*others)

    first, others = loops.run(played())
    assert asked == ["channels", "bridges"] * 2
    assert set(others) == {(3, 4)}
    assert first == (1, 2)
