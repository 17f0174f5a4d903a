"""A channel that begins with a number that was used before shows that Asterisk was started anew."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony_bridge.record.runs import outlived


@pytest.mark.parametrize(
    ("linked", "other", "is_later_run"),
    [
        ("rv-100.7", "rv-105.0", True),
        ("rv-100.7", "rv-105.7", True),
        ("rv-100.0", "rv-102.0", True),
        ("100.7", "105.3", True),
        ("rv-100.7", "rv-105.8", False),
        ("rv-100.7", "rv-101.6", False),  # both began at once
        ("rv-100.7", "rv-99.0", False),  # before it
        ("rv-100.7", "rv-100.7-a1", False),
        ("rv-100.7", "rv-105.0-a1", False),  # ours, which has the number of its call
        ("", "rv-105.0", False),
        ("x" * 40, "rv-105.0", False),
    ],
)
def test_a_later_run(linked, other, is_later_run):
    lost = {linked} if is_later_run else set()
    assert outlived([linked], [other]) == lost
    assert outlived([linked, "x"], [linked, "", other]) == lost


def test_within_a_run_nobody_is_outlived():
    ids = [f"rv-{1000 + number // 3}.{number}" for number in range(60)]
    assert outlived(ids, ids) == set()


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), max_size=20))
def test_many_at_once_are_the_same_as_one_by_one(pairs):
    ids = [f"rv-{second}.{number}" for second, number in pairs]
    slow = {f"rv-{s}.{n}" for s, n in pairs if any(second >= s + 2 and number <= n for second, number in pairs)}
    assert outlived(ids, ids) == slow
