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
    return {"number": number.pk, "exchanges": exchanges(places), "sessions": {host: sessions(host) for host in HOSTS}}


def exchanges(places):
    """Soest's centre has one that reported, its Kreis one with a signature and named networks: [id, token] of each."""
    from django.utils import timezone

    from telephony_bridge import actions
    from telephony_bridge.dialects.zammad import parse
    from telephony_bridge.models import Source
    from telephony_bridge.tokens import hash_of
    from tenants import scope
    from tenants.audit import SYSTEM

    centre = places["soest"].centre
    tokens = {
        "zammad": actions.give_token(centre=centre, acting_user=SYSTEM),
        "placetel": actions.give_token(
            centre=centre, municipality=places["kreis"], dialect="placetel", acting_user=SYSTEM
        ),
    }
    with scope.operator():
        found = {name: Source.objects.get(token_hash=hash_of(token)) for name, token in tokens.items()}
        actions.change_networks(found["placetel"], ["203.0.113.0/24", "2001:db8::/32"], acting_user=SYSTEM)
    for number in range(60):
        to = ("029211030", "02921300", "Buergertelefon")[number % 3]
        for event in ("newCall", "answer", "hangup"):
            body = {"event": event, "callId": f"seed{number}", "to": to, "from": "01713920047", "user": "7"}
            with scope.telephony():
                actions.receive(found["zammad"], parse(body), body, at=timezone.now())
    with scope.telephony():
        actions.remember_refusal(
            found["placetel"], "Die Signatur passt nicht zum gemeinsamen Geheimnis des Anschlusses."
        )
    return {name: [source.pk, tokens[name]] for name, source in found.items()}


if __name__ == "__main__":
    import django

    django.setup()
    sys.stdout.write(json.dumps(fill_server()))
