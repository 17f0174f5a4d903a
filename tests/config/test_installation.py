"""Commands that bring an installation up at the same time do not get in each other's way."""

import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

from config import installation


def test_one_preparation_at_a_time(tmp_path, monkeypatch):
    """Two at once fail with “tuple concurrently updated”."""
    running, most = [], []

    def preparing(server):
        running.append(server)
        most.append(len(running))
        time.sleep(0.05)
        running.pop()
        return True

    monkeypatch.setattr(installation, "_prepare", preparing)
    monkeypatch.setattr(installation, "is_prepared", lambda _server: False)
    server = SimpleNamespace(home=tmp_path)
    with ThreadPoolExecutor(4) as several:
        calls = [installation.prepare, installation.first_preparation] * 2
        assert [done.result() for done in [several.submit(call, server) for call in calls]] == [True, None] * 2
    assert most == [1] * 4
