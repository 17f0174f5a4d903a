"""One real Asterisk for all tests of a worker. Under CI=1 it must start; elsewhere the tests are skipped, with the reason, where it cannot be had."""

import os

import pytest

from config.processes import end_with_parent
from telephony_bridge.asterisk.lab import Lab, Ports
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
    if not asterisk.runs():
        asterisk.start(before=end_with_parent(os.getpid()))
    asterisk.console("channel request hangup all")
    for name in ("agent1", "agent2"):
        asterisk.console(f"queue remove member PJSIP/{name} from fallback")
