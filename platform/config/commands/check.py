"""`rufverbund check`: is this installation set up, and what is to be done where it is not."""

import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

import click
import psycopg

from config import embedded, installation

SYMBOLS = {"ok": "ok      ", "warning": "Hinweis ", "error": "Fehler  "}
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class Finding(NamedTuple):
    """One thing that was looked at; `todo` is empty when nothing is to be done."""

    component: str
    status: Literal["ok", "warning", "error"]
    message: str
    todo: str = ""


Check = Callable[[], Iterator[Finding]]


def settings_checks() -> Iterator[Finding]:
    """Django's own checks for deployment and our secrets."""
    from django.conf import settings
    from django.core import checks

    serious = [m for m in checks.run_checks() if m.level >= checks.ERROR]
    yield from (Finding("configuration", "error", str(m.msg), str(m.hint or "")) for m in serious)
    if not serious:
        yield Finding("configuration", "ok", "Die Einstellungen sind vollständig.")
    if settings.DEMO:
        yield Finding("configuration", "warning", "Der Vorführbetrieb ist eingeschaltet.", "RUFVERBUND_DEMO entfernen.")
    elif not settings.HTTPS and settings.RUFVERBUND_DOMAIN != "localhost":
        yield Finding(
            "configuration",
            "warning",
            "Ohne TLS gehen Passwörter im Klartext durchs Netz.",
            "RUFVERBUND_HTTPS=1 setzen.",
        )
    if len(settings.SECRET_KEY) < 32:
        yield Finding(
            "configuration",
            "error",
            "RUFVERBUND_SECRET_KEY ist kürzer als 32 Zeichen.",
            "Einen zufälligen Wert setzen.",
        )


def login_checks() -> Iterator[Finding]:
    """Can every login sign in, and is none of them more than it should be."""
    from config.commands.services import login_parameters
    from tenants.prepare import LOGINS

    refused, mighty = [], []
    for login in LOGINS:
        try:
            with psycopg.connect(**login_parameters(login)) as connection:
                row = connection.execute("SELECT current_setting('is_superuser')").fetchone()
                mighty += [login] if row and row[0] == "on" else []
        except psycopg.Error as error:
            refused.append(f"{login} ({str(error).strip().splitlines()[-1]})")
    if refused:
        yield Finding(
            "database",
            "error",
            f"Anmeldung scheitert: {'; '.join(refused)}",
            "rufverbund db prepare --run URL ausführen.",
        )
    if mighty:
        todo = "ALTER ROLE … NOSUPERUSER; sonst schützt die Datenbank die Kommunen nicht voreinander."
        yield Finding("database", "error", f"Zu mächtige Anmeldungen: {', '.join(mighty)}", todo)
    if not refused and not mighty:
        yield Finding("database", "ok", f"Alle {len(LOGINS)} Anmeldungen gelingen, keine ist Superuser.")


def connection_checks() -> Iterator[Finding]:
    """Has the server room for all connections that the web processes may keep, each its pool and an ear for events."""
    from django.conf import settings
    from django.db import connection

    from config import serving
    from tenants import scope

    with scope.front(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int"
        )
        (room,) = cursor.fetchone()
    processes = int(os.environ.get("RUFVERBUND_PROCESSES") or serving.usual())
    wanted = processes * (settings.RUFVERBUND_DB_POOL + 1)
    if wanted > room:
        yield Finding(
            "database",
            "warning",
            f"Webprozesse ({processes}) dürfen {wanted} Verbindungen halten, der Server hat Platz für {room}.",
            "max_connections erhöhen, oder RUFVERBUND_PROCESSES oder RUFVERBUND_DB_POOL verringern.",
        )


def migration_checks() -> Iterator[Finding]:
    """Is the database what this version expects."""
    from django.db import connection

    from tenants import migrate, scope

    with scope.front(), connection.cursor() as cursor:
        cursor.execute("SELECT rights_version FROM public.tenants_installation WHERE id = 1")
        row = cursor.fetchone()
    if row and row[0] == migrate.fingerprint():
        yield Finding("migrations", "ok", "Die Datenbank ist auf dem Stand des Programms.")
    else:
        yield Finding(
            "migrations",
            "error",
            "Die Datenbank ist nicht auf dem Stand des Programms.",
            "rufverbund migrate ausführen.",
        )


def search_checks() -> Iterator[Finding]:
    """Does a search get an answer; what is found does not matter."""
    from django.conf import settings

    from knowledge.search.finding import search
    from tenants import scope

    with scope.worker():
        took = search("Personalausweis", backend="postgres").took_ms
    yield Finding("search", "ok", f"Die Suche läuft in PostgreSQL und antwortet in {took:.0f} ms.")
    if settings.OPENSEARCH:
        yield from opensearch_checks()


def opensearch_checks() -> Iterator[Finding]:
    """Does OpenSearch answer, has its index what PostgreSQL has, and is it spoken to in private."""
    from opensearchpy.exceptions import OpenSearchException

    from knowledge.pool import rebuilding
    from knowledge.search import index
    from knowledge.search.trouble import in_words

    try:
        found = rebuilding.status()
    except OpenSearchException as error:
        todo = "Gesucht wird solange in PostgreSQL. OPENSEARCH_URL, Anmeldung, Rechte und Zertifikat prüfen."
        yield Finding("opensearch", "warning", f"OpenSearch antwortet nicht, wie es soll: {in_words(error)}.", todo)
        return
    open_hosts = [host for host in index.configured()["hosts"] if urlsplit(host).scheme == "http"]
    if any(urlsplit(host).hostname not in LOOPBACK for host in open_hosts):
        yield Finding(
            "opensearch", "warning", "Die Verbindung zu OpenSearch ist unverschlüsselt.", "https:// verwenden."
        )
    if found["index"] is None:
        yield Finding("opensearch", "warning", "Es gibt noch keinen Index.", "Der Worker baut ihn auf; läuft er?")
    elif found["behind"] or found["documents"] != found["entries"]:
        told = f"Der Index hat {found['documents']} von {found['entries']} Einträgen."
        yield Finding(
            "opensearch", "warning", told, "Der Worker holt es nach; sonst rufverbund search-index reconcile."
        )
    else:
        told = f"OpenSearch ({found['nodes']} Knoten, {found['health']}) hat alle {found['entries']} Einträge."
        yield Finding("opensearch", "ok", told)


def telephony_checks() -> Iterator[Finding]:
    """Is any telephone system connected."""
    from telephony_bridge.models import Source
    from tenants import scope

    with scope.telephony():
        sources = Source.objects.count()
    if sources:
        yield Finding("telephony", "ok", f"Angeschlossene Telefonanlagen: {sources}.")
    else:
        yield Finding(
            "telephony",
            "warning",
            "Keine Telefonanlage ist angeschlossen.",
            "rufverbund cti token --centre NAME ausführen.",
        )


def mail_checks() -> Iterator[Finding]:
    """Can invitations leave the house."""
    from django.conf import settings

    if settings.EMAIL_BACKEND.endswith("console.EmailBackend"):
        yield Finding("mail", "warning", "E-Mails gehen nur ins Protokoll.", "RUFVERBUND_MAIL_URL=smtp://… setzen.")
    else:
        yield Finding("mail", "ok", f"E-Mails gehen an {settings.EMAIL_HOST}:{settings.EMAIL_PORT}.")


def state_checks() -> Iterator[Finding]:
    """Can RUFVERBUND_HOME be written."""
    home = installation.home()
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=home):
            pass
    except OSError as error:
        yield Finding(
            "state",
            "error",
            f"{home} ist nicht beschreibbar ({error.strerror}).",
            "RUFVERBUND_HOME oder die Rechte ändern.",
        )
        return
    yield from (
        Finding("state", "error", f"{path} ist für andere lesbar.", f"chmod 600 {path}")
        for path in (home / "secrets").glob("*")
        if Path(path).stat().st_mode & 0o077
    )
    yield Finding("state", "ok", f"Der Zustand liegt in {home}.")


def findings() -> Iterator[Finding]:
    """Everything, in an order in which the first error explains the later ones."""
    parts: tuple[tuple[str, Check], ...] = (
        ("state", state_checks),
        ("configuration", settings_checks),
        ("database", login_checks),
        ("database", connection_checks),
        ("migrations", migration_checks),
        ("search", search_checks),
        ("telephony", telephony_checks),
        ("mail", mail_checks),
    )
    for component, part in parts:
        try:
            yield from part()
        except Exception as error:  # noqa: BLE001  one broken part must not hide the others
            yield Finding(component, "error", (str(error).strip().splitlines() or [type(error).__name__])[0])


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Ergebnis als JSON.")
@click.pass_context
def check(ctx: click.Context, as_json: bool) -> None:
    """Einrichtung prüfen: jede Zeile ok, Hinweis oder Fehler, mit dem, was zu tun ist. Status 1 bei einem Fehler."""
    try:
        ctx.with_resource(installation.ready() if not os.environ.get("DATABASE_URL") else nullcontext())
        installation.setup()
    except Exception as error:  # noqa: BLE001  saying so is this command's purpose
        kind = "database" if isinstance(error, embedded.EmbeddedError) else "configuration"
        found = [Finding(kind, "error", str(error))]
    else:
        found = list(findings())
    if as_json:
        click.echo(json.dumps([f._asdict() for f in found], ensure_ascii=False))
    else:
        for finding in found:
            click.echo(f"{SYMBOLS[finding.status]}{finding.component:<14} {finding.message} {finding.todo}".rstrip())
    if any(finding.status == "error" for finding in found):
        ctx.exit(1)
