"""What is in the spool is read once, whole and in order: whatever the disk, the clock and other processes do."""

import errno
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from telephony_bridge.routing import spool as module
from telephony_bridge.routing.spool import Record, Spool
from tenants.errors import Refusal
from tests.server import ROOT

WRITER = """
import sys
from pathlib import Path
from telephony_bridge.routing.spool import Spool
spool = Spool(Path(sys.argv[1]))
spool.take()
while True:
    print(spool.append("seen", "17.1", {"text": "x" * 50}), flush=True)
"""


def numbers(records):
    return [record.number for record in records]


@contextmanager
def full_after(more, folder):
    """The disk takes `more` bytes in each file, and of a line that is longer only a part."""
    size = max((path.stat().st_size for path in folder.glob("*.jsonl")), default=0)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + more, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def short(monkeypatch):
    """Small files and a short memory, so that a few records need both."""
    monkeypatch.setattr(module, "SEGMENT", 5)
    monkeypatch.setattr(module, "RECENT", 3)


def test_what_is_written_is_read_in_its_order_also_by_another_process(tmp_path, short):
    spool = Spool(tmp_path)
    written = [spool.append("seen", "17.1", {"n": n, "name": "Köster"}) for n in range(17)]
    assert written == sorted(set(written))
    for reader in (spool, Spool(tmp_path)):
        assert numbers(reader.read(0)) == written
        assert numbers(reader.read(written[6], 4)) == written[7:11]
        assert reader.read(written[-1]) == []
    assert [record.details["n"] for record in Spool(tmp_path).read(0)] == list(range(17))


def test_half_a_line_at_the_end_was_told_to_nobody(tmp_path):
    spool = Spool(tmp_path)
    first = spool.append("seen", "17.1")
    spool.close()
    (path,) = tmp_path.glob("*.jsonl")
    with path.open("ab") as file:
        file.write(b'{"n": 99, "at": "2026-')
    again = Spool(tmp_path)
    assert numbers(again.read(0)) == [first]
    second = again.append("seen", "17.1")
    assert numbers(Spool(tmp_path).read(0)) == [first, second]


def test_half_a_line_that_is_all_of_its_file(tmp_path):
    """The next record may want a file of the same name where the clock stands still."""
    with time_machine.travel(datetime(2026, 11, 30, tzinfo=UTC), tick=False):
        number = Spool(tmp_path).append("seen")
        (path,) = tmp_path.glob("*.jsonl")
        path.write_bytes(path.read_bytes()[:20])
        again = Spool(tmp_path)
        later = again.append("seen")
        assert later > number
        assert numbers(Spool(tmp_path).read(0)) == [later]


def test_who_only_looks_changes_nothing(tmp_path):
    spool = Spool(tmp_path)
    spool.take()
    spool.append("seen", "17.1")
    (path,) = tmp_path.glob("*.jsonl")
    with path.open("ab") as file:  # as if the owner were writing just now
        file.write(b'{"n": 99')
    before = path.read_bytes()
    with pytest.raises(Refusal, match="eigenen Ordner"):
        Spool(tmp_path).take()
    assert path.read_bytes() == before
    spool.close()


@pytest.mark.parametrize(
    "line", ["", "{", "[]", '"n"', '{"n": 1}', '{"n": "x", "at": "", "what": "", "call": ""}', "\x00"]
)
def test_a_line_that_is_none_is_left_out_and_no_other(tmp_path, line):
    spool = Spool(tmp_path)
    first = spool.append("seen", "17.1")
    (path,) = tmp_path.glob("*.jsonl")
    with path.open("ab") as file:
        file.write(line.encode() + b"\n")
    second = spool.append("seen", "17.1")
    assert numbers(Spool(tmp_path).read(0)) == [first, second]


def test_a_full_disk_loses_nothing_and_tears_no_line(tmp_path, short):
    spool = Spool(tmp_path)
    written = [spool.append("seen", "17.1", {"text": "x" * 50})]
    with full_after(60, tmp_path):  # less than a line
        written += [spool.append("seen", "17.1", {"text": "x" * 50}) for _ in range(12)]
        assert len(spool.unwritten) == 12
        assert numbers(spool.read(0)) == written
        assert numbers(Spool(tmp_path).read(0)) == written[:1]
    written.append(spool.append("seen", "17.1"))
    assert not spool.unwritten
    assert numbers(spool.read(0)) == numbers(Spool(tmp_path).read(0)) == written


def test_a_disk_that_takes_not_even_a_file(tmp_path, short, monkeypatch):
    spool = Spool(tmp_path)
    written = [spool.append("seen") for _ in range(5)]
    with monkeypatch.context() as patch:

        def no_more(*_arguments):
            raise OSError(errno.ENOSPC, "no space left")

        patch.setattr(module.os, "open", no_more)
        written += [spool.append("seen") for _ in range(5)]
        assert numbers(spool.read(0)) == written
    written.append(spool.append("seen"))
    assert numbers(Spool(tmp_path).read(0)) == written


def test_what_memory_had_is_written_at_the_end(tmp_path):
    spool = Spool(tmp_path)
    with full_after(0, tmp_path):
        number = spool.append("seen")
    spool.close()
    assert numbers(Spool(tmp_path).read(0)) == [number]


def test_numbers_grow_though_the_clock_goes_back_and_the_process_ends(tmp_path):
    now = datetime(2026, 11, 30, 12, tzinfo=UTC)
    written = []
    for hours in (0, -1, -48):
        with time_machine.travel(now + timedelta(hours=hours), tick=False):
            spool = Spool(tmp_path)
            written += [spool.append("seen") for _ in range(3)]
            spool.close()
    assert written == sorted(set(written))
    assert numbers(Spool(tmp_path).read(0)) == written


def test_the_clock_goes_back_after_a_file_that_stayed_empty(tmp_path):
    spool = Spool(tmp_path)
    with time_machine.travel(datetime(2026, 11, 30, 12, tzinfo=UTC), tick=False), full_after(0, tmp_path):
        lost = spool.append("seen")
    with time_machine.travel(datetime(2026, 11, 30, 11, tzinfo=UTC), tick=False):
        assert Spool(tmp_path).append("seen") > lost


def test_a_folder_on_a_full_disk_gets_no_half_name(tmp_path):
    with full_after(5, tmp_path), pytest.raises(OSError, match="large"):
        Spool(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert len(Spool(tmp_path).id) == 16


def test_numbers_are_new_though_the_folder_was_lost(tmp_path):
    old, new = Spool(tmp_path / "old"), Spool(tmp_path / "new")
    assert old.id != new.id
    assert old.append("seen") < new.append("seen")


def test_what_is_stored_is_forgotten_file_by_file(tmp_path, short):
    spool = Spool(tmp_path)
    written = [spool.append("seen") for _ in range(12)]
    spool.forget(written[3])
    assert numbers(Spool(tmp_path).read(0)) == written
    spool.forget(written[5])
    assert numbers(Spool(tmp_path).read(0)) == written[5:]
    spool.forget(written[-1])
    assert numbers(Spool(tmp_path).read(0)) == written[10:]  # the file that is written stays
    written.append(spool.append("seen"))
    assert numbers(spool.read(written[9])) == written[10:]


@pytest.mark.parametrize("text", ["\ud800", "a\x00b", "\r\n\u2028\x85", "Ł\U0001f600"])
def test_whatever_somebody_is_called_ends_no_line(tmp_path, text):
    spool = Spool(tmp_path)
    written = [spool.append("inbound", "17.1", {"from": text}), spool.append("seen", "17.1")]
    assert numbers(Spool(tmp_path).read(0)) == written


def test_what_is_written_while_somebody_reads_is_not_skipped(tmp_path, short):
    """The reader is behind, so it needs the files; what only memory had is written to them meanwhile."""
    spool = Spool(tmp_path)
    written = [spool.append("seen") for _ in range(4)]
    with full_after(0, tmp_path):
        written += [spool.append("seen") for _ in range(6)]
    read, real = [], module._records

    def interrupted(path):
        found = list(real(path))
        if not read:
            read.append(path)
            written.append(spool.append("seen"))  # and all that waits with it
        return iter(found)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_records", interrupted)
        seen = numbers(spool.read(0))
    assert seen == written[: len(seen)]
    assert seen + numbers(spool.read(seen[-1])) == written


def test_a_reader_follows_a_writer_that_is_killed(tmp_path):
    """Two processes: each number that the writer was told is read, in order, also when it dies while it writes."""
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    writer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    told, reader, seen = [], None, []
    for line in writer.stdout:
        told.append(int(line))
        reader = reader or Spool(tmp_path)
        if len(told) % 50 == 0:
            seen += numbers(Spool(tmp_path).read(seen[-1] if seen else 0))
        if len(told) == 500:
            with pytest.raises(Refusal):
                reader.take()
            writer.send_signal(signal.SIGKILL)
    writer.stdout.close()
    writer.wait()
    seen += numbers(Spool(tmp_path).read(seen[-1] if seen else 0))
    assert seen[: len(told)] == told
    assert len(seen) - len(told) <= 1  # written, and killed before it could say so
    reader.take()
    assert reader.append("seen") > seen[-1]
    reader.close()


def test_many_threads_write(tmp_path, short):
    spool, written = Spool(tmp_path), []

    def write():
        written.extend(spool.append("seen") for _ in range(50))

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert numbers(Spool(tmp_path).read(0)) == sorted(written)
    assert len(set(written)) == 200


def test_a_record_says_when_it_was_and_what(tmp_path):
    spool = Spool(tmp_path)
    before = datetime.now(UTC)
    spool.append("released", "17.1", {"agent": "agent1"})
    (found,) = Spool(tmp_path).read(0)
    assert found == Record(found.number, found.at, "released", "17.1", {"agent": "agent1"})
    assert before <= found.at <= datetime.now(UTC)
    assert json.loads(found.line)["what"] == "released"
    assert found.number // 1_000_000 == int(found.at.timestamp())


class Reading(RuleBasedStateMachine):
    """Writing, reading, forgetting, full disks, new processes and clocks in any order: who follows sees each record once, in order."""

    folders = 0

    def __init__(self):
        super().__init__()
        Reading.folders += 1
        self.folder = self.home / str(Reading.folders)
        self.written, self.seen = [], []
        self.full, self.clock, self.back = False, time.time_ns, 0
        self.spool = Spool(self.folder)

    def write_really(self, file, line):
        if self.full:
            raise OSError(errno.ENOSPC, "no space left")
        return self.real_write(file, line)

    @rule(count=st.integers(1, 12))
    def write(self, count):
        for _ in range(count):
            self.written.append(self.spool.append("seen", "17.1", {"count": count}))

    @rule(limit=st.integers(1, 20))
    def follow(self, limit):
        self.seen += numbers(self.spool.read(self.position, limit))

    @rule()
    def forget(self):
        self.spool.forget(self.position)

    @rule()
    def disk(self):
        self.full = not self.full

    @rule(hours=st.integers(-50, 5))
    def clock_jumps(self, hours):
        self.back += hours * 3600 * 10**9

    @rule()
    def process_begins_anew(self):
        self.full = False
        self.spool.close()
        self.spool = Spool(self.folder)

    @property
    def position(self):
        return self.seen[-1] if self.seen else 0

    @invariant()
    def nothing_is_missing_or_doubled(self):
        assert self.seen == self.written[: len(self.seen)]
        assert numbers(self.spool.read(self.position)) == self.written[len(self.seen) :]

    def teardown(self):
        self.full = False
        self.spool.close()


def test_in_any_order(tmp_path, short, monkeypatch):
    current, real_write, real_time = [], os.write, time.time_ns

    class Machine(Reading):
        home = tmp_path

        def __init__(self):
            current[:] = [self]
            self.back, self.full = 0, False
            self.real_write = real_write
            super().__init__()

    monkeypatch.setattr(module.os, "write", lambda *what: current[0].write_really(*what))  # noqa: PLW0108  whoever is current then
    monkeypatch.setattr(module.time, "time_ns", lambda: real_time() + current[0].back)
    Machine.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
    Machine.TestCase("runTest").runTest()


def test_where_few_call_a_file_does_not_stay_until_it_is_full(tmp_path, monkeypatch):
    """Callers' numbers are in it."""
    spool = Spool(tmp_path)
    first = spool.append("inbound", "17.1", {"from": "+4917012345"})
    monkeypatch.setattr(module, "OLDEST", 0.0)
    second = spool.append("seen", "17.1")
    assert numbers(spool.read(0)) == numbers(Spool(tmp_path).read(0)) == [first, second]
    spool.forget(second)
    assert b"+4917012345" not in b"".join(path.read_bytes() for path in tmp_path.glob("*.jsonl"))
    assert numbers(Spool(tmp_path).read(0)) == [second]
