"""A little knowledge of Stadt Soest, and who looks at it."""

import os
import subprocess
import sys

import pytest

from tests.knowledge_pages import seeding


@pytest.fixture
def editor(visit):
    """Heike Brand, Redaktion, on soest.localhost."""
    return visit("editor", "soest.localhost")


@pytest.fixture
def admin(visit):
    """Stefan Droste, Mandanten-Admin."""
    return visit("admin", "soest.localhost")


@pytest.fixture
def reader(visit):
    """Karin Ostermann of a department."""
    return visit("reader", "soest.localhost")


@pytest.fixture
def known(soest, people):
    """An article, contacts and departments (seeding.know)."""
    return seeding.know(soest, people["editor"])


@pytest.fixture
def changed(soest, people, known):
    """The same with a draft that differs from what agents read."""
    seeding.change(soest, known, people["admin"])
    return known


@pytest.fixture
def gap(soest, people):
    """What Jana Köster could not answer. Its number is one that Germans would write with a point."""
    from django.db import connection

    from tenants import scope

    with scope.owner(), connection.cursor() as cursor:
        cursor.execute("SELECT setval('public.pool_gap_id_seq', greatest(nextval('public.pool_gap_id_seq'), 12000))")
    return seeding.ask(soest, people["agent"])


@pytest.fixture(scope="session")
def live():
    """A server with demo entries: `.server`, `.keys`, `.gap`, `.sessions`."""
    import json
    from types import SimpleNamespace

    from tests.database import cloned
    from tests.server import ROOT, Server, variables

    with cloned(f"rv_pages_{os.getpid()}") as url:
        command = [sys.executable, "-W", "ignore", "-m", "tests.knowledge_pages.seeding"]
        done = subprocess.run(command, env=variables(url), cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        server = Server(url)
        server.start()
        try:
            yield SimpleNamespace(server=server, **json.loads(done.stdout))
        finally:
            server.stop()
