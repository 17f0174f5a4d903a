"""`rufverbund demo`: everything on one machine with example data, for looking at it. What `make demo` runs."""

import asyncio
import json
import os
import shutil
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING

import click

from config import embedded, installation, logs
from config.processes import Child, Supervisor, say

if TYPE_CHECKING:
    from telephony_bridge.asterisk.lab import Lab

WEB_SECRETS = ("RUFVERBUND_OWNER_SECRET", "RUFVERBUND_OWNER_SECRET_FILE")  # what `serve` and `bridge` must not have
CALLS_A_MINUTE = 4


@click.group(invoke_without_command=True)
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="Port auf diesem Rechner.")
@click.option("--no-calls", is_flag=True, help="Keine simulierten Anrufe.")
@click.option(
    "--telephony", is_flag=True, help="Mit einem echten Asterisk: Anrufe kommen mit SIP, statt nur gemeldet zu werden."
)
@click.pass_context
def demo(ctx: click.Context, port: int, *, no_calls: bool, telephony: bool) -> None:
    """Vorführung: alle Prozesse mit Beispieldaten, nur auf diesem Rechner, bis Strg-C."""
    os.environ["RUFVERBUND_DEMO"] = "1"
    os.environ.setdefault("RUFVERBUND_DOMAIN", "localhost")
    if ctx.invoked_subcommand is None:
        os.environ.setdefault("RUFVERBUND_LOG", "console")
        os.environ["RUFVERBUND_DEMO_PORT"] = str(port)
        logs.configure()
        run(port, calls=not no_calls, telephony=telephony)


@demo.command()
@click.option("--json", "as_json", is_flag=True, help="Als JSON.")
def accounts(as_json: bool) -> None:
    """Die Anmeldungen der Vorführung."""
    with installation.ready():
        from accounts.demo import demo_accounts

        rows = demo_accounts()
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        click.echo(f"{row['role']:<18} {row['host']:<22} {row['email']:<34} {row['password']}")


@demo.command()
def reset() -> None:
    """Alle Daten der Vorführung löschen; der nächste Start beginnt von vorn."""
    home = installation.home()
    if os.environ.get("DATABASE_URL"):
        raise click.UsageError("DATABASE_URL ist gesetzt; gelöscht wird nur die eigene Datenbank der Vorführung.")
    if home.exists() and embedded.in_use(home):
        raise click.ClickException("Die Vorführung läuft noch; beenden Sie sie zuerst mit Strg-C.")
    for name in ("postgres", "secrets", "static", "prepare.lock", "demo.lock"):
        path = home / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    click.echo(f"Die Daten in {home} sind gelöscht.", err=True)


def run(port: int, *, calls: bool, telephony: bool = False) -> None:
    """Bring everything up, run it until a signal, and leave nothing behind."""
    if not port_is_free(port):
        raise click.ClickException(f"Port {port} ist belegt; nehmen Sie einen anderen: make demo PORT={port + 1}")
    with installation.ready() as server, ExitStack() as stack:
        prepare(server)
        exchange = stack.enter_context(asterisk()) if telephony else None
        supervisor = Supervisor(
            children(port, calls=calls, exchange=exchange),
            ready=partial(asyncio.to_thread, answers, f"http://127.0.0.1:{port}/readyz"),
            on_ready=partial(welcome, port, telephony=telephony),
            watch=partial(embedded.ensure, server.home) if server else lambda: None,
        )
        asyncio.run(supervisor.run())
    say("demo", "Beendet.")


def port_is_free(port: int) -> bool:
    """Whether nobody listens there on this machine."""
    import socket

    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def prepare(server: embedded.Server | None) -> None:
    """Database, static files and example data as this version wants them; quick when they already are."""
    from config import static
    from onboarding import demo as data
    from tenants import migrate

    steps: list[tuple[str, Callable[[], object]]] = [
        ("Datenbank", partial(installation.prepare, server) if server else migrate.apply),
        ("Gestaltung", static.collect),
        ("Beispieldaten", partial(data.ensure, lambda line: say("demo", line))),
    ]
    for name, step in steps:
        say("demo", f"{name} …")
        step()


@contextmanager
def asterisk() -> Iterator["Lab"]:
    """An exchange of the centre's own with a telephone for each of its agents, until the block ends. Asterisk survives us when we are killed:
    one that still runs is used as it is."""
    from telephony_bridge.asterisk.demo import exchange_of_demo

    lab = exchange_of_demo(installation.home() / "asterisk")
    if not lab.runs():
        say("demo", "Asterisk …")
        lab.start()
    try:
        yield lab
    finally:
        lab.stop()


def children(port: int, *, calls: bool, exchange: "Lab | None" = None) -> list[Child]:
    """The processes, as a service manager would start them; only the worker holds the secret of the database's owner."""
    program = [sys.executable, "-m", "config.cli"]
    less = dict.fromkeys(WEB_SECRETS, "")
    found = [
        Child("serve", [*program, "serve", "--port", str(port)], less),
        Child("worker", [*program, "worker"]),
        Child("bridge", [*program, "bridge"], less | (exchange.environment("soest") if exchange else {})),
    ]
    if calls and exchange:
        simulate = ["simulate", "telephones", "--centre", "soest", "--folder", str(exchange.folder)]
        found.append(Child("calls", [*program, *simulate], less, once_ready=True))
    elif calls:
        simulate = ["simulate", "calls", "--rate", f"{CALLS_A_MINUTE}/min", "--url", f"http://127.0.0.1:{port}"]
        found.append(Child("calls", [*program, *simulate], less, once_ready=True))
    return found


def answers(url: str) -> bool:
    """Whether a GET is answered with 200."""
    try:
        with urllib.request.urlopen(url, timeout=3) as response:  # noqa: S310  our own http address
            return bool(response.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def welcome(port: int, *, telephony: bool = False) -> None:
    """What a newcomer does next."""
    from accounts.demo import demo_accounts

    lines = [
        "",
        f"Ready: http://localhost:{port}/",
        "",
        f"  Startseite, Anmeldung mit einem Klick   http://localhost:{port}/",
        f"  Arbeitsplatz des Servicecenters         http://desk.localhost:{port}/",
        f"  Stadt Soest                             http://soest.localhost:{port}/",
        f"  Kreis Soest                             http://kreis.localhost:{port}/",
        "",
        *(f"  {row['role']:<18} {row['email']:<36} {row['password']}" for row in demo_accounts()),
        *(
            [
                "",
                "  Mit Telefon: ein Anruf klingelt bei wem Bereit ist; „Annehmen“ lässt das Telefon abheben. Nummern auf 00 sind besetzt.",
            ]
            if telephony
            else []
        ),
        "",
        "  Einen Anruf melden, wie es eine Telefonanlage tut:",
        f"    curl -d event=newCall -d direction=in -d from=02921555123 -d to=029211030 -d callId=versuch-1 \\\n"
        f"      http://127.0.0.1:{port}/api/v1/cti/$(.venv/bin/rufverbund cti token --centre soest)",
        '  Suchen:   .venv/bin/rufverbund search --called soest "perso verloren"',
        "  Beenden:  Strg-C",
        "",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
