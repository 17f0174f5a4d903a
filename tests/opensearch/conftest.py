"""One node for all tests of a worker. Under CI=1 it must start; elsewhere the tests run where OPENSEARCH=1 asks for them, since they take minutes."""

import os

import pytest
from opensearchpy import OpenSearch

from knowledge.pool import upkeep
from tests.knowledge import conftest as knowledge
from tests.opensearch.cluster import Cluster, MissingError

filled = knowledge.filled


def started(nodes=1, heap="512m", make=None):
    """A running cluster, or a reason why not."""
    if not (os.environ.get("CI") or os.environ.get("OPENSEARCH")):
        pytest.skip("tests with a real OpenSearch run where OPENSEARCH=1 asks for them")
    try:
        cluster = make() if make else Cluster(nodes, heap)
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


@pytest.fixture
def opensearch(cluster, settings):
    """The settings of an installation with OpenSearch; nothing of ours is on it before and after."""
    settings.OPENSEARCH = configured(cluster)
    forget_all(cluster)
    yield cluster
    forget_all(cluster)


def configured(cluster, **more):
    return {
        "hosts": cluster.urls, "user": "", "password": "", "api_key": "", "ca": "", "prefix": "rv", "shards": 1, "replicas": 0, **more,
    }  # fmt: skip


def settle():
    """As in a new process: nothing is known of failures."""
    from knowledge.search import engines, opensearch

    opensearch._breakers.clear()
    engines.health.failures = 0


def forget_all(cluster):
    OpenSearch(cluster.urls, timeout=30).indices.delete(index="rv-*", ignore=[404])
    settle()


@pytest.fixture(scope="module")
def indexed(cluster, filled, django_db_blocker):
    """The demo entries of three live towns, in PostgreSQL and in an index."""
    from django.test import override_settings

    from knowledge.pool import rebuilding
    from tenants.actions import set_state
    from tenants.audit import SYSTEM

    with django_db_blocker.unblock(), override_settings(OPENSEARCH=configured(cluster)):
        forget_all(cluster)
        set_state(filled["lippstadt"], "live", acting_user=SYSTEM)
        upkeep.run()
        rebuilding.rebuild()
        yield filled
        forget_all(cluster)


@pytest.fixture
def installation(opensearch, settings, django_db_setup, django_db_blocker):
    """A clone of the template with a login per scope, as production has it, and an empty OpenSearch; yields the variables for programs."""
    from django.db import connections

    from tests import database, environment, server

    name = f"{environment.DATABASE}_indexed"
    default = connections.settings["default"]
    own = settings.OPENSEARCH
    variables = {
        "OPENSEARCH_URL": ",".join(own["hosts"]),
        "OPENSEARCH_PREFIX": own["prefix"],
        "OPENSEARCH_REPLICAS": str(own["replicas"]),
    }
    with database.cloned(name) as url, django_db_blocker.unblock():
        connections.settings["default"] = {**default, "NAME": name, "TENANCY": "login"}
        usual, connections["default"] = connections["default"], connections.create_connection("default")
        try:
            yield server.variables(url) | variables
        finally:
            connections["default"].close()
            connections["default"] = usual
            connections.settings["default"] = default
