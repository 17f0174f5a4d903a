"""Fifty calls a second for a minute, twenty agents: nobody is lost, and every row is true. Its figures are printed."""

import asyncio
import os
from collections import Counter
from dataclasses import replace
from statistics import quantiles

import pytest

from telephony_bridge.asterisk.configuration import Station
from telephony_bridge.bench import sipp
from telephony_bridge.bench.log import rides
from tests.asterisk.processes import nobody_is_left
from tests.asterisk.sip import play
from tests.asterisk.slowness import slow, very_slow
from tests.asterisk.town import town

TOWN_HALL, DISTRICT = "+4929211030", "+492921300"
RATE, AGENTS = int(os.environ.get("CALLS_PER_SECOND", "50")), 20
TALK = 0.2  # seconds


@pytest.fixture
def crowded(asterisk):
    """The exchange with twenty telephones."""
    contact = f"127.0.0.3:{asterisk.ports.phones}"
    names = [f"agent{n}" for n in range(1, AGENTS + 1)]
    stations = [Station(name, name, f"9{n:02}", contact=f"{name}@{contact}") for n, name in enumerate(names)]
    wanted = replace(asterisk.wanted(), stations=stations)
    asterisk.configure(wanted)
    asterisk.console("core reload")
    yield asterisk
    asterisk.configure()
    asterisk.console("core reload")


@pytest.fixture
def soest(crowded, tmp_path, django_db_blocker):
    with django_db_blocker.unblock(), town(crowded, tmp_path) as made:
        yield made
    assert made.failed == []


async def agents_come(link):
    """Whoever has hung up takes the next call at once."""
    while True:
        for n in range(1, AGENTS + 1):
            link.loop.call_soon_threadsafe(link.exchange.come, f"agent{n}")
        await asyncio.sleep(0.1)


async def rows_are_there(soest, link):
    """As soon as the database has all that was noted."""
    last = link.spool.last

    async def stored():
        return link.stored >= last

    await soest.comes_true(stored)
    return await soest.ask(soest.calls)


async def storm(exchange, soest, seconds, rate):
    """SIPp calls, and is the telephones; a caller gives up after eight seconds. Asterisk's own log says how it was for them."""
    before, count = len(rides(exchange.cel)), rate * seconds
    with soest.linked() as link:
        await soest.active(link)
        coming = asyncio.create_task(agents_come(link))
        phones = sipp.telephones(exchange, talk=TALK)
        numbers = [(TOWN_HALL, DISTRICT)[place % 2] for place in range(count)]
        calling = sipp.callers(exchange, numbers, per_second=rate, give_up=True)
        try:
            assert await asyncio.to_thread(calling.ended, seconds + 60)
            await nobody_is_left(soest)
        finally:
            calling.stop()
            phones.stop()
            coming.cancel()
        rows = await rows_are_there(soest, link)
    assert calling.process.returncode in (0, 1)  # 1: both hung up at once; how it was for each, the log says
    those = rides(exchange.cel)[before:]
    counted = Counter("connected" if ride.bridged else "gave up" for ride in those)
    took = quantiles([ride.waited_ms for ride in those if ride.bridged], n=20)
    print(counted, f"waiting of those connected: p50 {took[9]:.0f} ms, p95 {took[18]:.0f} ms")
    assert counted["connected"] > 0
    assert len(those) == len(rows) == count
    assert {call.external_id for call in rows} == {ride.channel for ride in those}
    assert [call for call in rows if call.state not in ("ended", "wrap-up") or not call.hung_up_at] == []
    assert {ride.channel for ride in those if ride.bridged} <= {call.external_id for call in rows if call.answered_at}


@slow
def test_nobody_is_lost(crowded, soest):
    play(storm(crowded, soest, 4, RATE // 2))  # beside other tests


@very_slow
def test_nobody_is_lost_in_a_minute(crowded, soest):
    play(storm(crowded, soest, 60, RATE))
