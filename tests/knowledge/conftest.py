"""Demo entries, imported and published for the tests that search."""

import pytest

from knowledge import demo


@pytest.fixture(scope="module")
def filled(django_db_setup, django_db_blocker, request):
    """Soest, Kreis and (joining) Lippstadt with the demo entries; kept for the module, rolled back after it."""
    from django.db import transaction

    from onboarding.imports import Options, import_entries
    from tenants import scope
    from tenants.audit import SYSTEM
    from tenants.models import Municipality

    with django_db_blocker.unblock(), scope.owner():
        atomic = transaction.atomic()
        atomic.__enter__()
        with scope.front():
            places = {m.slug: m for m in Municipality.objects.select_related("centre")}
        for slug in ("soest", "kreis", "lippstadt"):
            report = import_entries(places[slug], demo.lines_of(slug), acting_user=SYSTEM, options=Options(publish=True))
            assert report.written
            assert report.bad == []
        yield places
        transaction.set_rollback(True)
        with scope.owner():
            atomic.__exit__(None, None, None)
