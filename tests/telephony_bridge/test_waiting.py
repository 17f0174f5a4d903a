"""What a caller who waits is told: how long it may take, and how that is said."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony_bridge.routing import spoken
from telephony_bridge.routing.pool import Pool
from telephony_bridge.routing.skills import Wants
from telephony_bridge.routing.waiting import FEWEST, LONGEST_CALL, cautious_wait, expected_wait

POSITIONS = st.integers(1, 500)
DURATIONS = st.lists(st.floats(1.0, 7200.0), min_size=FEWEST, max_size=50)
AGENTS = st.integers(1, 60)


def test_the_third_of_two_agents_waits_for_three_ends_of_calls():
    assert expected_wait(3, [120.0] * 5, agents=2) == 180.0


def test_what_four_of_five_do_not_exceed_is_longer():
    """Erlang(4): mean 4, 80 % point 5.515 (tables of the gamma distribution; the approximation is 5.683)."""
    assert cautious_wait(4, [60.0] * 5, agents=60) == pytest.approx(5.683, abs=0.001)


@pytest.mark.parametrize(("durations", "agents"), [([120.0] * 5, 0), ([120.0] * (FEWEST - 1), 3), ([], 3)])
def test_what_is_not_known_is_not_said(durations, agents):
    assert expected_wait(1, durations, agents) is None
    assert cautious_wait(1, durations, agents) is None


@given(POSITIONS, DURATIONS, AGENTS)
def test_who_stands_further_back_waits_longer_and_more_agents_shorten_it(position, durations, agents):
    for told in (expected_wait, cautious_wait):
        assert told(position, durations, agents) < told(position + 1, durations, agents)
        assert told(position, durations, agents + 1) < told(position, durations, agents)


@given(POSITIONS, DURATIONS, AGENTS)
def test_it_is_bounded_and_what_is_told_is_cautious(position, durations, agents):
    expected = expected_wait(position, durations, agents)
    assert 0 < expected < cautious_wait(position, durations, agents)
    assert expected <= position * LONGEST_CALL / agents * (1 + 1e-9)


@given(DURATIONS, AGENTS)
def test_a_telephone_that_was_not_put_down_counts_as_half_an_hour(durations, agents):
    forgotten = expected_wait(1, [*durations, 86_400.0], agents)
    assert forgotten == expected_wait(1, [*durations, LONGEST_CALL], agents)


@given(st.lists(st.tuples(st.floats(0, 100), st.integers(0, 2)), max_size=20))
def test_positions_number_those_who_wait(calls):
    pool = Pool()
    for number, (since, priority) in enumerate(calls):
        pool.seek(f"c{number}", since=since, wants=Wants(priority=priority))
    assert [pool.position(call) for call in pool.order()] == list(range(1, len(calls) + 1))
    assert pool.position("nobody") is None


# As one says it


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "null"), (1, "eins"), (12, "zwölf"), (16, "sechzehn"), (17, "siebzehn"), (20, "zwanzig"), (21, "einundzwanzig"),
     (30, "dreißig"), (66, "sechsundsechzig"), (77, "siebenundsiebzig"), (99, "neunundneunzig")],
)  # fmt: skip
def test_numbers_in_words(number, words):
    assert spoken.in_words(number) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [(1, "erster"), (2, "zweiter"), (3, "dritter"), (7, "siebter"), (8, "achter"), (12, "zwölfter"), (19, "neunzehnter"),
     (20, "zwanzigster"), (21, "einundzwanzigster")],
)  # fmt: skip
def test_numbers_in_order(number, words):
    assert spoken.in_order(number) == words


def test_no_two_numbers_sound_alike():
    assert len({spoken.in_words(number) for number in range(100)}) == 100
    assert len({spoken.in_order(number) for number in range(1, 100)}) == 99


@pytest.mark.parametrize("number", [-1, 100])
def test_other_numbers_are_refused(number):
    with pytest.raises(ValueError, match=str(number)):
        spoken.in_words(number)


@pytest.mark.parametrize(
    ("position", "seconds", "sentence"),
    [
        (1, None, "Sie sind als Nächstes an der Reihe."),
        (1, 40.0, "Sie sind als Nächstes an der Reihe. Die Wartezeit beträgt voraussichtlich weniger als eine Minute."),
        (2, 61.0, "Sie sind an zweiter Stelle in der Warteschlange. Die Wartezeit beträgt voraussichtlich bis zu zwei Minuten."),
        (7, 600.0, "Sie sind an siebter Stelle in der Warteschlange. Die Wartezeit beträgt voraussichtlich bis zu zehn Minuten."),
        (20, 601.0, "Sie sind an zwanzigster Stelle in der Warteschlange. Die Wartezeit kann mehr als zehn Minuten betragen."),
        (21, 1e9, "In der Warteschlange sind zurzeit mehr als zwanzig Anrufe. Die Wartezeit kann mehr als zehn Minuten betragen."),
    ],
)  # fmt: skip
def test_what_is_told(position, seconds, sentence):
    assert spoken.told(position, seconds) == sentence


@given(st.integers(1, 10_000), st.none() | st.floats(0, 1e7))
def test_whatever_is_told_can_be_read_aloud_and_promises_no_less_than_is_known(position, seconds):
    sentence = spoken.told(position, seconds)
    assert not re.search(r"\d", sentence)
    for minutes in range(2, 11):
        if seconds is not None and f"bis zu {spoken.in_words(minutes)} Minuten" in sentence:
            assert (minutes - 1) * 60 < seconds <= minutes * 60
