"""Fills the database of a server with the demonstration and prints sessions: `python -m tests.onboarding.seeding`."""

import json
import sys

from django.db import transaction

HOSTS = ("localhost", "soest.localhost", "lippstadt.localhost")


def fill_server() -> dict[str, object]:
    """The demonstration with fewer entries, a number that waits for the operator, a municipality that is being set up."""
    from onboarding import demo, demo_life
    from tenants import actions, own_actions, scope
    from tenants.audit import SYSTEM
    from tenants.models import Municipality
    from tests.live import sessions

    every = demo.corpus.lines_of
    told = {f"{slug}:{one.article}" for slug, details in demo_life.DETAILS.items() for one in details}

    def some(slug):
        """A sixth of the entries, and those of which the demonstration tells more."""
        lines = list(every(slug))
        return [line for at, line in enumerate(lines) if at % 6 == 0 or json.loads(line)["id"] in told]

    demo.corpus.lines_of = some
    demo.ensure()
    with scope.front():
        places = {m.slug: m for m in Municipality.objects.select_related("centre")}
    soest = places["soest"]
    with scope.municipality(soest.schema_name), transaction.atomic():
        number = own_actions.propose_number(soest, "+492921999", max_length=13, acting_user=SYSTEM)
    actions.add_municipality(
        slug="welver", name="Gemeinde Welver", kind="gemeinde", ags="05974048", centre=soest.centre, acting_user=SYSTEM
    )
    return {"number": number.pk, "sessions": {host: sessions(host) for host in HOSTS}}


if __name__ == "__main__":
    import django

    django.setup()
    sys.stdout.write(json.dumps(fill_server()))
