"""`rufverbund bridge`: the process of the telephony that always runs.

It keeps presence, wrap-ups and forgotten calls true, every few seconds, so that no desk depends on another page being open, and serves a centre's
own exchange where there is one (link.py). It survives restarts of PostgreSQL and ends at SIGTERM or SIGINT after the round that it is in.
"""

import signal
import sys
import threading
import time
from collections.abc import Callable

import structlog
from django.db import Error, connections

from telephony_bridge import actions
from telephony_bridge.link import Link
from tenants import scope

log = structlog.get_logger(__name__)
Chore = Callable[[], int]
Linked = Callable[[Callable[[BaseException], None]], Link]
Chores = tuple[str, Chore, float]
CHORES: tuple[Chores, ...] = (  # what it is called in the log, what it does, seconds between
    ("presences_expired", actions.expire_presences, 3.0),
    ("wrap_ups_expired", actions.expire_wrap_ups, 2.0),
    ("calls_reaped", actions.reap_calls, 30.0),
)
TURN = 0.0005  # seconds; with the usual 5 ms, calls wait that long at each step for the thread that writes what has happened
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 15.0  # seconds between two tries while the database is away


def run(stop: threading.Event | None = None, linked: "Linked | None" = None) -> None:
    """Work until `stop` is set or a signal says so. Never raises for a database that is away.

    `linked` makes the link to an exchange of our own, given what to call when the routing ends by itself; with what it ended by is raised here.
    """
    ended = stop or threading.Event()
    broken: list[BaseException] = []

    def failed(error: BaseException) -> None:
        broken.append(error)
        ended.set()

    link = linked(failed) if linked else None
    if threading.current_thread() is threading.main_thread():
        sys.setswitchinterval(TURN)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: ended.set())
    if link:
        link.start()
    try:
        _chores(ended, of(link))
    finally:
        if link:
            link.stop()
    if broken:
        raise broken[0]


def of(link: Link | None) -> tuple[Chores, ...]:
    """What is to be done, with and without an exchange of our own."""
    if link is None:
        return CHORES
    return (*CHORES, ("record_read", link.follow_record, 2.0), ("record_differs", link.compare_record, 30.0))


def _chores(ended: threading.Event, chores: tuple[Chores, ...]) -> None:
    due, pause = dict.fromkeys((name for name, _, _ in chores), 0.0), 0.0
    while not ended.is_set():
        try:
            _round(due, chores)
            pause = 0.0
        except Error as error:
            pause = min(LONGEST_PAUSE, pause * 2 or FIRST_PAUSE)
            log.warning("bridge.database_away", error=_first_line(error), next_try_s=pause)
        finally:
            connections.close_all()  # back to the pool, or away with what is broken
        ended.wait(pause or max(0.1, min(due.values()) - time.monotonic()))


def _round(due: dict[str, float], chores: tuple[Chores, ...]) -> None:
    """Every chore whose time has come; what was done stands in the log, nothing done does not."""
    for name, chore, every in chores:
        if time.monotonic() < due[name]:
            continue
        with scope.telephony():
            done = chore()
        due[name] = time.monotonic() + every
        if done:
            log.info("bridge.done", chore=name, count=done)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
