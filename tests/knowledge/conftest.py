"""Demo entries, imported and published for the tests that search."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from knowledge import demo
from knowledge.pool import upkeep


@pytest.fixture(scope="module")
def filled(django_db_setup, django_db_blocker):
    """Soest, Kreis and (joining) Lippstadt with the demo entries, by slug: one transaction around all tests of the module."""
    from django.db import transaction

    from onboarding.imports import Options, import_entries
    from tenants import scope
    from tenants.audit import SYSTEM
    from tenants.models import Municipality

    with django_db_blocker.unblock():
        around = transaction.atomic()
        around.__enter__()
        with scope.front():
            places = {m.slug: m for m in Municipality.objects.select_related("centre")}
        for slug in ("soest", "kreis", "lippstadt"):
            report = import_entries(
                places[slug], demo.lines_of(slug), acting_user=SYSTEM, options=Options(publish=True)
            )
            assert report.written
            assert report.bad == []
        upkeep.run()
    yield places
    with django_db_blocker.unblock():
        transaction.set_rollback(True)
        around.__exit__(None, None, None)


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
