"""The safety net follows the desk over every interruption, and calls that began there are taken over without losing anybody."""

import asyncio
import os
import signal
from contextlib import asynccontextmanager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.processes import end_with_parent
from telephony_bridge.asterisk import ami as ami_module
from telephony_bridge.asterisk.ami import Ami, AmiError, Answer, GoneError, ManagerAccess, WrongPasswordError
from telephony_bridge.asterisk.safety_net import SafetyNet, adopt, keep_members, members, talks
from telephony_bridge.routing.ari import Access, Ari
from tests.asterisk.sip import PATIENCE, Caller, Phone, play

LINES = st.sampled_from([
    b"Event: QueueMember\r\n\r\n", b"Response: Success\r\nActionID: 1\r\n\r\n", b"Response: Success\r\nActionID: 1\r\nEventList: start\r\n\r\n",
    b"ActionID: 1\r\nEventList: Complete\r\n\r\n", b"\r\n", b":\r\n", b"Event: \xff\xfe\n", b"ActionID: 1\r\n", b"x" * 70_000,
])  # fmt: skip
TOWN_HALL = "+4929211030"


class Closing:
    """What is written to nobody."""

    def close(self):
        pass


@pytest.fixture
def manager(asterisk):
    return ManagerAccess("127.0.0.1", asterisk.ports.manager, "bridge", asterisk.secret())


@pytest.fixture
def access(asterisk):
    return Access("127.0.0.1", asterisk.ports.http, "bridge", asterisk.secret())


async def until(holds):
    end = asyncio.get_running_loop().time() + PATIENCE
    while not holds():
        assert asyncio.get_running_loop().time() < end
        await asyncio.sleep(0.02)


def within(work):
    return asyncio.wait_for(work, PATIENCE)


def test_who_is_present_is_a_member_who_has_a_break_is_paused_and_who_has_gone_is_none(manager):
    async def played():
        async with Ami.connected(manager) as ami:
            assert await keep_members(ami, {"agent1": False, "agent2": True}) == ["+agent1", "+agent2"]
            assert await members(ami) == {"agent1": False, "agent2": True}
            assert await keep_members(ami, {"agent1": False, "agent2": True}) == []
            assert await keep_members(ami, {"agent1": True, "agent2": False}) == ["paused agent1", "ready agent2"]
            assert await keep_members(ami, {"agent2": False}) == ["-agent1"]
            assert await members(ami) == {"agent2": False}
            assert await keep_members(ami, {}) == ["-agent2"]
            assert await members(ami) == {}

    play(played())


@asynccontextmanager
async def running(net):
    work = asyncio.create_task(net.run())
    try:
        yield net
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


def test_members_follow_over_a_restart_and_over_what_others_change(asterisk, manager):
    async def played():
        async with running(SafetyNet(manager)) as net:
            net.want({"agent1": False})
            await within(net.in_step.wait())
            await asyncio.to_thread(asterisk.stop, signal.SIGKILL)
            net.want({"agent2": True})
            assert not net.in_step.is_set()
            asterisk.start(before=end_with_parent(os.getpid()))  # in this thread: its end would be the parent's
            await within(net.in_step.wait())
            async with Ami.connected(manager) as ami:
                assert await members(ami) == {"agent2": True}
                await ami("QueueRemove", Queue="fallback", Interface="PJSIP/agent2")
                net.want({"agent2": True, "agent1": False})
                await within(net.in_step.wait())
                assert await members(ami) == {"agent1": False, "agent2": True}

    play(played())


def test_an_asterisk_that_hangs_is_noticed_and_followed_again(asterisk, manager, monkeypatch):
    monkeypatch.setattr(ami_module, "PATIENCE", 0.5)
    monkeypatch.setattr(ami_module, "ALIVE_EVERY", 0.2)

    async def played():
        async with running(SafetyNet(manager)) as net:
            net.want({"agent1": False})
            await within(net.in_step.wait())
            os.kill(asterisk.pid(), signal.SIGSTOP)
            try:
                await until(lambda: not net.in_step.is_set())
                net.want({"agent2": False})
            finally:
                os.kill(asterisk.pid(), signal.SIGCONT)
            await within(net.in_step.wait())
            async with Ami.connected(manager) as ami:
                assert await members(ami) == {"agent2": False}

    play(asyncio.wait_for(played(), 3 * PATIENCE))


@given(st.lists(st.one_of(st.binary(max_size=200), LINES), max_size=30))
@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_comes_ends_the_connection_at_most(chunks):
    async def played():
        reader = asyncio.StreamReader(limit=ami_module.LONGEST_LINE)
        reader.feed_data(b"".join(chunks))
        reader.feed_eof()
        ami = Ami(reader, Closing())
        waiting = asyncio.get_running_loop().create_future()
        ami.waiting["1"] = (Answer({}), waiting)
        await ami._read()
        assert ami.ended.is_set()
        assert waiting.done()
        waiting.exception()
        assert [event async for event in ami.events() if "Event" not in event] == []

    play(played())


def test_until_we_know_who_is_there_nobody_is_taken_out(manager):
    async def played():
        async with Ami.connected(manager) as ami:
            await keep_members(ami, {"agent1": False})
            async with running(SafetyNet(manager)) as net:
                await asyncio.wait({asyncio.create_task(net.in_step.wait())}, timeout=0.3)
                assert not net.in_step.is_set()
                assert await members(ami) == {"agent1": False}
                net.want({})
                await within(net.in_step.wait())
            assert await members(ami) == {}

    play(played())


def test_a_wrong_password_a_refused_action_and_a_second_line_are_told(asterisk, manager):
    async def played():
        wrong = ManagerAccess("127.0.0.1", asterisk.ports.manager, "bridge", "falsch")
        with pytest.raises(WrongPasswordError):
            async with Ami.connected(wrong):
                pass
        async with Ami.connected(manager) as ami:
            with pytest.raises(AmiError, match="o such"):
                await ami("QueueRemove", Queue="nowhere", Interface="PJSIP/agent1")
            with pytest.raises(ValueError, match="more than one line"):
                await ami("Ping", Name="x\r\nAction: Originate")
            with pytest.raises(AmiError):  # neither console nor calls of its own
                await ami("Command", Command="core stop now")
            assert (await ami("Ping")).fields["Ping"] == "Pong"

    play(played())


def test_who_is_no_asterisk_and_who_ends_in_the_middle_are_told():
    async def served(greeting):
        async def talk(_reader, writer):
            writer.write(greeting)
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(talk, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server:
            with pytest.raises(GoneError):
                async with Ami.connected(ManagerAccess("127.0.0.1", port, "bridge", "x")):
                    pass

    async def played():
        for greeting in (
            b"",
            b"SSH-2.0\r\n",
            b"x" * 100_000,
            b"Asterisk Call Manager/10\r\n",
            b"Asterisk Call Manager/10\r\nA: 1\r\n" * 5000,
        ):
            await served(greeting)

    play(played())


@asynccontextmanager
async def talking(asterisk, manager):
    """A caller who was given to agent 1 by the safety net, and the connection that saw it."""
    async with Ami.connected(manager) as ami, Phone(asterisk.ports.phones, rings=0.1):
        await keep_members(ami, {"agent1": False})
        async with Caller(TOWN_HALL, asterisk.ports.sip) as caller:
            await caller.until(lambda: caller.talked > 0.3)
            yield ami, caller


def test_a_call_that_began_in_the_safety_net_is_taken_over_and_they_talk_on(asterisk, manager, access):
    async def arrived(ari, number):
        found = {}
        async for event in ari.events():
            if event["type"] == "StasisStart":
                found[event["channel"]["id"]] = event["args"]
            if len(found) == number:
                break
        return found

    async def played():
        async with talking(asterisk, manager) as (ami, caller), Ari.connected(access) as ari:
            ((citizen, agent),) = await talks(ami)
            coming = asyncio.create_task(arrived(ari, 2))
            await adopt(ami, citizen, agent)
            legs = await within(coming)
            assert legs == {citizen.id: ["adopted", "caller", agent.id], agent.id: ["adopted", "agent", citizen.id]}
            await ari("POST", "bridges/adopted", type="mixing")
            await ari("POST", "bridges/adopted/addChannel", channel=f"{citizen.id},{agent.id}")
            await ari("POST", f"channels/{citizen.id}/variable", variable="TIMEOUT(absolute)", value=0)
            before = caller.talked
            await caller.until(lambda: caller.talked > before + 1)
            assert caller.gap < 1, "they would have noticed"
            print(f"largest gap {caller.gap * 1000:.0f} ms")
            await ari("DELETE", f"channels/{citizen.id}")
            await caller.until(caller.over.is_set)
            await ari("DELETE", "bridges/adopted")

    play(played())


def test_when_nobody_takes_them_both_talk_on(asterisk, manager):
    async def played():
        async with talking(asterisk, manager) as (ami, caller):
            ((citizen, agent),) = await talks(ami)
            await adopt(ami, citizen, agent)  # into an application that is not there
            before = caller.talked
            await caller.until(lambda: caller.talked > before + 1)

    play(played())


def test_when_we_die_in_between_the_caller_comes_to_somebody(asterisk, manager, access):
    async def played():
        async with talking(asterisk, manager) as (ami, caller):
            ((citizen, agent),) = await talks(ami)
            async with Ari.connected(access) as ari:
                await adopt(ami, citizen, agent)
                async for event in ari.events():
                    if event["type"] == "StasisStart" and event["channel"]["id"] == citizen.id:
                        break
                await ari("POST", f"channels/{citizen.id}/variable", variable="TIMEOUT(absolute)", value=1)
                await ari("DELETE", f"channels/{agent.id}")
            before = caller.talked
            await caller.until(lambda: caller.talked > before + 0.5)

    play(played())


def test_who_only_waits_is_no_talk(asterisk, manager):
    async def played():
        async with Ami.connected(manager) as ami, Caller(TOWN_HALL, asterisk.ports.sip) as caller:
            await caller.until(lambda: caller.music > 0.2)
            assert await talks(ami) == []

    play(played())
