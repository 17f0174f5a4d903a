"""Bring the shared schema and every municipality's schema up to date, and set the rights of every login.

`apply()` is what `rufverbund migrate` runs, in the owner's scope: shared migrations, then the rights files of all apps in one
transaction, then each municipality. A fingerprint of migrations and rights files makes a start without news cheap. Several may start
at once, as the pods of a new version do: one works, the others wait and find nothing to do. Fast replay over many schemas has its
place in `bring_up_to_date`.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import psycopg
import structlog
from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader

from tenants import scope
from tenants.backend.base import login_password

log = structlog.get_logger(__name__)
Report = Callable[[str], None]
RIGHTS_FILES = ("rights.sql", "search.sql", "index.sql", "learning.sql")  # of an app, in this order
TURN = 0x52756676  # "Rufv": the number of the advisory lock, the same in every version


def sql_files() -> list[Path]:
    """The rights files in the order in which they are applied."""
    first = Path(__file__).parent / "sql" / "before_rights.sql"
    folders = [Path(import_module(name).__path__[0]) / "sql" for name in settings.RIGHTS]
    return [
        first,
        *(folder / name for folder in folders for name in RIGHTS_FILES if (folder / name).exists()),
    ]


def fingerprint() -> str:
    """What the code wants the database to be: all migrations' names and the rights files' text, as 64 hex digits."""
    digest = hashlib.sha256()
    for app, name in sorted(MigrationLoader(None).disk_migrations):
        digest.update(f"{app}.{name};".encode())
    for path in sql_files():
        digest.update(path.read_bytes())
    return digest.hexdigest()


def apply(report: Report = lambda line: None) -> bool:
    """Migrate everything that is behind; True when something was done. Raises what the database says; may be run again."""
    wanted = fingerprint()
    with _turn(), scope.owner():
        if news := _applied() != wanted:
            report("Gemeinsame Tabellen")
            _shared(wanted)
        behind = _behind(wanted)
        for done, schema in enumerate(behind, start=1):
            report(f"Kommune {done} von {len(behind)}")
            bring_up_to_date(schema, wanted)
    return news or bool(behind)


@contextmanager
def _turn() -> Iterator[None]:
    """One at a time in a database. On a connection of its own, since those of the pool change hands; PostgreSQL ends the turn with it."""
    database: dict[str, Any] = settings.DATABASES["default"]
    with psycopg.connect(
        host=database["HOST"] or None,
        port=database["PORT"] or None,
        dbname=database["NAME"],
        user=scope.OWNER.login,
        password=login_password(scope.OWNER.login),
        autocommit=True,
        **database["OPTIONS"],
    ) as alone:
        free = alone.execute("SELECT pg_try_advisory_lock(%s)", [TURN]).fetchone()
        if not (free and free[0]):
            log.info("migrate.waiting")
            alone.execute("SELECT pg_advisory_lock(%s)", [TURN])
        yield


def _applied() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('public.tenants_installation') IS NOT NULL")
        if not cursor.fetchone()[0]:
            return ""
        cursor.execute("SELECT rights_version FROM public.tenants_installation WHERE id = 1")
        row = cursor.fetchone()
    return str(row[0]) if row else ""


def _shared(wanted: str) -> None:
    call_command("migrate_schemas", shared=True, interactive=False, verbosity=0)
    call_command("createcachetable", verbosity=0)
    with transaction.atomic(), connection.cursor() as cursor:
        apply_rights(cursor.execute)
        cursor.execute(
            "INSERT INTO public.tenants_installation (id, rights_version, settings) VALUES (1, %s, '{}') "
            "ON CONFLICT (id) DO UPDATE SET rights_version = excluded.rights_version",
            [wanted],
        )


def apply_rights(execute: Callable[[str], object]) -> None:
    """Run all rights files through `execute`; the caller holds the transaction."""
    for path in sql_files():
        execute(path.read_text(encoding="utf-8"))


def _behind(wanted: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT schema_name FROM public.tenants_municipality "
            "WHERE schema_version <> %s AND status NOT IN ('provisioning', 'left') ORDER BY id",
            [wanted],
        )
        return [row[0] for row in cursor.fetchall()]


def bring_up_to_date(schema: str, wanted: str) -> None:
    """Migrate one municipality's schema and remember that it was done."""
    with scope.owner():
        call_command("migrate_schemas", schema_name=schema, interactive=False, verbosity=0)
    with scope.owner(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE public.tenants_municipality SET schema_version = %s WHERE schema_name = %s", [wanted, schema]
        )
