"""`rufverbund db prepare`: the roles and closed doors that a database needs once, as SQL for its superuser or run directly."""

import re
from importlib import resources

import psycopg

from tenants.backend.base import login_password

LOGINS = ("migrator", "front", "desk_web", "operator_web", "telephony", "worker", "listener")
NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}\Z")


def verifier(connection: psycopg.Connection[object], login: str) -> str:
    """The SCRAM verifier of a login's password: the server never gets the password itself."""
    password = login_password(login).encode()
    return connection.pgconn.encrypt_password(password, login.encode(), b"scram-sha-256").decode()


def sql(connection: psycopg.Connection[object], database: str) -> str:
    """The statements for `database`. Harmless to run again. Raises ValueError for a name that would need quotes."""
    if not NAME.match(database):
        raise ValueError(f"not a simple database name: {database!r}")
    text = resources.files("tenants").joinpath("sql/roles.sql").read_text(encoding="utf-8")
    text = text.replace("{database}", database)
    return re.sub(r"\{login:(\w+)\}", lambda match: verifier(connection, match[1]), text)


def run(superuser_url: str, database: str) -> None:
    """Create the database when it is missing and prepare it. `superuser_url` names any database of the same server."""
    with psycopg.connect(superuser_url, autocommit=True) as server:
        if not server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone():
            if not NAME.match(database):
                raise ValueError(f"not a simple database name: {database!r}")
            server.execute(f"CREATE DATABASE {database} TEMPLATE template0 ENCODING 'UTF8'".encode())
    with psycopg.connect(superuser_url, dbname=database) as connection:
        connection.execute(
            "SET scram_iterations = 1"
        )  # the passwords are random 256 bits: more would only cost each connection
        connection.execute(sql(connection, database).encode())
