"""`rufverbund bench NAME`: measurements, each beside what it measures."""

from importlib import import_module
from importlib.util import find_spec

import click

from config import installation

BENCHES = {
    "pop": ("telephony_bridge.bench:pop", "Vom Anruf beim Webhook bis zur Karte auf dem Arbeitsplatz."),
    "calls": ("telephony_bridge.bench:calls", "Der Webhook unter Last."),
    "search": ("knowledge.bench:search", "Die Suche: Güte und Dauer."),
    "isolation": ("tenants.bench:isolation", "Was die eigene Anmeldung je Kommune kostet."),
}


class Benches(click.Group):
    """Finds the measurements that this version has."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names."""
        return [name for name, (target, _) in BENCHES.items() if find_spec(target.partition(":")[0])]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """One of them, with Django and a database."""
        if cmd_name not in self.list_commands(ctx):
            return None
        ctx.find_root().with_resource(installation.ready())
        module, _, attribute = BENCHES[cmd_name][0].partition(":")
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The overview, without importing anything."""
        with formatter.section("Messungen"):
            formatter.write_dl([(name, BENCHES[name][1]) for name in self.list_commands(ctx)])


@click.group(cls=Benches)
def bench() -> None:
    """Messungen."""
