"""The heartbeat of presence: who has the desk open is there, told to the database in one go for all open pages of a process."""

import asyncio
from collections import Counter

import structlog
from asgiref.sync import sync_to_async
from django.db import DatabaseError, connection

from desk.listeners import Listener
from telephony_bridge import actions
from tenants import scope

log = structlog.get_logger(__name__)
BEAT = 15.0  # seconds; three are missed before somebody counts as away
Post = tuple[int, int]  # person, centre


class Beats:
    """Counts the open pages of each person in each of their centres."""

    def __init__(self) -> None:
        self.there: Counter[Post] = Counter()
        self.task: asyncio.Task[None] | None = None

    def arrive(self, listener: Listener) -> None:
        """A page was opened: tell it at once, then every 15 s."""
        new = [(listener.ticket.person, centre) for centre in listener.centres]
        self.there.update(new)
        self._soon(new)
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(self._go_on())

    def leave(self, listener: Listener) -> None:
        """A page was closed. Presence is left to run out, since a reload is no goodbye."""
        for centre in listener.centres:
            self.there[listener.ticket.person, centre] -= 1
        self.there = +self.there

    def _soon(self, posts: list[Post]) -> None:
        task = asyncio.create_task(tell(posts))
        _running.add(task)
        task.add_done_callback(_running.discard)

    async def _go_on(self) -> None:
        while True:
            await asyncio.sleep(BEAT)
            await tell(list(self.there))


_running: set[asyncio.Task[None]] = set()  # the loop holds tasks weakly


async def tell(posts: list[Post]) -> None:
    """Refresh these presences; a database that is away is tried again with the next beat."""
    if posts:
        await sync_to_async(_tell, thread_sensitive=False)(posts)


def _tell(posts: list[Post]) -> None:
    try:
        with scope.telephony():
            actions.heartbeats(posts)
    except DatabaseError as error:
        log.warning("desk.heartbeat_failed", error=str(error).splitlines()[0] if str(error) else type(error).__name__)
    finally:
        connection.close()
