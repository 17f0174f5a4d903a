"""A server with the demonstration, for the browser tests of this folder."""

import json
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from tests.database import cloned
from tests.server import ROOT, Server, variables

DEMO = {"RUFVERBUND_DEMO": "1"}


@pytest.fixture(scope="session")
def live():
    """A server in demo mode: `.server`, `.number` (one that the operator has to confirm), `.sessions` by host and local part of an address."""
    with cloned(f"rv_onboarding_{os.getpid()}") as url:
        command = [sys.executable, "-W", "ignore", "-m", "tests.onboarding.seeding"]
        done = subprocess.run(command, env=variables(url) | DEMO, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        server = Server(url, DEMO)
        server.start()
        try:
            yield SimpleNamespace(server=server, **json.loads(done.stdout))
        finally:
            server.stop()
