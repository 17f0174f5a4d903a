"""`rufverbund cti …` and `rufverbund simulate …`."""

import asyncio
import re
import secrets
import signal
import threading
from math import sqrt
from pathlib import Path
from random import Random

import click
from django.utils import timezone

from accounts.models import ROLES, Membership
from telephony_bridge import actions
from telephony_bridge.actions.sources import OVER_HTTP
from telephony_bridge.dialects import dialect_of
from telephony_bridge.models import Source
from telephony_bridge.simulation.citizens import Town
from telephony_bridge.simulation.clock import ShiftClock
from telephony_bridge.simulation.exchange import Exchange, Line
from telephony_bridge.simulation.team import DemoTeam
from telephony_bridge.tokens import hash_of, secret_of
from tenants import scope
from tenants.audit import SYSTEM
from tenants.errors import Refusal
from tenants.models import Municipality, NumberPrefix, ServiceCentre

DEFAULT_WEIGHT = 10_000  # inhabitants, where they are not known


@click.group()
def cti() -> None:
    """Zugänge der Telefonanlagen (CTI-Webhook)."""


@cti.command()
@click.option("--municipality", "slug", metavar="SLUG", help="Eigene Anlage einer Kommune: Anrufe gelten nur für sie.")
@click.option("--centre", "centre_slug", metavar="SLUG", help="Anlage eines Servicecenters, für alle seine Kommunen.")
@click.option(
    "--dialect", type=click.Choice(OVER_HTTP), default="zammad", show_default=True, help="Wie die Anlage Anrufe meldet."
)
@click.option("--rotate", is_flag=True, help="Token und Geheimnis ersetzen; die alten werden abgewiesen.")
@click.option("--secret", is_flag=True, help="Statt des Tokens das gemeinsame Geheimnis der Signatur (Placetel).")
def token(slug: str | None, centre_slug: str | None, dialect: str, *, rotate: bool, secret: bool) -> None:
    """Das Token eines Webhooks ausgeben; beim ersten Mal wird es angelegt.

    Die Anlage meldet Anrufe an /api/v1/cti/TOKEN.
    """
    if (slug is None) == (centre_slug is None):
        raise click.UsageError("Nennen Sie --municipality oder --centre.")
    municipality = _municipality(slug) if slug else None
    centre = municipality.centre if municipality else _centre(str(centre_slug))
    given = actions.give_token(
        centre=centre, municipality=municipality, dialect=dialect, rotate=rotate, acting_user=SYSTEM
    )
    click.echo(_secret(given) if secret else given)


def _secret(given: str) -> str:
    """What belongs to a token, for dialects that sign."""
    with scope.operator():
        source = Source.objects.get(token_hash=hash_of(given))
    if not dialect_of(source.dialect).check:
        raise Refusal("Diese Sprache kennt keine Signatur; nur Placetel hat ein gemeinsames Geheimnis.")
    return secret_of(source.pk, source.generation)


def _municipality(slug: str) -> Municipality:
    with scope.operator():
        found: Municipality | None = Municipality.objects.select_related("centre").filter(slug=slug).first()
        known = ", ".join(Municipality.objects.order_by("slug").values_list("slug", flat=True)[:20])
    if found is None:
        raise Refusal(f"Die Kommune „{slug}“ gibt es nicht. Bekannt sind: {known or 'noch keine'}.")
    return found


def _centre(slug: str) -> ServiceCentre:
    with scope.operator():
        found = ServiceCentre.objects.filter(slug=slug).first()
        known = ", ".join(ServiceCentre.objects.order_by("slug").values_list("slug", flat=True)[:20])
    if found is None:
        raise Refusal(f"Das Servicecenter „{slug}“ gibt es nicht. Bekannt sind: {known or 'noch keine'}.")
    return found


@click.group()
def simulate() -> None:
    """Anrufe simulieren."""


def _per_minute(_context: click.Context, _option: click.Parameter, value: str) -> float:
    found = re.fullmatch(r"([0-9]+(?:[.,][0-9]+)?)\s*(?:/\s*min)?", value.strip())
    rate = float(found[1].replace(",", ".")) if found else 0.0
    if not 0 < rate <= 600:
        raise click.BadParameter("Form: 4 oder 4/min, mehr als 0 und höchstens 600.")
    return rate


@simulate.command()
@click.option("--rate", default="4/min", show_default=True, callback=_per_minute, help="Anrufe je Minute, im Mittel.")
@click.option(
    "--count", type=click.IntRange(min=1), help="Nach so vielen Anrufen aufhören; sonst bis SIGINT oder SIGTERM."
)
@click.option("--seed", type=int, help="Gleicher Wert, gleiche Anrufe.")
@click.option("--url", default="http://127.0.0.1:8000", show_default=True, help="Adresse des Webservers.")
def calls(rate: float, count: int | None, seed: int | None, url: str) -> None:
    """Bürgerinnen und Bürger rufen an: über den echten Webhook, mit Annahme, Gespräch, Auflegen und Ungeduld."""
    towns, stop, team = _towns(), threading.Event(), DemoTeam()
    if not towns:
        raise Refusal("Es gibt keine Kommune, die live ist und eine bestätigte Rufnummer hat.")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    lines = {
        centre.pk: Line(url, actions.give_token(centre=centre, acting_user=SYSTEM), stop) for centre in _centres(towns)
    }
    exchange = Exchange(
        towns=towns,
        lines=lines,
        team=team,
        rng=Random(seed),  # noqa: S311  no secret
        rate=rate,
        stop=stop,
        limit=count,
        run_id=secrets.token_hex(4),
        clock=ShiftClock(timezone.localtime()),
    )
    team.start()
    try:
        exchange.run()
    finally:
        team.end()
    click.echo(f"{exchange.made} Anrufe.", err=True)


@simulate.command()
@click.option("--rate", default="2/min", show_default=True, callback=_per_minute, help="Anrufe je Minute, im Mittel.")
@click.option(
    "--folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    required=True,
    help="Ordner eines Asterisk, das mit „rufverbund telephony lab start“ läuft.",
)
@click.option(
    "--centre", "slug", metavar="SLUG", required=True, help="Servicecenter, dessen Kommunen angerufen werden."
)
@click.option("--seed", type=int, help="Gleicher Wert, gleiche Anrufe.")
def telephones(rate: float, folder: Path, slug: str, seed: int | None) -> None:
    """Bürgerinnen und Bürger rufen mit SIP-Telefonen an, bis SIGINT oder SIGTERM; auch die Telefone der Agenten sind dabei.

    Ein Telefon klingelt, bis der Anruf am Arbeitsplatz angenommen wird; das der Teamleitung, und wohin weitergeleitet wird, hebt nach drei Sekunden
    jemand ab. Nummern auf 00 sind besetzt.
    """
    from telephony_bridge.asterisk.lab import Lab
    from telephony_bridge.simulation.telephones import ring

    centre, stop = _centre(slug), threading.Event()
    towns = [town for town in _towns() if town.centre_id == centre.pk]
    if not towns:
        raise Refusal("Es gibt keine Kommune, die live ist und eine bestätigte Rufnummer hat.")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    rng = Random(seed)  # noqa: S311  no secret
    made = asyncio.run(ring(Lab(folder).ports, towns, rng, rate=rate, ended=stop.is_set, leading=_leading(centre)))
    click.echo(f"{made} Anrufe.", err=True)


def _towns() -> list[Town]:
    """Live municipalities with a confirmed number. A larger one is called more often, but not as much as it is larger."""
    with scope.telephony():
        rows = NumberPrefix.objects.filter(confirmed_at__isnull=False, municipality__status=Municipality.STATES.live)
        found = {number.municipality_id: number for number in rows.select_related("municipality").order_by("-pk")}
    return [
        Town(
            str(n.municipality), n.municipality.centre_id, n.prefix, sqrt(n.municipality.inhabitants or DEFAULT_WEIGHT)
        )
        for n in sorted(found.values(), key=lambda number: number.prefix)
    ]


def _leading(centre: ServiceCentre) -> set[str]:
    """The telephones of who leads the team: nobody accepts there on a desk."""
    with scope.telephony():
        people = Membership.objects.filter(centre=centre, role=ROLES.supervisor, person__is_active=True)
        return set(people.values_list("person__phone_user", flat=True)) - {""}


def _centres(towns: list[Town]) -> list[ServiceCentre]:
    with scope.operator():
        return list(ServiceCentre.objects.filter(pk__in={town.centre_id for town in towns}).order_by("pk"))
