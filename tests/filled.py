"""The template with the demo entries of Soest, Kreis and (joining) Lippstadt: `python -m tests.filled NAME` makes it."""

import sys

import django


def fill() -> None:
    """Imported and published, as somebody who joins does it."""
    from knowledge import demo
    from knowledge.pool import upkeep
    from onboarding.imports import Options, import_entries
    from tenants import scope
    from tenants.audit import SYSTEM
    from tenants.models import Municipality

    with scope.front():
        places = {m.slug: m for m in Municipality.objects.select_related("centre")}
    for slug in ("soest", "kreis", "lippstadt"):
        report = import_entries(places[slug], demo.lines_of(slug), acting_user=SYSTEM, options=Options(publish=True))
        assert report.written
        assert report.bad == []
    upkeep.run()


if __name__ == "__main__":
    import os

    from tests import database, environment, template

    database.clone(sys.argv[1])
    os.environ |= {
        "RUFVERBUND_TESTING": "0",
        "DATABASE_URL": environment.url(sys.argv[1]),
        "DJANGO_SETTINGS_MODULE": "tests.live_settings",
    }
    django.setup()
    fill()
    template.forget_news()
