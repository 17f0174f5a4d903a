"""PostgreSQL takes nobody, and the disk takes nothing, while calls come and are answered: routing goes on, and afterwards every row is there."""

import asyncio
import resource
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager

import psycopg
import pytest

from telephony_bridge import link as module
from tests import database, environment
from tests.asterisk.processes import nobody_is_left, rows_are_true
from tests.asterisk.sip import Caller, Phone, play
from tests.asterisk.slowness import slow, very_slow
from tests.asterisk.town import town

TOWN_HALL = "+4929211030"
RATE = 5  # calls a second
NAME = f"{environment.DATABASE}_town"


@pytest.fixture
def soest(asterisk, tmp_path, django_db_blocker, monkeypatch):
    monkeypatch.setattr(module, "LONGEST_PAUSE", 1.0)
    with django_db_blocker.unblock(), town(asterisk, tmp_path) as made:
        yield made
    assert made.failed == []


@contextmanager
def away():
    """The real PostgreSQL ends every connection to the centre's database and takes no new one, as while it is restarted."""
    database.execute(f"ALTER DATABASE {NAME} ALLOW_CONNECTIONS false")
    database.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{NAME}'")
    try:
        with pytest.raises(psycopg.OperationalError), psycopg.connect(environment.SERVER.superuser_url, dbname=NAME):
            pass
        yield
    finally:
        database.execute(f"ALTER DATABASE {NAME} ALLOW_CONNECTIONS true")


@contextmanager
def full_disk(folder):
    """No file of the spool can grow."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = max(path.stat().st_size for path in folder.glob("*.jsonl"))
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def one_call(asterisk, connected):
    """Somebody who waits until an agent is heard, and then hangs up."""
    async with Caller(TOWN_HALL, asterisk.ports.sip) as caller:
        await caller.until(lambda: caller.talked > 0.1)
        connected.append(caller)


async def agents_come(link):
    """Both are ready again as soon as they are free: their desk cannot say so now."""
    while True:
        for agent in ("agent1", "agent2"):
            link.loop.call_soon_threadsafe(link.exchange.come, agent)
        await asyncio.sleep(0.1)


@asynccontextmanager
async def served(asterisk, soest):
    """A bridge with two agents who are always there."""
    for who in ("agent", "agent2"):
        await soest.ask(lambda who=who: soest.is_now(who, "ready"))
    with soest.linked() as link:
        await soest.active(link)
        async with Phone(asterisk.ports.phones), AsyncExitStack() as ending:
            coming = asyncio.create_task(agents_come(link))
            ending.callback(coming.cancel)
            yield link


async def calls_come(asterisk, seconds):
    """At five a second; all of them are connected."""
    connected, calls = [], []
    for _ in range(int(RATE * seconds)):
        calls.append(asyncio.create_task(one_call(asterisk, connected)))
        await asyncio.sleep(1 / RATE)
    await asyncio.gather(*calls)
    return len(connected)


async def without_the_database(asterisk, soest, seconds):
    async with served(asterisk, soest) as link:
        with away():
            count = await calls_come(asterisk, seconds)
            assert count == int(RATE * seconds)
            assert len(link.spool.read(0)) > 4 * count
        await nobody_is_left(soest)
        calls = await rows_are_true(soest, count)
        assert {call.agent_id for call in calls} == {person.pk for person in soest.people.values()}


@slow
def test_for_some_seconds(asterisk, soest):
    play(without_the_database(asterisk, soest, 4))


@very_slow
def test_for_a_minute(asterisk, soest):
    play(without_the_database(asterisk, soest, 60))


def test_a_full_disk_while_calls_run_and_the_database_is_away(asterisk, soest):
    """What nobody could write is in memory, and is written as soon as there is room; nothing is doubled."""

    async def played():
        async with served(asterisk, soest) as link:
            await one_call(asterisk, [])
            with away():
                with full_disk(link.spool.folder):
                    await one_call(asterisk, [])
                    assert link.spool.unwritten
                await one_call(asterisk, [])
                assert not link.spool.unwritten
            await nobody_is_left(soest)
            await rows_are_true(soest, 3)

    play(played())
