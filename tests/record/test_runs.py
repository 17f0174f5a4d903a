"""A channel that begins with a number that was used before shows that Asterisk was started anew."""

import pytest

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
    assert outlived(linked, [other]) is is_later_run
    assert outlived(linked, [linked, "", other]) is is_later_run


def test_within_a_run_nobody_is_outlived():
    ids = [f"rv-{1000 + number // 3}.{number}" for number in range(60)]
    assert not any(outlived(one, ids) for one in ids)
