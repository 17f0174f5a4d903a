"""`rufverbund telephony config | check | telephone`: the exchange's files, whether they hold, and the telephones of a centre."""

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.errors import Refusal

if TYPE_CHECKING:
    from telephony_bridge.asterisk.checking import Finding
    from telephony_bridge.asterisk.configuration import Wanted
    from telephony_bridge.asterisk.configuration.folder import Folder, Written

SYMBOLS = {"ok": "✓ ", "warning": "! ", "error": "✗ "}
MANY = 5  # files that are named one by one
DIRECTORY = click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
CENTRE = click.option("--centre", metavar="SLUG", help="Servicecenter; beim ersten Mal nötig, danach gemerkt.")


@click.command()
@DIRECTORY
@CENTRE
@click.option("--trunk", metavar="RECHNER", help="Telefonanbieter oder Anlage, von der Anrufe kommen.")
@click.option("--trunk-port", type=click.IntRange(1, 65535), help="Sonst 5060.")
@click.option("--trunk-user", metavar="NAME", help="Benutzername, mit dem sich Asterisk dort anmeldet.")
@click.option(
    "--trunk-source", "trunk_sources", multiple=True, metavar="NETZ", help="Woher Anrufe kommen dürfen; mehrfach möglich."
)  # fmt: skip
@click.option("--sip", metavar="ADRESSE", help="Wo Asterisk Telefone und Anbieter hört; sonst überall.")
@click.option("--sip-port", type=click.IntRange(1, 65535), help="Sonst 5060.")
@click.option(
    "--external", metavar="ADRESSE", help="Hinter einem Router: die Adresse, unter der andere Asterisk sehen."
)
@click.option("--http", type=click.IntRange(1, 65535), help="Port von ARI auf diesem Rechner; sonst 8088.")
@click.option("--manager", type=click.IntRange(1, 65535), help="Port von AMI auf diesem Rechner; sonst 5038.")
@click.option("--state", metavar="DIR", help="Alles, was Asterisk sonst schreibt, in einem Ordner statt in /var.")
@click.option("--modules", metavar="DIR", help="Ordner der Module von Asterisk, wenn nicht der von Debian.")
@click.option("--data", metavar="DIR", help="Ordner der Daten von Asterisk, wenn nicht der von Debian.")
@click.option("--reload", "is_reloading", is_flag=True, help="Ein laufendes Asterisk liest die Dateien neu.")
def config(folder: Path, is_reloading: bool, **given: Any) -> None:
    """Die Dateien eines Asterisk aus der Datenbank schreiben, etwa nach /etc/asterisk.

    Die Angaben werden in DIR gemerkt; danach genügt: rufverbund telephony config DIR. Kennwörter stehen in DIR/secrets oder in
    RUFVERBUND_ASTERISK_PASSWORD und RUFVERBUND_TRUNK_PASSWORD (oder …_FILE); was die Brücke braucht, in DIR/bridge.env.
    """
    from telephony_bridge.asterisk import announcements, reading
    from telephony_bridge.asterisk.configuration import rendered
    from telephony_bridge.asterisk.configuration.folder import Folder

    place = Folder(folder)
    given["trunk_sources"] = given["trunk_sources"] or None
    options = place.options(**given)
    if not options.centre:
        raise Refusal(_("Nennen Sie mit --centre das Servicecenter."))
    if not options.trunk:
        raise Refusal(_("Nennen Sie mit --trunk den Rechner Ihres Telefonanbieters."))
    today = timezone.localdate()
    said = reading.said_of(reading.centre_of(options.centre))
    announcements.make(place, said, reading.audio_of, click.echo)
    wanted = reading.wanted_of(place, options, today)
    files = rendered(wanted)
    _make_folders(wanted)
    _say(place, place.write(files, options, today))
    place.put("bridge.env", reading.environment_of(place, wanted, options.centre).encode())
    if is_reloading:
        _reload(wanted)


def _make_folders(wanted: "Wanted") -> None:
    """What Asterisk writes to, where that is not Debian's."""
    folders = wanted.folders
    for path in (folders.database, folders.spool, folders.run, folders.log / "cel-custom"):
        if not path.is_relative_to("/var"):
            path.mkdir(mode=0o700, parents=True, exist_ok=True)


def _say(place: "Folder", done: "Written") -> None:
    from telephony_bridge.asterisk.configuration.folder import OWN

    if len(done.kept) > MANY:  # those that came with Asterisk, at the first time
        words = {"count": len(done.kept), "ending": OWN}
        click.echo(
            _("%(count)s Dateien waren von anderen; sie liegen jetzt daneben, mit der Endung %(ending)s.") % words
        )
    for name, beside in done.kept if len(done.kept) <= MANY else []:
        click.echo(_("%(name)s war von Hand geändert; die eigene Fassung liegt jetzt daneben: %(beside)s.") % {
            "name": name, "beside": beside,
        })  # fmt: skip
    counts = {"folder": place.path, "new": len(done.new), "changed": len(done.changed), "same": len(done.same)}
    click.echo(_("%(folder)s: %(new)s Dateien neu, %(changed)s geändert, %(same)s unverändert.") % counts)
    if done.changed:
        click.echo(_("Geändert: %(names)s.") % {"names": ", ".join(done.changed)})


def _reload(wanted: "Wanted") -> None:
    from telephony_bridge.asterisk import checking
    from telephony_bridge.asterisk.ami import AmiError, ManagerAccess

    access = ManagerAccess("127.0.0.1", wanted.manager, "bridge", wanted.ami_secret)
    try:
        asyncio.run(checking.reload(access))
    except (OSError, AmiError, TimeoutError) as error:
        raise Refusal(
            _("Asterisk hat die Dateien nicht neu gelesen, weil seine Verwaltung nicht antwortet. Starten Sie es neu.")
        ) from error
    click.echo(_("Asterisk hat die Dateien neu gelesen."))


@click.command()
@DIRECTORY
@CENTRE
@click.option("--json", "as_json", is_flag=True, help="Ergebnis als JSON.")
@click.pass_context
def check(ctx: click.Context, folder: Path, centre: str | None, as_json: bool) -> None:
    """Prüfen, ob ein Asterisk läuft, wie die Datenbank es will: jede Zeile ein Satz. Status 1 bei einem Fehler."""
    from telephony_bridge.asterisk import checking, reading
    from telephony_bridge.asterisk.configuration import rendered
    from telephony_bridge.asterisk.configuration.folder import Folder

    place = Folder(folder)
    written_on = place.written_on
    if written_on is None:
        raise Refusal(
            _("In %(folder)s wurde noch nichts geschrieben: rufverbund telephony config.") % {"folder": folder}
        )
    wanted = reading.wanted_of(place, place.options(centre=centre), written_on)
    files = rendered(wanted)
    exchange = checking.Exchange(wanted, files, tuple(place.differing(files)), timezone.localdate())
    found = asyncio.run(_all(exchange))
    if as_json:
        click.echo(json.dumps([{"status": one.status, "message": one.message} for one in found], ensure_ascii=False))
    else:
        for one in found:
            click.echo(f"{SYMBOLS[one.status]}{one.message}")
    if any(one.status == "error" for one in found):
        ctx.exit(1)


async def _all(exchange: Any) -> "list[Finding]":
    from telephony_bridge.asterisk import checking

    return [finding async for finding in checking.findings(exchange)]


@click.group()
def telephone() -> None:
    """Telefone eines Servicecenters."""


@telephone.command()
@click.argument("user", metavar="KENNUNG")
@click.option("--centre", required=True, metavar="SLUG", help="Servicecenter.")
@click.option("--label", required=True, help="Wie der Platz heißt: „Platz 1“.")
@click.option("--extension", default="", metavar="DURCHWAHL", help="Was Kolleginnen wählen.")
def add(user: str, centre: str, label: str, extension: str) -> None:
    """Ein Telefon anlegen. KENNUNG ist sein SIP-Benutzername; sein Kennwort steht nach „config“ in DIR/secrets/telephone-KENNUNG."""
    from telephony_bridge.actions.telephones import add_telephone
    from telephony_bridge.asterisk import reading
    from tenants.audit import SYSTEM

    found = reading.centre_of(centre)
    made = add_telephone(centre=found, user=user, label=label, extension=extension, acting_user=SYSTEM)
    click.echo(
        _("%(label)s (%(user)s) ist angelegt. Als Nächstes: rufverbund telephony config DIR --reload.")
        % {"label": made.label, "user": made.user}
    )


@telephone.command()
@click.argument("user", metavar="KENNUNG")
@click.option("--centre", required=True, metavar="SLUG", help="Servicecenter.")
def remove(user: str, centre: str) -> None:
    """Ein Telefon entfernen, an dem gerade niemand angemeldet ist."""
    from telephony_bridge.actions.telephones import remove_telephone
    from telephony_bridge.asterisk import reading
    from tenants.audit import SYSTEM

    gone = remove_telephone(centre=reading.centre_of(centre), user=user, acting_user=SYSTEM)
    click.echo(
        _("%(label)s (%(user)s) ist entfernt. Als Nächstes: rufverbund telephony config DIR --reload.")
        % {"label": gone.label, "user": gone.user}
    )


@telephone.command("list")
@click.option("--centre", required=True, metavar="SLUG", help="Servicecenter.")
@click.option("--json", "as_json", is_flag=True, help="Ergebnis als JSON.")
def list_(centre: str, as_json: bool) -> None:
    """Die Telefone."""
    from telephony_bridge.asterisk import reading

    found = reading.telephones_of(reading.centre_of(centre))
    rows = [{"user": one.user, "label": one.label, "extension": one.extension} for one in found]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
    for row in rows if not as_json else []:
        click.echo(f"{row['user']}\t{row['label']}\t{row['extension']}")
