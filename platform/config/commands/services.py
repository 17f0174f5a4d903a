"""The three processes: `serve`, `worker`, `bridge`."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import click
import structlog
from django.conf import settings

from accounts.demo import refuse_other_than_loopback
from config import serving, static
from tenants import scope

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


@click.command()
def bridge() -> None:
    """Die Verbindung zu den Telefonanlagen halten, bis SIGINT oder SIGTERM."""
    from telephony_bridge import bridge as telephony

    log.info("bridge.start")
    telephony.run()
    log.info("bridge.end")
