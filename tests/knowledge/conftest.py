"""Demo entries, imported and published for the tests that search."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest


@pytest.fixture(scope="module")
def filled(django_db_setup, django_db_blocker):
    """Soest, Kreis and (joining) Lippstadt with the demo entries, by slug: a database of their own for the tests of the module."""
    from django.db import connections

    from tenants import scope
    from tenants.models import Municipality
    from tests import database, environment

    name = f"{environment.DATABASE}_filled"
    default = connections.settings["default"]
    with database.cloned(name, database.filled_template()), django_db_blocker.unblock():
        connections.settings["default"] = {**default, "NAME": name}
        usual, connections["default"] = connections["default"], connections.create_connection("default")
        try:
            with scope.front():
                places = {m.slug: m for m in Municipality.objects.select_related("centre")}
            yield places
        finally:
            connections["default"].close()
            connections["default"] = usual
            connections.settings["default"] = default


@pytest.fixture
def at_once(django_db_setup, django_db_blocker):
    """at_once(f, g, …): each in a thread and a connection of its own, on a clone of the template with a login per scope. Returns
    what they returned or raised, in order."""
    from django.db import connections

    from tests import database, environment

    name = f"{environment.DATABASE}_at_once"
    default = connections.settings["default"]
    with database.cloned(name), django_db_blocker.unblock():
        connections.settings["default"] = {**default, "NAME": name, "TENANCY": "login"}
        try:
            yield run_at_once
        finally:
            connections.settings["default"] = default


def run_at_once(*works):
    from django.db import connections

    barrier = Barrier(len(works))

    def work(one):
        try:
            barrier.wait(20)
            return one()
        except Exception as error:  # noqa: BLE001 - handed to the test
            return error
        finally:
            connections["default"].close()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(work, works))
