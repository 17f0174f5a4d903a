"""Fifty calls a second for a minute, twenty agents: nobody is lost, and every row is true. Its figures are printed."""

import asyncio
import os
import time
from collections import Counter
from dataclasses import replace
from statistics import quantiles

import pytest

from telephony_bridge.asterisk.configuration import Station
from tests.asterisk.processes import nobody_is_left
from tests.asterisk.sip import Caller, Phone, play
from tests.asterisk.slowness import very_slow
from tests.asterisk.town import town

TOWN_HALL = "+4929211030"
RATE, SECONDS, AGENTS = int(os.environ.get("CALLS_PER_SECOND", "50")), int(os.environ.get("SECONDS", "60")), 20
PATIENT = 8.0  # seconds after which a caller gives up
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


async def one_call(asterisk, ended):
    """Waits for an agent, talks, hangs up; or gives up."""
    began = time.monotonic()
    async with Caller(TOWN_HALL, asterisk.ports.sip) as caller:
        await caller.until(lambda: caller.talked >= TALK or time.monotonic() - began > PATIENT)
        how = "connected" if caller.talked else "waited" if caller.music else f"status {caller.status}"
        ended.append((how, time.monotonic() - began))


async def agents_come(link):
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


@very_slow
def test_nobody_is_lost(crowded, soest):
    async def played():
        ended = []
        with soest.linked() as link:
            await soest.active(link)
            async with Phone(crowded.ports.phones):
                coming = asyncio.create_task(agents_come(link))
                calls, due = [], time.monotonic()
                for _ in range(RATE * SECONDS):
                    calls.append(asyncio.create_task(one_call(crowded, ended)))
                    due += 1 / RATE
                    await asyncio.sleep(max(0, due - time.monotonic()))
                await asyncio.gather(*calls)
                coming.cancel()
                await nobody_is_left(soest)
            rows = await rows_are_there(soest, link)
        counted = Counter(how for how, _took in ended)
        took = quantiles([took for how, took in ended if how == "connected"], n=20)
        print(counted, f"p50 {took[9]:.2f} s, p95 {took[18]:.2f} s from INVITE to {TALK} s of talk")
        lost = counted["status 0"]  # a caller of ours sends its INVITE once, and a busy machine drops packets
        assert counted["connected"] + counted["waited"] + lost == RATE * SECONDS, counted
        assert lost <= RATE * SECONDS / 100
        assert RATE * SECONDS - lost <= len(rows) <= RATE * SECONDS
        assert {
            call.external_id for call in rows if call.state not in ("ended", "wrap-up") or not call.hung_up_at
        } == set()

    play(played())
