"""`rufverbund manage …`: Django's management commands."""

import click
from django.core.management import execute_from_command_line

from tenants import scope


@click.command(
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False}, add_help_option=False
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def manage(arguments: tuple[str, ...]) -> None:
    """Djangos eigene Verwaltungsbefehle, im Geltungsbereich des Eigentümers der Datenbank."""
    with scope.owner():
        execute_from_command_line(["rufverbund manage", *arguments])
