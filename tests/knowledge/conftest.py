"""Demo entries, imported and published for the tests that search."""

import pytest

from knowledge import demo


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
    yield places
    with django_db_blocker.unblock():
        transaction.set_rollback(True)
        around.__exit__(None, None, None)
