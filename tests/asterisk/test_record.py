"""What the real Asterisk writes about a call becomes what has happened: the same states in the same order, as long as they were heard."""

import asyncio
import os
import signal
from contextlib import asynccontextmanager
from datetime import timedelta

from config.processes import end_with_parent
from telephony_bridge.record.lines import all_parsed
from telephony_bridge.record.runs import outlived
from telephony_bridge.record.timeline import End, Kind, Who, recorded
from telephony_bridge.routing import calls as c
from telephony_bridge.routing.calls import State
from tests.asterisk.sip import PATIENCE, TRUNK_FAR, Caller, Phone, header, play
from tests.asterisk.test_exchange import TOWN_HALL, access, left_alone, only, running, until  # noqa: F401  a fixture

TARGET = "+492921301234"
NEAR = 0.5  # seconds: of audio that is on its way, on a busy machine


def written(asterisk):
    return list(all_parsed(asterisk.cel.read_text(encoding="utf-8").splitlines())) if asterisk.cel.exists() else []


def of_call(asterisk, call):
    return [line for line in written(asterisk) if line.linked == call]


async def is_over(asterisk, call):
    """The log has come to its end."""
    end = asyncio.get_running_loop().time() + PATIENCE
    while not any(line.event == "LINKEDID_END" for line in of_call(asterisk, call)):
        assert asyncio.get_running_loop().time() < end, of_call(asterisk, call)
        await asyncio.sleep(0.05)


@asynccontextmanager
async def talking(asterisk, access, *agents):  # noqa: F811
    """(exchange, caller, id of the call), when they have talked for half a second; at the end the call is over, and written down."""
    async with running(access, *agents) as exchange, Phone(asterisk.ports.phones):
        async with Caller(TOWN_HALL, asterisk.ports.sip) as caller:
            await caller.until(lambda: caller.talked > 0.5)
            call = only(exchange).id
            yield exchange, caller, call
        await until(lambda: not exchange.lines)
        await is_over(asterisk, call)


async def talks_on(caller, seconds=0.5):
    before = caller.talked
    await caller.until(lambda: caller.talked > before + seconds)


async def hears_music(caller, seconds=1.0):
    before = caller.music
    await caller.until(lambda: caller.music > before + seconds)


def kinds(record):
    return [(interval.kind, interval.agent) for interval in record.intervals]


def seconds(record, *wanted):
    return sum((i.length for i in record.intervals if i.kind in wanted), timedelta()).total_seconds()


def assert_heard(record, caller):
    """The caller heard a person as long as the record says, and something else while held or waiting; and it adds up."""
    assert abs(seconds(record, Kind.TALKING, Kind.TRANSFERRED) - caller.talked) < NEAR
    held = seconds(record, Kind.HELD, Kind.CONSULTING)
    assert held - NEAR < caller.music < held + seconds(record, Kind.WAITING) + NEAR
    assert seconds(record, *Kind) == (record.ended - record.began).total_seconds()


def test_talked_held_asked_and_connected(asterisk, access):  # noqa: F811
    async def played():
        async with Phone(asterisk.ports.trunk, ip=TRUNK_FAR):
            async with talking(asterisk, access, "agent1") as (exchange, caller, call):
                exchange.wish(call, c.Hold())
                await hears_music(caller)
                exchange.wish(call, c.Resume())
                await talks_on(caller)
                exchange.wish(call, c.Consult(TARGET))
                await until(lambda: only(exchange).state is State.CONSULTING)
                await hears_music(caller)
                exchange.wish(call, c.Complete())
                await talks_on(caller)
            return call, caller

    call, caller = play(played())
    record = recorded(of_call(asterisk, call))
    assert kinds(record) == [
        (Kind.WAITING, ""),
        (Kind.TALKING, "agent1"),
        (Kind.HELD, "agent1"),
        (Kind.TALKING, "agent1"),
        (Kind.CONSULTING, "agent1"),
        (Kind.TRANSFERRED, "agent1"),
    ]
    assert [(leg.who, leg.endpoint, leg.cause) for leg in record.legs] == [
        (Who.CALLER, "trunk", 16),
        (Who.AGENT, "agent1", 16),
        (Who.TARGET, "trunk", 16),
    ]
    assert (record.end, record.dialled, record.agent) == (End.HANGUP, TOWN_HALL, "agent1")
    assert_heard(record, caller)


def test_sent_to_somebody_busy_and_back(asterisk, access):  # noqa: F811
    async def played():
        async with Phone(asterisk.ports.trunk, ip=TRUNK_FAR, refuses={TARGET}) as target:
            async with talking(asterisk, access, "agent1", "agent2") as (exchange, caller, call):
                first = only(exchange).agent
                exchange.wish(call, c.Transfer(TARGET))
                await until(lambda: target.refused)
                await until(lambda: only(exchange).state is State.TALKING)
                await talks_on(caller)
                last = only(exchange).agent
            return call, caller, first, last

    call, caller, first, last = play(played())
    record = recorded(of_call(asterisk, call))
    with_agents = [one for one in kinds(record) if one[0] is not Kind.WAITING]
    assert with_agents in ([(Kind.TALKING, first), (Kind.TALKING, last)], [(Kind.TALKING, first)])  # back in a moment
    assert (Who.TARGET, "trunk", 17) in [(leg.who, leg.endpoint, leg.cause) for leg in record.legs]
    assert [leg.endpoint for leg in record.legs if leg.who is Who.AGENT] == [first, last]
    assert_heard(record, caller)


def test_sent_to_somebody_who_is_there(asterisk, access):  # noqa: F811
    async def played():
        async with Phone(asterisk.ports.trunk, ip=TRUNK_FAR, rings=1.0):
            async with talking(asterisk, access, "agent1") as (exchange, caller, call):
                exchange.wish(call, c.Transfer(TARGET))
                await until(lambda: only(exchange).state is State.TRANSFERRED)
                await talks_on(caller)
            return call, caller

    call, caller = play(played())
    record = recorded(of_call(asterisk, call))
    assert kinds(record) == [
        (Kind.WAITING, ""),
        (Kind.TALKING, "agent1"),
        (Kind.WAITING, ""),  # while it rings there
        (Kind.TRANSFERRED, "agent1"),
    ]
    assert_heard(record, caller)


def test_our_process_dies_while_they_talk_and_the_caller_hangs_up_meanwhile(asterisk, access):  # noqa: F811
    async def played():
        before = {line.linked for line in written(asterisk)}
        talk = left_alone(access, asterisk, "agent1", when=lambda _exchange, caller, _phone: caller.talked > 0.3)
        async with talk as (caller, phone):
            await talks_on(caller)
            await caller.hang_up()
            (call,) = {line.linked for line in written(asterisk)} - before
            await until(lambda: recorded(of_call(asterisk, call)).end is End.HANGUP)
            while_alone = recorded(of_call(asterisk, call))
            assert phone.talking
            async with running(access, "agent1"):
                await until(lambda: not phone.talking)
            await is_over(asterisk, call)
        return call, caller, while_alone

    call, caller, while_alone = play(played())
    record = recorded(of_call(asterisk, call))
    assert kinds(record) == [(Kind.WAITING, ""), (Kind.TALKING, "agent1")]
    assert (record.intervals, record.ended) == (while_alone.intervals, while_alone.ended)
    assert_heard(record, caller)


def test_nothing_of_ours_runs_and_the_dialplan_connects(asterisk):
    async def played():
        before = {line.linked for line in written(asterisk)}
        async with Phone(asterisk.ports.phones, rings=0.3), Caller(TOWN_HALL, asterisk.ports.sip) as caller:
            await talks_on(caller)
        (call,) = {line.linked for line in written(asterisk)} - before
        await is_over(asterisk, call)
        return call, caller

    asterisk.console("queue add member PJSIP/agent2 to fallback")
    call, caller = play(played())
    record = recorded(of_call(asterisk, call))
    assert kinds(record) == [(Kind.WAITING, ""), (Kind.TALKING, "agent2")]
    assert_heard(record, caller)


def test_asterisk_dies_while_they_talk_and_the_call_is_lost_at_the_last_that_it_wrote(asterisk, access):  # noqa: F811
    async def dies():
        async with running(access, "agent1") as exchange, Phone(asterisk.ports.phones):
            async with Caller(TOWN_HALL, asterisk.ports.sip) as caller:
                await caller.until(lambda: caller.talked > 0.5)
                call = only(exchange).id
                exchange.wish(call, c.Hold())
                await hears_music(caller)
                exchange.wish(call, c.Resume())
                await talks_on(caller)
                await asyncio.to_thread(asterisk.stop, signal.SIGKILL)
                caller.over.set()
            return call

    async def comes_again():
        async with talking(asterisk, access, "agent1") as (_exchange, _caller, call):
            return call

    lost = play(dies())
    open_, closed = recorded(of_call(asterisk, lost)), recorded(of_call(asterisk, lost), lost=True)
    asterisk.start(before=end_with_parent(os.getpid()))
    later = play(comes_again())
    assert (open_.end, closed.end) == (End.OPEN, End.LOST)
    assert closed.ended == of_call(asterisk, lost)[-1].at
    assert kinds(closed) == [
        (Kind.WAITING, ""),
        (Kind.TALKING, "agent1"),
        (Kind.HELD, "agent1"),
    ]  # and back, in no time
    begun = [line.channel for line in written(asterisk) if line.event == "CHAN_START"]
    assert outlived([lost, later], begun) == {lost}


class Holding(Phone):
    """A telephone with a key for holding: the exchange plays music to the other one then (RFC 3264, 8.4)."""

    def _invited(self, text, sender):
        self.invite, self.exchange, self.turn = text, sender, 1
        super()._invited(text, sender)

    def press(self, direction):
        """sendonly: hold; sendrecv: take back."""
        self.turn += 1
        sdp = self.sdp.replace("o=u 1 1", f"o=u 1 {self.turn}") + f"a={direction}\r\n"
        self.request("INVITE", sdp)

    def request(self, method, body=""):
        contact = header(self.invite, "Contact").partition("<")[2].partition(">")[0]
        lines = [f"Via: SIP/2.0/UDP {self.at};branch=z9hG4bK{method}{self.turn}", "Max-Forwards: 70"]
        lines += [f"From: {header(self.invite, 'To')};tag={self.tag}", f"To: {header(self.invite, 'From')}"]
        lines += [f"Call-ID: {header(self.invite, 'Call-ID')}", f"CSeq: {self.turn} {method}"]
        self.write(f"{method} {contact} SIP/2.0", lines, body, self.exchange)

    def message(self, data, sender):
        text = data.decode(errors="replace")
        if text.startswith("SIP/2.0 200") and header(text, "CSeq").endswith("INVITE"):
            self.request("ACK")
        else:
            super().message(data, sender)


def test_held_by_a_key_of_the_telephone(asterisk, access):  # noqa: F811
    async def played():
        async with running(access, "agent1") as exchange, Holding(asterisk.ports.phones) as phone:
            async with Caller(TOWN_HALL, asterisk.ports.sip) as caller:
                await caller.until(lambda: caller.talked > 0.5)
                call = only(exchange).id
                phone.press("sendonly")
                await hears_music(caller)
                phone.press("sendrecv")
                await talks_on(caller)
            await until(lambda: not exchange.lines)
            await is_over(asterisk, call)
        return call, caller

    call, caller = play(played())
    record = recorded(of_call(asterisk, call))
    assert kinds(record) == [
        (Kind.WAITING, ""),
        (Kind.TALKING, "agent1"),
        (Kind.HELD, "agent1"),
        (Kind.TALKING, "agent1"),
    ]
    assert_heard(record, caller)
