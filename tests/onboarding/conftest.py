"""A server with the demonstration, for the browser tests of this folder."""

import json
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from tests.database import cloned
from tests.server import ROOT, Server, variables


@pytest.fixture(scope="module")
def live():
    """A server in demo mode: `.server`, `.number` (one that the operator has to confirm), `.sessions` by host and local part of an address."""
    with pytest.MonkeyPatch.context() as patch, cloned(f"rv_onboarding_{os.getpid()}") as url:
        patch.setenv("RUFVERBUND_DEMO", "1")  # read by the programs, not by this one, whose settings are loaded
        command = [sys.executable, "-W", "ignore", "-m", "tests.onboarding.seeding"]
        done = subprocess.run(command, env=variables(url), cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        server = Server(url)
        server.start()
        try:
            yield SimpleNamespace(server=server, **json.loads(done.stdout))
        finally:
            server.stop()
