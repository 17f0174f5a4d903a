"""Brings an installation up for a command: where its state lives, its database, its secrets, Django."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import django
import django.db
import psycopg

from config import embedded

CHECKOUT = Path(__file__).resolve().parents[2]
_own: list[embedded.Server] = []  # the embedded server that this process uses, if it does


def home() -> Path:
    """RUFVERBUND_HOME: as set, else `.rufverbund` in the checkout, else (installed as a package) the user's folder for state."""
    if given := os.environ.get("RUFVERBUND_HOME"):
        return Path(given).expanduser().resolve()
    if (CHECKOUT / "pyproject.toml").is_file():
        return CHECKOUT / ".rufverbund"
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "rufverbund"


def setup() -> None:
    """Load the settings and all apps."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ.setdefault("RUFVERBUND_HOME", str(home()))
    django.setup()


def without_database() -> None:
    """Set up Django where nothing will be asked of the database, as for `--help`."""
    os.environ.setdefault("DATABASE_URL", f"postgresql:///{embedded.DATABASE}")
    for name in ("SECRET_KEY", "DATABASE_SECRET"):
        if f"RUFVERBUND_{name}_FILE" not in os.environ:
            os.environ.setdefault(f"RUFVERBUND_{name}", "not used")
    setup()


@contextmanager
def ready() -> Iterator[embedded.Server | None]:
    """Django and a database until the block ends: the server that DATABASE_URL names, else our own, prepared at its first start."""
    if os.environ.get("DATABASE_URL"):
        setup()
        yield None
        return
    with embedded.running(home()) as server:
        point_to(server)
        _own.append(server)
        setup()
        first_preparation(server)
        try:
            yield server
        finally:
            django.db.connections.close_all()
            _own.remove(server)


def own_server() -> embedded.Server | None:
    """The embedded server that this process brought up or joined; None with a DATABASE_URL of its own."""
    return _own[-1] if _own else None


def point_to(server: embedded.Server) -> None:
    """Put the server and the secrets into the environment, for us and our children; a secret that was given stays."""
    for name, value in server.environment().items():
        if name.removesuffix("_FILE") not in os.environ:
            os.environ.setdefault(name, value)


def first_preparation(server: embedded.Server) -> None:
    """Roles, database and tables, once; several commands at once wait for the first."""
    with alone(server):
        if not is_prepared(server):
            click.echo("Die Datenbank wird eingerichtet …", err=True)
            _prepare(server)


def is_prepared(server: embedded.Server) -> bool:
    """Whether the first migration was ever finished."""
    with psycopg.connect(server.superuser_url, autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [embedded.DATABASE]).fetchone():
            return False
    with psycopg.connect(server.superuser_url, dbname=embedded.DATABASE, autocommit=True) as connection:
        row = connection.execute("SELECT to_regclass('public.tenants_installation') IS NOT NULL").fetchone()
        if row is None or not row[0]:
            return False
        return connection.execute("SELECT 1 FROM public.tenants_installation WHERE id = 1").fetchone() is not None


def prepare(server: embedded.Server) -> bool:
    """Roles and doors as this version wants them, then all migrations; true when those found something to do."""
    with alone(server):
        return _prepare(server)


@contextmanager
def alone(server: embedded.Server) -> Iterator[None]:
    """Commands that prepare the same database do it one after the other: PostgreSQL refuses to change a role or a right twice at once."""
    with (server.home / "prepare.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _prepare(server: embedded.Server) -> bool:
    from tenants import migrate  # Django is set up by now
    from tenants import prepare as roles

    roles.run(server.superuser_url, embedded.DATABASE)
    return migrate.apply(lambda line: click.echo(f"  {line}", err=True))
