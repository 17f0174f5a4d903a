"""The breaker by itself, with a clock that the test turns."""

import pytest

from knowledge.search.breaker import AFTER, FIRST_PAUSE, LONGEST_PAUSE, Breaker


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def broken(clock):
    breaker = Breaker(clock)
    for _ in range(AFTER):
        assert breaker.allows()
        assert not breaker.due()
        breaker.failed()
    return breaker


def test_failures_in_a_row_open_it_and_one_is_told_to_try(clock):
    breaker = broken(clock)
    assert (breaker.allows(), breaker.due()) == (False, False)
    clock.now += FIRST_PAUSE
    assert [breaker.due() for _ in range(3)] == [True, False, False]
    assert not breaker.allows()
    breaker.succeeded()
    assert (breaker.allows(), breaker.due()) == (True, False)


def test_an_answer_between_failures_counts_from_the_beginning(clock):
    breaker = Breaker(clock)
    for _ in range(AFTER * 3):
        breaker.failed()
        breaker.succeeded()
    assert breaker.allows()


def test_pauses_grow_to_a_limit_and_begin_anew_after_an_answer(clock):
    breaker, pauses = broken(clock), []
    for _ in range(8):
        begun = clock.now
        while not breaker.due():
            clock.now += 0.25
        pauses.append(clock.now - begun)
        breaker.failed()
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (FIRST_PAUSE, LONGEST_PAUSE)
    breaker.succeeded()
    for _ in range(AFTER):
        breaker.failed()
    clock.now += FIRST_PAUSE
    assert breaker.due()


def test_a_trial_that_never_ends_does_not_keep_it_open_for_ever(clock):
    breaker = broken(clock)
    clock.now += FIRST_PAUSE
    assert breaker.due()  # and whoever tries dies
    clock.now += LONGEST_PAUSE
    assert breaker.due()
