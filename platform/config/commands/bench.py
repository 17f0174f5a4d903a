"""`rufverbund bench NAME`: measurements, each beside what it measures, and none in the installation that is being worked with."""

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

import click

from config import installation

BENCHES = {
    "pop": ("telephony_bridge.bench:pop", "Vom Anruf (Webhook oder Telefonanlage) bis zur Karte auf dem Arbeitsplatz."),
    "calls": ("telephony_bridge.bench:calls", "Der Webhook oder die Telefonanlage unter Last."),
    "search": ("config.commands.bench_search:search", "Die Suche des Arbeitsplatzes über HTTP."),
    "isolation": ("config.commands.bench:isolation", "Was die eigene Anmeldung je Kommune kostet."),
}
LIMITS_US = {"added_per_transaction_us": 100.0, "zipf_350_mean_us": 2500.0}  # microseconds that must hold


class Benches(click.Group):
    """Finds a measurement in the table; each makes the scratch installation that it needs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names."""
        return list(BENCHES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """One of them; None for an unknown name."""
        if cmd_name not in BENCHES:
            return None
        module, _, attribute = BENCHES[cmd_name][0].partition(":")
        if module != __name__:
            installation.without_database()
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The overview, without importing anything."""
        with formatter.section("Messungen"):
            formatter.write_dl([(name, text) for name, (_, text) in BENCHES.items()])


@click.group(cls=Benches)
def bench() -> None:
    """Messungen."""


@contextmanager
def scratch() -> Iterator[None]:
    """An installation of its own with an empty, migrated database, gone afterwards."""
    for name in [name for name in os.environ if name.startswith("RUFVERBUND_") or name == "DATABASE_URL"]:
        del os.environ[name]
    with tempfile.TemporaryDirectory(prefix="rufverbund-bench-") as folder:
        os.environ["RUFVERBUND_HOME"] = folder
        with installation.ready():
            yield


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Ergebnis als JSON.")
def isolation(as_json: bool) -> None:
    """Was eine eigene Anmeldung je Kommune eine Transaktion kostet, bei 350 Kommunen und 60 Verbindungen."""
    with scratch():
        from tenants.bench import isolation as measure

        figures = measure(lambda line: click.echo(line, err=True))
    holds = all(figures[name] <= limit for name, limit in LIMITS_US.items())
    result = {"bench": "isolation", **figures, "must_hold": LIMITS_US, "holds": holds}
    if as_json:
        click.echo(json.dumps(result))
        return
    for name, value in result.items():
        click.echo(f"{name:<34} {value}")
