"""The events of a call become its legs and intervals, whatever came of them, and no second counts twice."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from telephony_bridge.record.lines import Line
from telephony_bridge.record.timeline import End, Who, recorded
from tests.record.cel import BEGIN, TOWN_HALL, Script

SECONDS = st.integers(1, 600)
AFTER = {  # what can come after what
    "waiting": ("talks",),
    "talking": ("talks", "holds", "presses_hold", "asks"),
    "held": ("talks", "asks", "waits"),
    "consulting": ("talks", "holds", "connects"),
    "transferred": (),
}


@st.composite
def scripts(draw):
    """A call as it can happen, to its end."""
    call = Script()
    call.waits(draw(SECONDS))
    for _step in range(draw(st.integers(0, 8))):
        if not (steps := AFTER[call.phases[-1][0]]):
            break
        step = draw(st.sampled_from(steps))
        agent = [draw(st.sampled_from(["agent1", "agent2"]))] if step == "talks" else []
        getattr(call, step)(*agent, draw(SECONDS))
    call.hangs_up()
    return call


def phases(call):
    return [(str(i.kind), i.length.total_seconds(), i.agent) for i in call.intervals]


def assert_adds_up(call):
    """One interval after the other, from the begin to the end."""
    at = call.began
    for interval in call.intervals:
        assert interval.began == at
        assert interval.ended > at
        at = interval.ended
    assert at == (call.ended or call.last)


@given(scripts())
def test_a_call_is_what_happened(call):
    found = recorded(call.lines)
    assert phases(found) == call.phases
    assert (found.end, found.began, found.ended) == (End.HANGUP, call.began, call.at)
    assert (found.linked, found.dialled) == (call.linked, TOWN_HALL)
    talks = [phase for phase in call.phases if phase[0] == "talking"]
    assert found.agent == (talks[-1][2] if talks else "")
    assert (found.answered is not None) == bool(talks)
    assert_adds_up(found)


@given(scripts(), st.data())
def test_lines_that_come_twice_count_once(call, data):
    again = data.draw(st.lists(st.integers(0, len(call.lines) - 1), max_size=10))
    lines = call.lines + [call.lines[number] for number in again]
    for number in sorted(again, reverse=True):
        lines.insert(number, call.lines[number])
    assert recorded(lines) == recorded(call.lines)


@given(scripts(), st.data())
def test_a_call_that_a_crash_ends_is_lost_at_the_last_that_was_heard_of_it(call, data):
    lines = call.lines[: data.draw(st.integers(2, len(call.lines)))]
    found, still = recorded(lines, lost=True), recorded(lines)
    hung_up = any(line.event == "HANGUP" and line.channel == call.linked for line in lines)
    assert found.end is (End.HANGUP if hung_up else End.LOST)
    assert found.ended == (call.at if hung_up else lines[-1].at)
    assert still.end is (End.HANGUP if hung_up else End.OPEN)
    assert found.intervals == still.intervals
    assert_adds_up(found)
    assert_adds_up(still)
    assert phases(found) == phases(recorded(call.lines))[: len(found.intervals)]


EVENTS = [
    "CHAN_START",
    "STREAM_BEGIN",
    "ANSWER",
    "BRIDGE_ENTER",
    "BRIDGE_EXIT",
    "HANGUP",
    "CHAN_END",
    "LINKEDID_END",
    "INBOUND",
    "X",
]
CHANNELS = ["c.0", "c.0-a1", "c.0-a2", "c.0-x3", "c.1", ""]


@st.composite
def disorder(draw):
    """Events as they come when half of them is missing and the clock is moved."""
    lines, at = [], BEGIN
    for _line in range(draw(st.integers(1, 30))):
        at += timedelta(microseconds=draw(st.integers(-3_000_000, 5_000_000)))
        channel, bridge = draw(st.sampled_from(CHANNELS)), draw(st.sampled_from(["b1", "b2"]))
        name, context = (
            f"PJSIP/{draw(st.sampled_from(['agent1', 'trunk']))}-0001",
            draw(st.sampled_from(["", "from-trunk"])),
        )
        extra = draw(st.sampled_from(['{"bridge_id":"%s"}' % bridge, "", "[]", '{"hangupcause":16}', "{"]))  # noqa: UP031
        lines.append(Line(draw(st.sampled_from(EVENTS)), at, channel, "c.0", name, context, "s", extra))
    return lines


@given(disorder(), st.booleans())
def test_whatever_comes_the_intervals_add_up(lines, lost):
    found = recorded(lines, lost=lost)
    heard = any(line.channel == "c.0" for line in lines)
    citizen = any(line.event == "INBOUND" or "-" in line.channel for line in lines)
    assert (found is not None) == (heard and citizen)
    if found:
        assert_adds_up(found)
        assert (found.end is End.OPEN) == (found.ended is None)
        assert not (lost and found.end is End.OPEN)


def test_legs_say_whose_they_are_and_how_they_ended():
    call = Script()
    call.waits(2)
    call.talks("agent1", 5)
    call.asks(3)
    call.connects(4)
    call.hangs_up()
    legs = {leg.channel.removeprefix(call.linked): leg for leg in recorded(call.lines).legs}
    assert {id_: (leg.who, leg.endpoint, leg.cause) for id_, leg in legs.items()} == {
        "": (Who.CALLER, "trunk", 16),
        "-a1": (Who.AGENT, "agent1", 16),
        "-x3": (Who.TARGET, "trunk", 16),
    }
    at = {id_: [(leg.answered - BEGIN).seconds, (leg.ended - BEGIN).seconds] for id_, leg in legs.items()}
    assert at == {"": [0, 14], "-a1": [2, 10], "-x3": [7, 14]}


def test_in_the_fallback_the_dialplans_own_channels_are_told_apart_by_where_they_are():
    call = Script("rv-1.0")
    call.waits(2)
    call.bridge = "486d49b3"
    call.write("CHAN_START", "rv-1.1", "PJSIP/agent2-00000001", "from-agent")
    call.enters("rv-1.1", "rv-1.0")
    call.passes("talking", 5, "agent2")
    call.leaves("rv-1.0", "rv-1.1")
    call.ends("rv-1.1")
    call.passes("waiting", 3)  # in the dialplan, which dials the target
    call.bridge = "5d51"
    call.write("CHAN_START", "rv-1.2", "PJSIP/trunk-00000002", "from-trunk")
    call.enters("rv-1.0", "rv-1.2")
    call.passes("transferred", 7, "agent2")
    call.hangs_up()
    assert phases(recorded(call.lines)) == call.phases


def test_the_moment_between_two_bridges_is_no_interval():
    call = Script()
    call.waits(2)
    call.talks("agent1", 5)
    call.leaves(call.linked)
    call.at += timedelta(milliseconds=20)  # until the agent's leg is down
    call.waits(3)
    call.talks("agent2", 4)
    call.leaves(call.linked)
    call.at += timedelta(milliseconds=3)
    call.hangs_up()
    found = recorded(call.lines)
    assert phases(found) == [
        ("waiting", 2, ""), ("talking", 5, "agent1"), ("waiting", 3.02, ""), ("talking", 4.003, "agent2"),
    ]  # fmt: skip
    assert_adds_up(found)


def test_music_from_before_is_no_holding():
    call = Script()
    call.write("STREAM_BEGIN", extra={"class": "default"})
    call.waits(3)
    call.talks("agent1", 5)  # its end may come late, or not at all
    call.write("STREAM_END")
    call.passes("talking", 5, "agent1")
    call.hangs_up()
    assert phases(recorded(call.lines)) == call.phases


def test_who_is_answered_at_once_has_waited_all_the_same():
    call = Script()
    call.waits(0.016)
    call.talks("agent1", 5)
    call.hangs_up()
    assert phases(recorded(call.lines)) == call.phases == [("waiting", 0.016, ""), ("talking", 5, "agent1")]


def test_a_clock_that_is_set_back_stands_still():
    call = Script()
    call.waits(10)
    call.talks("agent1", 20)
    call.hangs_up()
    back = [line if line.at < call.at else replace(line, at=line.at - timedelta(hours=1)) for line in call.lines]
    found = recorded(back)
    assert phases(found) == [("waiting", 10, "")]
    assert_adds_up(found)


def test_what_staff_dial_is_no_record():
    call = Script()
    assert recorded([replace(line, context="from-agent") for line in call.lines if line.event != "INBOUND"]) is None
