"""Databases of the tests: the template, made once, and its clones."""

import fcntl
import hashlib
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests import environment


def execute(statement: str) -> None:
    """One statement as superuser, outside a transaction."""
    with psycopg.connect(environment.SERVER.superuser_url, autocommit=True) as server:
        server.execute(statement.encode())


def template_name() -> str:
    """Named after everything that it is made from."""
    root = Path(__file__).resolve().parents[1]
    digest = hashlib.sha256()
    for pattern in (
        "tests/template.py",
        "tenants/**/*.sql",
        "tenants/**/*.py",
        "platform/accounts/**/*.py",
        "**/migrations/*.py",
        "**/sql/*.sql",
    ):
        for path in sorted(root.glob(pattern)):
            if ".venv" not in path.parts:
                digest.update(path.read_bytes())
    return f"rv_template_{digest.hexdigest()[:12]}"


def template() -> str:
    """The template's name; makes it when it is not there. Safe for several workers at once."""
    name = template_name()
    with (environment.HOME / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with psycopg.connect(environment.SERVER.superuser_url, autocommit=True) as server:
            old = [
                row[0]
                for row in server.execute("SELECT datname FROM pg_database WHERE datname ~ '^rv_template_'").fetchall()
            ]
        if name not in old:
            for database in old:
                drop(database)
            try:
                subprocess.run([sys.executable, "-W", "ignore", "-m", "tests.template", f"{name}_making"], check=True)
            except BaseException:
                drop(f"{name}_making")
                raise
            execute(f"ALTER DATABASE {name}_making RENAME TO {name}")
    return name


def clone(database: str) -> None:
    """A copy of the template, with the right to connect (which a copy does not carry over)."""
    execute(f"CREATE DATABASE {database} TEMPLATE {template()} STRATEGY file_copy OWNER owner")
    execute(f"REVOKE CONNECT, TEMPORARY ON DATABASE {database} FROM PUBLIC")
    execute(
        f"GRANT CONNECT ON DATABASE {database} TO migrator, tenant, front, desk_web, operator_web, telephony, worker, listener"
    )
    execute(f"ALTER DATABASE {database} SET timezone = 'UTC'")


def drop(database: str) -> None:
    """Gone, whoever is still connected."""
    execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")


@contextmanager
def cloned(database: str) -> Iterator[str]:
    """A clone for the length of a block; yields its DATABASE_URL."""
    clone(database)
    try:
        yield environment.url(database)
    finally:
        drop(database)
