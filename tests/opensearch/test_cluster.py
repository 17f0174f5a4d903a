"""The server that these tests run against is the real one."""

import os
import subprocess
import sys

import pytest
from opensearchpy import OpenSearch

from tests.opensearch.cluster import ROOT, _direct


def test_it_is_the_genuine_server_and_keeps_its_data_when_it_is_killed(cluster):
    client = OpenSearch(cluster.urls)
    assert client.info()["version"]["distribution"] == "opensearch"
    client.index(index="kept", id="1", body={"word": "hund"}, refresh=True)
    cluster.kill()
    cluster.start()
    assert client.get(index="kept", id="1")["_source"] == {"word": "hund"}
    client.indices.delete(index="kept")


def test_a_command_runs_beside_a_node_and_neither_outlives_the_other(cluster):
    code = "import os; print(os.environ['OPENSEARCH_URL']); raise SystemExit(7)"
    paths = os.pathsep.join([str(ROOT), str(ROOT / "platform")])
    done = subprocess.run(
        [sys.executable, "-m", "tests.opensearch.cluster", sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": paths}, cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 7, done.stderr
    address = done.stdout.strip()
    assert f"OpenSearch answers on {address}" in done.stderr
    with pytest.raises(OSError, match="refused"):
        _direct.open(address, timeout=5)
