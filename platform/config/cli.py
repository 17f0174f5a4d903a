"""`rufverbund`: one door for people, scripts and service units.

Commands live in `<app>/cli.py` and `config/commands/`; the table below says where, so that a call imports only what it needs. A module is
imported when Django is set up and the database stands, and needs no preparation of its own. Exit status: 0 done, 1 failed (one sentence
on standard error), 2 wrong usage.
"""

import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import NamedTuple, NoReturn

import click

from config import logs


class Entry(NamedTuple):
    """Where a command is, what it is for, and whether Django and the database must be there first."""

    target: str
    help: str
    database: bool = True


ENTRIES = {
    "demo": Entry("config.commands.demo:demo", "Vorführung: alle Prozesse mit Beispieldaten starten.", database=False),
    "serve": Entry("config.commands.services:serve", "Webserver starten."),
    "worker": Entry("config.commands.services:worker", "Hintergrundaufträge ausführen."),
    "bridge": Entry("config.commands.services:bridge", "Verbindung zu den Telefonanlagen halten."),
    "municipality": Entry("onboarding.municipality_cli:municipality", "Kommunen anlegen und auflisten."),
    "person": Entry("accounts.cli:person", "Personen anlegen, einladen und auflisten."),
    "import": Entry("onboarding.cli:import_", "Einträge einer Kommune einlesen."),
    "export": Entry("onboarding.cli:export", "Einträge einer Kommune ausgeben."),
    "search": Entry("knowledge.cli:search", "Veröffentlichte Einträge suchen."),
    "search-index": Entry("knowledge.index_cli:search_index", "Suchindex in OpenSearch ansehen, aufbauen, abgleichen."),
    "cti": Entry("telephony_bridge.cli:cti", "Zugänge der Telefonanlagen."),
    "telephony": Entry("config.commands.telephony:telephony", "Telefonanlage einrichten und prüfen.", database=False),
    "simulate": Entry("telephony_bridge.cli:simulate", "Anrufe simulieren."),
    "bench": Entry("config.commands.bench:bench", "Messungen.", database=False),
    "migrate": Entry("config.commands.database:migrate", "Datenbank auf den Stand des Programms bringen."),
    "db": Entry("config.commands.database:db", "Datenbankserver vorbereiten.", database=False),
    "check": Entry("config.commands.check:check", "Einrichtung prüfen.", database=False),
    "manage": Entry("config.commands.manage:manage", "Djangos eigene Verwaltungsbefehle."),
}


class Door(click.Group):
    """A group that finds its commands in ENTRIES."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, for the overview and for completion."""
        return list(ENTRIES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported; None for an unknown name."""
        entry = ENTRIES.get(cmd_name)
        if entry is None:
            return None
        module, _, attribute = entry.target.partition(":")
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Bring up Django and, unless only help is wanted, the database before a command that needs them is imported."""
        entry = ENTRIES.get(args[0])
        if entry is not None and entry.database:
            from config import installation  # `rufverbund --help` needs none of it

            if "--help" in args[1:]:
                installation.without_database()
            else:
                ctx.find_root().with_resource(installation.ready())
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The overview from the table, without importing anything."""
        with formatter.section("Befehle"):
            formatter.write_dl([(name, entry.help) for name, entry in ENTRIES.items()])


@click.group(cls=Door, context_settings={"help_option_names": ["--help"], "max_content_width": 120})
@click.version_option(package_name="rufverbund", prog_name="rufverbund")
def rufverbund() -> None:
    """Rufverbund: das gemeinsame Servicecenter der Kommunen.

    Der Zustand liegt in RUFVERBUND_HOME. Ohne DATABASE_URL läuft dort eine eigene Datenbank, solange ein Befehl sie braucht.
    """
    logs.configure()


def expected_errors() -> tuple[type[Exception], ...]:
    """Failures that a person can do something about, and whose message says what."""
    import psycopg  # only when something has failed
    from django.core.exceptions import ImproperlyConfigured
    from django.db import OperationalError

    from config.embedded import EmbeddedError
    from tenants.errors import Refusal

    return (Refusal, EmbeddedError, ImproperlyConfigured, OperationalError, psycopg.OperationalError)


def sentence(error: Exception) -> str:
    """The error's first line; a database that does not answer is named as such."""
    import psycopg
    from django.db import OperationalError

    line = (str(error).strip().splitlines() or [type(error).__name__])[0]
    if isinstance(error, OperationalError | psycopg.OperationalError):
        return f"Die Datenbank antwortet nicht oder weist ab: {line}. Prüfen Sie DATABASE_URL und `rufverbund check`."
    return line


def run(arguments: Sequence[str]) -> int:
    """Run a command line and return its exit status."""
    try:
        status = rufverbund.main(list(arguments), prog_name="rufverbund", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        return 130
    except BrokenPipeError:  # `… | head`
        with suppress(OSError):
            sys.stdout.close()
        return 0
    except Exception as error:
        if not isinstance(error, expected_errors()):
            raise
        click.echo(f"Fehler: {sentence(error)}", err=True)
        return 1
    return status if isinstance(status, int) else 0


def _terminate(number: int, _frame: object) -> NoReturn:
    """SIGTERM ends a command like an exception does, so that what it started is stopped."""
    raise SystemExit(128 + number)


def main() -> NoReturn:
    """The entry point."""
    signal.signal(signal.SIGTERM, _terminate)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a script's background job begins with it ignored
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
