"""The three processes: `serve`, `worker`, `bridge`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import click
import structlog
from django.conf import settings
from django.utils.translation import gettext as _

from accounts.demo import refuse_other_than_loopback
from config import installation, serving, static
from tenants import scope
from tenants.errors import Refusal

if TYPE_CHECKING:
    from telephony_bridge.bridge import Linked

log = structlog.get_logger(__name__)
GRACE = 4  # seconds that open requests and streams get when we stop


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Adresse, an der gelauscht wird.")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="Port.")
@click.option(
    "--proxy",
    "proxies",
    default="127.0.0.1",
    show_default=True,
    envvar="RUFVERBUND_PROXIES",
    help="Proxys, denen X-Forwarded-For und -Proto geglaubt wird (mehrere mit Kommas).",
)
@click.option(
    "--processes",
    type=click.IntRange(1, 64),
    default=serving.usual,
    show_default="je Prozessorkern einer, höchstens 4",
    envvar="RUFVERBUND_PROCESSES",
    help="Webprozesse.",
)
def serve(host: str, port: int, proxies: str, processes: int) -> None:
    """Den Webserver starten, bis SIGINT oder SIGTERM."""
    refuse_other_than_loopback(host)
    static.collect()
    log.info("serve.start", host=host, port=port, processes=processes)
    try:
        serving.run(
            processes,
            host=host,
            port=port,
            lifespan="off",
            log_config=None,  # config.logs has set up everything
            access_log=False,  # addresses contain tokens; requests are logged by the proxy and counted by /metrics
            forwarded_allow_ips=proxies,
            server_header=False,
            timeout_graceful_shutdown=GRACE,
        )
    finally:
        log.info("serve.end")


def login_parameters(login: str) -> dict[str, Any]:
    """What psycopg needs to sign in as one of our logins, outside Django's connection."""
    from tenants.backend.base import login_password

    database = settings.DATABASES["default"]
    return {
        "host": database["HOST"] or None,
        "port": database["PORT"] or None,
        "dbname": database["NAME"],
        "user": login,
        "password": login_password(login),
        **cast("dict[str, Any]", database["OPTIONS"]),
    }


@click.command()
@click.option("--concurrency", type=click.IntRange(1, 32), default=2, show_default=True, help="Gleichzeitige Aufträge.")
def worker(concurrency: int) -> None:
    """Hintergrundaufträge ausführen, bis SIGINT oder SIGTERM."""
    from procrastinate import PsycopgConnector
    from procrastinate.contrib.django import app

    connector = PsycopgConnector(kwargs=login_parameters(scope.WORKER.login), min_size=1, max_size=concurrency + 2)
    log.info("worker.start", concurrency=concurrency)
    with app.replace_connector(connector) as running, _search_index():
        running.run_worker(concurrency=concurrency, shutdown_graceful_timeout=GRACE, delete_jobs="successful")
    log.info("worker.end")


@contextmanager
def _search_index() -> Iterator[None]:
    """Where OpenSearch is set up, a thread keeps it up."""
    if not settings.OPENSEARCH:
        yield
        return
    from knowledge.pool.keeping import Keeper

    keeper = Keeper()
    keeper.start()
    try:
        yield
    finally:
        keeper.stop()
        keeper.join(GRACE)


REPLACED = 3  # exit status: another bridge serves the exchange now


@click.command()
@click.option(
    "--asterisk",
    metavar="URL",
    envvar="RUFVERBUND_ASTERISK",
    help="Eigenes Asterisk bedienen, etwa http://127.0.0.1:8088.",
)
@click.option("--user", default="bridge", show_default=True, envvar="RUFVERBUND_ASTERISK_USER", help="Anmeldung dort.")
@click.option("--centre", "slug", envvar="RUFVERBUND_ASTERISK_CENTRE", help="Servicecenter, dessen Anlage das ist.")
@click.option(
    "--spool",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="RUFVERBUND_SPOOL",
    show_default="spool in RUFVERBUND_HOME",
    help="Ordner, in dem steht, was noch nicht in der Datenbank ist; jede Brücke hat ihren eigenen.",
)
@click.option(
    "--manager",
    metavar="PORT",
    type=click.IntRange(1, 65535),
    envvar="RUFVERBUND_ASTERISK_MANAGER",
    help="Port von AMI: dann folgt die Notfallverteilung den Arbeitsplätzen.",
)
@click.option(
    "--cel",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="RUFVERBUND_ASTERISK_CEL",
    help="Datei mit dem Ereignisprotokoll (CEL), aus dem Berichte und Abrechnung entstehen.",
)
@click.option(
    "--sounds",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="RUFVERBUND_ASTERISK_SOUNDS",
    help="Ordner, den auch Asterisk liest: Ansagen werden hineingesprochen. Ohne ihn hören Wartende nur Musik.",
)
def bridge(asterisk: str | None, **options: Any) -> None:
    """Die Verbindung zu den Telefonanlagen halten, bis SIGINT oder SIGTERM.

    Mit --asterisk nimmt sie Anrufe an und verteilt sie; eine zweite Brücke wartet, bis die erste nicht mehr da ist. Das Kennwort steht in
    RUFVERBUND_ASTERISK_PASSWORD (oder in der Datei, die RUFVERBUND_ASTERISK_PASSWORD_FILE nennt).
    """
    from telephony_bridge import bridge as telephony
    from telephony_bridge.routing.exchange import ReplacedError

    linked = _linked(asterisk, **options) if asterisk else None
    log.info("bridge.start", asterisk=asterisk)
    if asterisk and not options["sounds"]:
        log.warning(
            "bridge.mute",
            told=_("Ohne --sounds hören Anrufende keine Ansage, und außerhalb der Servicezeiten klingelt es weiter."),
        )
    try:
        telephony.run(linked=linked)
    except ReplacedError as error:
        log.error("bridge.replaced", error=str(error))  # noqa: TRY400  what happened is in the sentence
        raise SystemExit(REPLACED) from None
    finally:
        log.info("bridge.end")


def _linked(  # noqa: PLR0913  the options of the command
    url: str,
    *,
    user: str,
    slug: str | None,
    spool: Path | None,
    manager: int | None,
    cel: Path | None,
    sounds: Path | None,
) -> "Linked":
    """How to make the link to an exchange. Raises Refusal for what is missing or wrong."""
    from config.settings import env
    from telephony_bridge.asterisk.ami import ManagerAccess
    from telephony_bridge.link import Besides, Link
    from telephony_bridge.routing.ari import Access
    from telephony_bridge.routing.spool import Spool
    from tenants.models import ServiceCentre

    with scope.telephony():
        centres = {centre.slug: centre.pk for centre in ServiceCentre.objects.all()[:200]}
    wanted = slug or next(iter(centres if len(centres) == 1 else []), None)
    if wanted not in centres:
        known = ", ".join(centres) or _("noch keins")
        raise Refusal(_("Nennen Sie mit --centre das Servicecenter. Bekannt: %(known)s.") % {"known": known})
    parts = urlsplit(url if "//" in url else f"http://{url}")
    if not parts.hostname:
        raise Refusal(_("„%(url)s“ ist keine Adresse.") % {"url": url})
    access = Access(parts.hostname, parts.port or 8088, user, env("RUFVERBUND_ASTERISK_PASSWORD"))
    kept = Spool(spool or installation.home() / "spool" / wanted)
    kept.take()
    ami = ManagerAccess(access.host, manager, user, access.password) if manager else None
    return lambda failed: Link(centres[wanted], access, kept, failed, Besides(ami, cel, sounds))
