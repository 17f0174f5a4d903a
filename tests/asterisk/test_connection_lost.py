"""The connection ends in the moment in which somebody becomes free: nothing turns in circles, and who waits is served after the next one."""

import asyncio

from websockets.protocol import State

from telephony_bridge.routing.exchange import Exchange
from tests.asterisk.sip import PATIENCE, Caller, Phone, play
from tests.asterisk.test_exchange import TOWN_HALL, access

__all__ = ["access"]  # a fixture
FEW = 20


class CirclesError(Exception):
    """The same was tried again and again."""


def test_who_cannot_be_rung_now_is_rung_once_more_after_the_next_connection(asterisk, access):
    failed = []

    def note(what, _call, details):
        failed.extend([details] if what == "failed" else [])
        if len(failed) > FEW:
            raise CirclesError

    async def played():
        exchange = Exchange(access, (), note)
        work = asyncio.create_task(exchange.run())
        await asyncio.wait_for(exchange.connected.wait(), PATIENCE)
        async with Phone(asterisk.ports.phones), Caller(TOWN_HALL, asterisk.ports.sip) as caller:
            await caller.until(lambda: exchange.pool.waiting)
            socket = exchange.ari.socket
            socket.transport.abort()
            while socket.state is not State.CLOSED:  # noqa: ASYNC110  its moment is what matters
                await asyncio.sleep(0)
            exchange.come("agent1")
            await caller.until(lambda: caller.talked > 0.2)
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)

    play(played())
    assert len(failed) <= FEW
