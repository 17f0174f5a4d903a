"""Lines of the log are read as Asterisk writes them; what is none is left out, whatever it is."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony_bridge.record.lines import all_parsed, parsed
from tests.record.cel import Script, text

ENTERED = (
    '"BRIDGE_ENTER","1796057048.942533","rufverbund-1796057048.0-a1","rufverbund-1796057048.0","PJSIP/agent1-00000001","offer","s","Stasis",'
    '"PJSIP/trunk-00000000","","+4929211030","{""bridge_id"":""rufverbund-1796057048.0-b2"",""bridge_technology"":""simple_bridge""}"'
)


def test_a_line_of_a_real_asterisk():
    line = parsed(ENTERED)
    assert (line.event, line.at) == ("BRIDGE_ENTER", datetime(2026, 11, 30, 16, 44, 8, 942533, tzinfo=UTC))
    assert (line.channel, line.linked) == ("rufverbund-1796057048.0-a1", "rufverbund-1796057048.0")
    assert (line.name, line.context, line.exten) == ("PJSIP/agent1-00000001", "offer", "s")
    assert (line.told("bridge_id"), line.told("nothing")) == ("rufverbund-1796057048.0-b2", "")


def test_the_callers_number_is_not_taken_along():
    assert "+4929211030" not in str(parsed(ENTERED))


def test_what_a_script_of_the_tests_writes_is_read_back():
    call = Script()
    call.waits(1)
    call.talks('agent"1', 0.000001)
    call.hangs_up()
    assert list(all_parsed(map(text, call.lines))) == call.lines


@pytest.mark.parametrize("torn", [ENTERED[:60], ENTERED[:-1], ENTERED + "\0\0", '"X', "x" * 500])
def test_a_torn_line_does_not_take_the_next_one_with_it(torn):
    assert parsed(torn + ENTERED) == parsed(ENTERED)


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        ",",
        '"',
        ENTERED[:-1],
        ENTERED[1:],
        ENTERED + ',"more"',
        ENTERED.replace("1796057048.942533", "1796057048"),
        ENTERED.replace("1796057048.942533", "99999999999.000000"),
        ENTERED.replace('"rufverbund-1796057048.0-a1"', '""'),
    ],
)
def test_what_is_no_event_is_none(wrong):
    assert parsed(wrong) is None


@given(st.text(max_size=300))
def test_no_text_makes_it_fail(junk):
    assert parsed(junk) is None
    line = parsed(junk + ENTERED)
    assert line is None or line == parsed(ENTERED)


@given(st.text(max_size=50))
def test_whatever_stands_in_extra(junk):
    quoted = junk.replace('"', '""')
    line = parsed(f'"X_Y","1.000000","c","c","n","x","e","a","p","u","n","{quoted}"')
    assert line is None or line.told("bridge_id") == ""
