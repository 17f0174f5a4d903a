"""Databases of the tests: the template, made once, and its clones."""

import fcntl
import hashlib
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import psycopg

from tests import environment


def execute(statement: str) -> None:
    """One statement as superuser, outside a transaction."""
    with psycopg.connect(environment.SERVER.superuser_url, autocommit=True) as server:
        server.execute(statement.encode())


MADE_FROM = (  # the template
    "tests/template.py",
    "tenants/**/*.sql",
    "tenants/**/*.py",
    "platform/accounts/**/*.py",
    "**/migrations/*.py",
    "**/sql/*.sql",
)
FILLED_FROM = ("tests/filled.py", "knowledge/**/*", "onboarding/imports.py")


def template() -> str:
    """The template's name; makes it when it is not there. Safe for several workers at once."""
    return _made("rv_template", MADE_FROM, "tests.template")


def filled_template() -> str:
    """The same of the template with the demo entries (tests/filled.py)."""
    return _made("rv_filled", (*MADE_FROM, *FILLED_FROM), "tests.filled")


def _made(prefix: str, patterns: Sequence[str], program: str) -> str:
    """A database named after everything that it is made from; older ones are dropped."""
    name = f"{prefix}_{_digest(patterns)}"
    with (environment.HOME / f"{prefix}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with psycopg.connect(environment.SERVER.superuser_url, autocommit=True) as server:
            rows = server.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [f"{prefix}_"])
            old = [row[0] for row in rows.fetchall()]
        if name not in old:
            for database in old:
                drop(database)
            try:
                subprocess.run([sys.executable, "-W", "ignore", "-m", program, f"{name}_making"], check=True)
            except BaseException:
                drop(f"{name}_making")
                raise
            execute(f"ALTER DATABASE {name}_making RENAME TO {name}")
    return name


@cache
def _digest(patterns: Sequence[str]) -> str:
    root = Path(__file__).resolve().parents[1]
    digest = hashlib.sha256()
    for pattern in patterns:
        for path in sorted(root.glob(pattern)):
            if path.is_file() and not {".venv", "__pycache__"} & set(path.parts):
                digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def clone(database: str, source: str | None = None) -> None:
    """A copy of the template, or of another database, with the right to connect (which a copy does not carry over)."""
    execute(f"CREATE DATABASE {database} TEMPLATE {source or template()} STRATEGY file_copy OWNER owner")
    execute(f"REVOKE CONNECT, TEMPORARY ON DATABASE {database} FROM PUBLIC")
    execute(
        f"GRANT CONNECT ON DATABASE {database} TO migrator, tenant, front, desk_web, operator_web, telephony, worker, listener"
    )
    execute(f"ALTER DATABASE {database} SET timezone = 'UTC'")


def drop(database: str) -> None:
    """Gone, whoever is still connected."""
    execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")


@contextmanager
def cloned(database: str, source: str | None = None) -> Iterator[str]:
    """A clone for the length of a block; yields its DATABASE_URL."""
    clone(database, source)
    try:
        yield environment.url(database)
    finally:
        drop(database)
