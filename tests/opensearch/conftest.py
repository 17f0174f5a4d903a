"""One node for all tests of a worker; without Java or Maven they are skipped, under CI=1 they fail."""

import os

import pytest

from tests.opensearch.cluster import Cluster, MissingError


def started(nodes=1):
    """A running cluster, or a reason why not."""
    try:
        cluster = Cluster(nodes)
    except MissingError as missing:
        if os.environ.get("CI"):
            pytest.fail(str(missing))
        pytest.skip(str(missing))
    return cluster.start()


@pytest.fixture(scope="session")
def cluster():
    """One node."""
    running = started()
    yield running
    running.stop()
