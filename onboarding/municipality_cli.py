"""`rufverbund municipality …`."""

import json
import time
from typing import Any

import click
from django.db import transaction

from onboarding import actions
from onboarding.queries import published_counts
from tenants import scope
from tenants.audit import SYSTEM
from tenants.errors import Refusal
from tenants.models import Municipality, ServiceCentre


@click.group()
def municipality() -> None:
    """Kommunen anlegen und auflisten."""


@municipality.command()
@click.argument("slug")
@click.option("--name", required=True, help="Voller Name: „Stadt Geseke“.")
@click.option("--ags", required=True, help="Amtlicher Gemeindeschlüssel, 8 Ziffern.")
@click.option("--centre", "centre_slug", required=True, metavar="SLUG", help="Servicecenter, zu dem sie gehört.")
@click.option(
    "--kind", type=click.Choice([kind for kind, _name in Municipality.KINDS]), help="Sonst aus dem Namen erraten."
)
@click.option("--number", "numbers", multiple=True, metavar="+49…", help="Rufnummer ohne Durchwahl, mehrfach möglich.")
@click.option("--inhabitants", type=click.IntRange(min=0), help="Einwohnerzahl.")
@click.option("--json", "as_json", is_flag=True, help="Ergebnis als JSON.")
def add(slug: str, centre_slug: str, numbers: tuple[str, ...], as_json: bool, **fields: Any) -> None:
    """Eine Kommune mit Schema, Anmeldung und Rufnummern anlegen; sie steht danach im Beitritt."""
    started = time.monotonic()
    fields["kind"] = fields["kind"] or _kind(fields["name"])
    made = actions.add_and_provision(
        slug=slug,
        centre=_centre(centre_slug),
        numbers=[n.replace(" ", "") for n in numbers],
        acting_user=SYSTEM,
        **fields,
    )
    took = round((time.monotonic() - started) * 1000)
    if as_json:
        click.echo(json.dumps({"slug": made.slug, "schema": made.schema_name, "took_ms": took}))
    else:
        click.echo(f"{made.name} ist angelegt und steht im Beitritt ({took / 1000:.1f} s).")


@municipality.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Ergebnis als JSON.")
def list_(as_json: bool) -> None:
    """Alle Kommunen mit Stand, Rufnummern und der Zahl veröffentlichter Artikel und Kontakte."""
    rows = overview()
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        click.echo(
            f"{row['slug']:<14} {row['name']:<28} {row['state']:<12} {row['articles']:>6} Artikel {row['contacts']:>6} Kontakte  "
            f"{', '.join(row['numbers'])}"
        )


def overview() -> list[dict[str, Any]]:
    """One dict per municipality: slug, name, ags, state, centre, numbers, articles, contacts."""
    with scope.operator(), transaction.atomic():
        counts = published_counts()
        found = Municipality.objects.select_related("centre").prefetch_related("numbers").order_by("slug")
        return [
            {
                "slug": m.slug,
                "name": m.name,
                "ags": m.ags,
                "state": str(m.status),
                "centre": m.centre.slug,
                "numbers": [n.prefix for n in m.numbers.all()],
                "articles": counts.get(m.pk, (0, 0))[0],
                "contacts": counts.get(m.pk, (0, 0))[1],
            }
            for m in found
        ]


def _centre(slug: str) -> ServiceCentre:
    with scope.operator():
        centre = ServiceCentre.objects.filter(slug=slug).first()
        known = ", ".join(ServiceCentre.objects.values_list("slug", flat=True))
    if centre is None:
        raise Refusal(f"Das Servicecenter „{slug}“ gibt es nicht; es gibt: {known or 'noch keines'}.")
    return centre


def _kind(name: str) -> str:
    """ "Kreis Soest" is a Kreis, "Gemeinde Welver" a Gemeinde, everything else a Stadt."""
    first = name.split(" ", 1)[0].lower()
    return first if first in {"kreis", "gemeinde"} else "stadt"
