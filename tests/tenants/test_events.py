"""The hub: what it hands to the open pages of a process."""

import asyncio
from typing import Any

from tenants.events import AT_ONCE, Hub, Ticket
from tests import loops

STREAM, CALL = "c:1", (7, "call", "c-1", "new")


class Ear:
    """A connection on which one call is news."""

    async def execute(self, _query: str, _values: object) -> "Ear":
        return self

    async def fetchone(self) -> tuple[str, int]:
        return STREAM, 7

    async def fetchall(self) -> list[tuple[int, str, str, str]]:
        return [CALL]


async def everybody(_ear: Any, _stream: str, tickets: set[Ticket]) -> set[Ticket]:
    return tickets


def hub_with(pages: int) -> tuple[Hub, list["asyncio.Queue[Any]"]]:
    hub = Hub(everybody)
    queues = [asyncio.Queue[Any]() for _ in range(pages)]
    for person, queue in enumerate(queues):
        hub.turn(queue, [STREAM], Ticket(person, "key"))
    return hub, queues


def test_others_have_their_turn_while_many_pages_are_told() -> None:
    """A call that is being reported does not wait for two hundred pages."""

    async def tell() -> tuple[list[int], list[int]]:
        hub, queues = hub_with(5 * AT_ONCE)
        told: list[int] = []

        async def other() -> None:
            while not told or told[-1] < len(queues):
                told.append(sum(not queue.empty() for queue in queues))
                await asyncio.sleep(0)

        watching = asyncio.create_task(other())
        await hub._deliver(Ear(), STREAM)  # type: ignore[arg-type]
        await watching
        return sorted(set(told)), [queue.qsize() for queue in queues]

    told, sizes = loops.run(tell())
    assert set(sizes) == {1}
    assert {AT_ONCE, 2 * AT_ONCE, 3 * AT_ONCE} <= set(told)


def test_who_goes_while_others_are_told_is_told_nothing() -> None:
    async def tell() -> list[int]:
        hub, queues = hub_with(3 * AT_ONCE)

        async def go() -> None:
            queues[-2].put_nowait(await queues[0].get())  # the first was told, the last not yet
            hub.turn(queues[-1], ["c:2"], Ticket(0, "key"))

        going = asyncio.create_task(go())
        await hub._deliver(Ear(), STREAM)  # type: ignore[arg-type]
        await going
        return [queue.qsize() for queue in queues]

    sizes = loops.run(tell())
    assert sizes[-1] == 0
    assert sizes[:-1] == [0] + [1] * (len(sizes) - 3) + [2]


def test_a_process_that_slept_until_lines_were_forgotten_lets_its_pages_begin_anew() -> None:
    async def tell() -> tuple[list[Any], list[Any]]:
        hub, queues = hub_with(2)
        await hub._deliver(Ear(), STREAM)  # type: ignore[arg-type]
        known = [queue.get_nowait() for queue in queues]
        hub.last[STREAM] = 3  # 4 to 6 are no more
        await hub._deliver(Ear(), STREAM)  # type: ignore[arg-type]
        return known, [queue.get_nowait() for queue in queues]

    known, afterwards = loops.run(tell())
    assert [event.number for event in known] == [7, 7]  # the first to listen need not know how far back lines go
    assert afterwards == [None, None]
