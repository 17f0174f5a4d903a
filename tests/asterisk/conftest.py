"""One real Asterisk for all tests of a worker. Under CI=1 it must start; elsewhere the tests are skipped, with the reason, where it cannot be had."""

import os
from collections import defaultdict

import pytest

from config.processes import end_with_parent
from telephony_bridge.asterisk.lab import Lab, Ports
from telephony_bridge.record.lines import all_parsed
from telephony_bridge.record.timeline import recorded
from telephony_bridge.routing.standby import SIGN
from tenants.errors import Refusal


@pytest.fixture(scope="session")
def asterisk(tmp_path_factory):
    """Running, on ports of its own."""
    try:
        lab = Lab(tmp_path_factory.mktemp("asterisk"), Ports.free())
    except Refusal as refusal:
        if os.environ.get("CI"):
            pytest.fail(str(refusal))
        pytest.skip(str(refusal))
    lab.configure()
    lab.start(before=end_with_parent(os.getpid()))
    yield lab
    lab.stop()


@pytest.fixture(autouse=True)
def tidy(asterisk):
    """Each test begins without calls, and with nobody in the queue."""
    yield
    assert_every_second_counts_once(asterisk)
    if not asterisk.runs():
        asterisk.start(before=end_with_parent(os.getpid()))
    asterisk.console("channel request hangup all")
    asterisk.console(f'dialplan set global {SIGN} ""')  # nobody is active: the next need not wait until that is sure
    for name in ("agent1", "agent2"):
        asterisk.console(f"queue remove member PJSIP/{name} from fallback")


def assert_every_second_counts_once(asterisk):
    """Whatever a test has done: each call of Asterisk's log has one record, whose intervals follow each other from its begin to its end."""
    calls = defaultdict(list)
    for line in all_parsed(asterisk.cel.read_text(encoding="utf-8").splitlines() if asterisk.cel.exists() else ()):
        calls[line.linked].append(line)
    for record in filter(None, map(recorded, calls.values())):
        times = [record.began, *(interval.ended for interval in record.intervals)]
        assert [interval.began for interval in record.intervals] == times[:-1], record
        assert times[-1] == (record.ended or record.last), record
