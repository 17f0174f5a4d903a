"""The log is read to its end once, over rotations, truncations and half lines."""

import os
import shutil
from datetime import timedelta
from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telephony_bridge.record.files import Position, read
from tests.record.cel import BEGIN, Script, text


def lines(count, hour=0):
    """Different in each."""
    call = Script(f"rv-{hour}.0", BEGIN + timedelta(hours=hour))
    while len(call.lines) < count:
        call.passes("waiting", 1)
        call.write("X")
    return [text(line) for line in call.lines[:count]]


def to_end(file, position=Position(), limit=1 << 20):  # noqa: B008
    """(all lines that come, the position, how often something was missing)."""
    found, gaps = [], 0
    while (reading := read(file, position, limit)).position != position:
        found += reading.texts
        position, gaps = reading.position, gaps + reading.gap
    return found, position, gaps


@pytest.fixture
def log(tmp_path):
    return tmp_path / "Master.csv"


def add(log, *new, end="\n"):
    with log.open("a") as file:
        file.write("\n".join(new) + end)


def test_what_comes_is_read_once(log):
    assert to_end(log) == ([], Position(), 0)
    first, second = lines(5)[:3], lines(5)[3:]
    add(log, *first)
    found, position, _gaps = to_end(log)
    assert found == first
    assert to_end(log, position) == ([], position, 0)
    add(log, *second)
    assert to_end(log, position)[0] == second


def test_half_a_line_waits_for_the_other_half(log):
    one, two = lines(2)
    add(log, one, two[:50], end="")
    found, position, _gaps = to_end(log)
    assert found == [one]
    add(log, two[50:])
    assert to_end(log, position)[0] == [two]


@pytest.mark.parametrize("limit", [1, 100, 500, 1 << 20])
def test_however_much_is_read_at_once(log, limit):
    add(log, *lines(30))
    assert to_end(log, limit=limit)[0] == lines(30)


def test_a_file_that_was_renamed_is_read_to_its_end_first(log):
    old, new = lines(10), lines(6, hour=1)
    add(log, *old[:4])
    _found, position, _gaps = to_end(log)
    add(log, *old[4:])
    log.rename(log.with_name("Master.csv.1"))
    found, position, gaps = to_end(log, position)
    assert (found, gaps) == (old[4:], 0)
    add(log, *new)
    assert to_end(log, position)[0] == new


def test_several_rotations_at_once(log):
    days = [lines(5, hour) for hour in range(4)]
    add(log, *days[0][:2])
    _found, position, _gaps = to_end(log)
    add(log, *days[0][2:])
    for day in days[1:]:
        for number in (3, 2, 1):
            if (old := log.with_name(f"Master.csv.{number}")).exists():
                old.rename(log.with_name(f"Master.csv.{number + 1}"))
        log.rename(log.with_name("Master.csv.1"))
        add(log, *day)
    found, position, gaps = to_end(log, position)
    assert (found, gaps) == (days[0][2:] + days[1] + days[2] + days[3], 0)
    assert to_end(log)[0] == list(chain(*days))  # from the very begin


def test_copied_and_truncated(log):
    old, new = lines(10), lines(6, hour=1)
    add(log, *old[:4])
    _found, position, _gaps = to_end(log)
    add(log, *old[4:])
    shutil.copy(log, log.with_name("Master.csv.1"))
    os.truncate(log, 0)
    add(log, *new)
    found, position, gaps = to_end(log, position)
    assert (found, gaps) == (old[4:] + new, 0)
    assert to_end(log, position)[0] == []


@pytest.mark.parametrize("longer", [False, True])
def test_truncated_without_a_copy_what_comes_then_is_read_and_the_gap_is_told(log, longer):
    """Also when it has grown beyond where we were."""
    add(log, *lines(10))
    _found, position, _gaps = to_end(log)
    os.truncate(log, 0)
    assert to_end(log, position) == ([], position, 0)
    new = lines(20 if longer else 3, hour=1)
    add(log, *new)
    found, position, gaps = to_end(log, position)
    assert (found, gaps) == (new, 1)
    assert to_end(log, position) == ([], position, 0)


def test_a_clock_that_was_set_back_meanwhile(log):
    add(log, *lines(10, hour=2))
    _found, position, _gaps = to_end(log)
    log.unlink()
    add(log, *lines(4))
    found, position, gaps = to_end(log, position)
    assert (found, gaps) == (lines(4), 1)
    assert to_end(log, position) == ([], position, 0)


def test_half_a_line_at_the_end_of_a_file_that_was_put_aside_is_given_as_it_is(log):
    one, two = lines(2)
    add(log, one, two[:50], end="")
    _found, position, _gaps = to_end(log)
    log.rename(log.with_name("Master.csv.1"))
    add(log, *lines(2, hour=1))
    assert to_end(log, position)[0] == [two[:50], *lines(2, hour=1)]


def test_packed_files_and_strangers_are_left_alone(log):
    add(log, *lines(3, hour=1))
    log.with_name("Master.csv.2.gz").write_bytes(b"\x1f\x8b" + bytes(100))
    log.with_name("Master.csv.swp").write_bytes(bytes(5000))
    log.with_name("Master.csv.d").mkdir()
    assert to_end(log)[0] == lines(3, hour=1)


@given(st.data())
@settings(max_examples=30, deadline=None)
def test_whatever_happens_to_the_file_between_readings(tmp_path_factory, data):
    """Nothing twice, nothing missing."""
    log, written, found, position = tmp_path_factory.mktemp("log") / "Master.csv", [], [], Position()
    for hour in range(data.draw(st.integers(1, 4))):
        new = lines(data.draw(st.integers(1, 8)), hour)
        for line in new:
            cut = data.draw(st.integers(0, len(line)))
            add(log, line[:cut], end="")
            if data.draw(st.booleans()):
                reading = read(log, position, data.draw(st.sampled_from([1, 300, 10_000])))
                found, position = [*found, *reading.texts], reading.position
            add(log, line[cut:])
        written += new
        if data.draw(st.booleans()):
            log.rename(log.with_name(f"Master.csv.{9 - hour}"))
        else:
            shutil.copy(log, log.with_name(f"Master.csv.{9 - hour}"))
            os.truncate(log, 0)
    rest, _position, gaps = to_end(log, position)
    assert (found + rest, gaps) == (written, 0)
