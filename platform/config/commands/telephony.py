"""`rufverbund telephony …`: what an administrator does about the exchange."""

import asyncio
import json
import sys
from collections.abc import Mapping
from pathlib import Path

import click
from django.utils.translation import gettext as _

from config import installation
from config.commands import telephony_files, telephony_record
from telephony_bridge.asterisk.lab import Lab
from telephony_bridge.routing.ari import Access
from telephony_bridge.routing.exchange import Exchange, ReplacedError
from telephony_bridge.routing.simulation.cli import simulate
from tenants.errors import Refusal

NEED_DATABASE = {"config", "check", "telephone", "record"}


@click.group()
@click.pass_context
def telephony(ctx: click.Context) -> None:
    """Telefonanlage einrichten und prüfen."""
    counted = ctx.invoked_subcommand == "simulate" and any(word.startswith("--centre") for word in sys.argv)
    if (ctx.invoked_subcommand in NEED_DATABASE or counted) and not {"--help"} & set(sys.argv):
        ctx.with_resource(installation.ready())
    else:
        installation.without_database()


for one in (telephony_files.config, telephony_files.check, telephony_files.telephone, telephony_record.record):
    telephony.add_command(one)


telephony.add_command(simulate)


@telephony.group()
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    show_default="asterisk in RUFVERBUND_HOME",
    help="Wo es seine Einrichtung und sein Protokoll hat.",
)
@click.pass_context
def lab(ctx: click.Context, folder: Path | None) -> None:
    """Ein echtes Asterisk zum Ausprobieren, nur von diesem Rechner aus erreichbar; ohne Installation und ohne root."""
    ctx.obj = folder or installation.home() / "asterisk"


@lab.command()
@click.pass_obj
def start(folder: Path) -> None:
    """Starten; beim ersten Mal werden die Pakete von Debian geholt (20 MB)."""
    asterisk = Lab(folder)
    if asterisk.runs():
        raise Refusal(_("Asterisk läuft schon (%(folder)s).") % {"folder": folder})
    asterisk.configure()
    asterisk.start()
    click.echo(_("Asterisk läuft: SIP 127.0.0.1:%(sip)s, ARI 127.0.0.1:%(http)s, Einrichtung in %(folder)s.") % {
        "sip": asterisk.ports.sip, "http": asterisk.ports.http, "folder": folder / "etc",
    })  # fmt: skip


@lab.command()
@click.pass_obj
def stop(folder: Path) -> None:
    """Beenden."""
    asterisk = Lab(folder)
    if asterisk.pid() is None:
        click.echo(_("Asterisk läuft nicht."))
        return
    asterisk.stop()
    click.echo(_("Asterisk ist beendet."))


@lab.command()
@click.argument("command", nargs=-1, required=True)
@click.pass_obj
def console(folder: Path, command: tuple[str, ...]) -> None:
    """Einen Befehl an die Konsole von Asterisk geben, etwa: core show channels."""
    click.echo(_running(folder).console(" ".join(command)), nl=False)


@lab.command()
@click.argument("telephones", nargs=-1, required=True)
@click.pass_obj
def bridge(folder: Path, telephones: tuple[str, ...]) -> None:
    """Anrufe auf Telefone verteilen (etwa: agent1 agent2), bis Strg-C. Was geschieht, kommt zeilenweise als JSON."""
    asterisk = _running(folder)
    access = Access("127.0.0.1", asterisk.ports.http, "bridge", asterisk.secret())
    try:
        asyncio.run(Exchange(access, telephones, _print).run())
    except ReplacedError as error:
        raise Refusal(_("Eine andere Verteilung hat sich an diesem Asterisk angemeldet; diese endet.")) from error


def _running(folder: Path) -> Lab:
    asterisk = Lab(folder)
    if not asterisk.runs():
        raise Refusal(_("Asterisk läuft nicht. Starten Sie es mit: rufverbund telephony lab start"))
    return asterisk


def _print(what: str, call: str, details: Mapping[str, object]) -> None:
    click.echo(json.dumps({"what": what, "call": call, **details}, ensure_ascii=False))
