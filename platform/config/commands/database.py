"""`rufverbund migrate` and `rufverbund db prepare`."""

import json
import os
import time
from typing import cast
from urllib.parse import urlsplit

import click
import psycopg
from psycopg.pq import PGconn

from config import embedded, installation


@click.command()
@click.option(
    "--jobs",
    type=click.IntRange(1, 32),
    default=1,
    show_default=True,
    help="Höchstens so viele Kommunen gleichzeitig; zurzeit eine nach der anderen.",
)
@click.option("--json", "as_json", is_flag=True, help="Ergebnis als JSON.")
def migrate(jobs: int, as_json: bool) -> None:
    """Gemeinsame Tabellen und alle Kommunen auf den Stand des Programms bringen; darf jederzeit wiederholt werden."""
    from tenants import migrate as migrations  # Django is set up by now

    started = time.monotonic()
    done: list[str] = []

    def report(line: str) -> None:
        done.append(line)
        click.echo(line, err=True)

    if server := installation.own_server():
        from tenants import prepare as roles

        with installation.alone(server):
            roles.run(server.superuser_url, embedded.DATABASE)
    changed = migrations.apply(report)
    took = round((time.monotonic() - started) * 1000)
    if as_json:
        click.echo(json.dumps({"changed": changed, "steps": len(done), "took_ms": took, "jobs": 1}))
    else:
        click.echo(f"{'Erledigt' if changed else 'Es war nichts zu tun'} ({took / 1000:.1f} s).")


class Offline:
    """As much of a connection as computing a password's verifier takes, for SQL that somebody else will run."""

    pgconn = PGconn.connect_start(b"host=/")


@click.group()
def db() -> None:
    """Den Datenbankserver vorbereiten."""


@db.command()
@click.option(
    "--run",
    "superuser_url",
    metavar="URL",
    help="Gleich ausführen, angemeldet als Superuser: postgresql://postgres@host/postgres",
)
def prepare(superuser_url: str | None) -> None:
    """Die Rollen und Rechte, die eine Datenbank einmal braucht: als SQL ausgeben oder mit --run ausführen.

    DATABASE_URL nennt Server und Datenbank; die Passwörter der Anmeldungen werden aus RUFVERBUND_DATABASE_SECRET und
    RUFVERBUND_OWNER_SECRET abgeleitet, das SQL enthält nur ihre Prüfwerte.
    """
    url = os.environ.get("DATABASE_URL")
    if not url:
        raise click.UsageError("DATABASE_URL ist nicht gesetzt; die mitgelieferte Datenbank bereitet sich selbst vor.")
    installation.setup()
    from tenants import prepare as roles

    name = urlsplit(url).path[1:]
    try:
        if superuser_url:
            roles.run(superuser_url, name)
            click.echo(f"Die Datenbank {name} ist vorbereitet. Weiter mit: rufverbund migrate", err=True)
        else:
            click.echo(roles.sql(cast("psycopg.Connection[object]", Offline()), name))
    except ValueError as error:
        raise click.UsageError(str(error)) from error
