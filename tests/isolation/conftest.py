"""A clone of the template, reached through the real logins (not the tests' single connection), with a secret in each municipality."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from tenants.backend.keyed_pool import password_of
from tenants.prepare import LOGINS
from tests import database, environment

DATABASE = f"{environment.DATABASE}_isolation"
SECRET = {"soest": "geheim-soest", "kreis": "geheim-kreis"}


@dataclass(frozen=True)
class Real:
    """Logins of the clone."""

    schemas: dict[str, str]  # slug -> schema and login
    ids: dict[str, int]  # slug -> Municipality.pk
    people: dict[str, int]
    centres: dict[str, int]

    def connect(self, login: str, **options: Any) -> psycopg.Connection[Any]:
        """As one of our logins, with the derived password, in autocommit."""
        secret = "OWNER" if login == "migrator" else "DATABASE"
        return psycopg.connect(
            host=environment.SERVER.host,
            port=environment.SERVER.port,
            dbname=DATABASE,
            user=login,
            autocommit=True,
            password=password_of(login, environment.SECRETS[f"RUFVERBUND_{secret}_SECRET"]),
            prepare_threshold=None,
            **options,
        )

    def admin(self) -> psycopg.Connection[Any]:
        """The superuser, to look at what attacks have changed."""
        return psycopg.connect(environment.SERVER.superuser_url, dbname=DATABASE, autocommit=True)

    def begin(self, slug: str) -> str:
        """What the backend sends with BEGIN for a municipality."""
        return f"BEGIN;SET LOCAL search_path = {self.schemas[slug]}, public"


@pytest.fixture(scope="session")
def real() -> Iterator[Real]:
    """The clone, filled."""
    with database.cloned(DATABASE):
        with psycopg.connect(environment.SERVER.superuser_url, dbname=DATABASE, autocommit=True) as admin:
            rows = admin.execute("SELECT slug, schema_name, id FROM tenants_municipality").fetchall()
            for slug, secret in SECRET.items():
                _fill(admin, next(row[1] for row in rows if row[0] == slug), secret)
            people = dict(admin.execute("SELECT split_part(email, '@', 1), id FROM accounts_person").fetchall())
            centres = dict(admin.execute("SELECT slug, id FROM tenants_servicecentre").fetchall())
        yield Real({r[0]: r[1] for r in rows}, {r[0]: r[2] for r in rows}, people, centres)


def _fill(admin: psycopg.Connection[Any], schema: str, secret: str) -> None:
    """A draft that nobody else may see, and a published entry that everybody may."""
    admin.execute(
        f'INSERT INTO {schema}.knowledge_article (key, title, synonyms, "group", body, has_changes, created_at, updated_at, updated_by_name,'
        f" short_answer, costs, documents, links, leika) VALUES ('draft', 'Entwurf', '[]', '', '{secret}', true, now(), now(), '', '', '', '', '[]', '')"
    )
    admin.execute(
        f'INSERT INTO {schema}.knowledge_publication (kind, key, version, title, subtitle, body, synonyms, "group", ext, payload, published_at)'
        f" VALUES ('article', 'public', 1, 'Öffentlich', '', 'für alle', '[]', '', '', '{{}}', now())"
    )
    whose = f"FROM tenants_municipality WHERE schema_name = '{schema}'"
    admin.execute(
        "INSERT INTO pool_synonym (centre_id, municipality_id, words, meaning, both_ways, changed_at, changed_by_name)"
        f" SELECT centre_id, id, '{secret}', 'x', false, now(), '' {whose}".encode()
    )
    admin.execute(
        "INSERT INTO pool_loggedsearch (municipality_id, hour, words, hits, outcome, entry, entry_title, settled)"
        f" SELECT id, now(), '{secret}', 0, 'nothing', '', '', '' {whose}".encode()
    )


@pytest.fixture
def fingerprint(real: Real) -> Callable[[], Any]:
    """A digest of everything that an attack must not change: other schemas, roles, settings, shared rows."""
    other = real.schemas["kreis"]
    roles = ",".join(
        [*real.schemas.values(), *LOGINS, "owner", "tenant"]
    )  # others' tests make roles in the same cluster meanwhile
    statement = f"""SELECT md5(concat(
        (SELECT string_agg(a::text, ',' ORDER BY id) FROM {other}.knowledge_article a),
        (SELECT string_agg(e::text, ',' ORDER BY id) FROM pool_searchentry e),
        (SELECT string_agg(m::text, ',' ORDER BY id) FROM tenants_municipality m),
        (SELECT string_agg(m::text, ',' ORDER BY id) FROM accounts_membership m),
        (SELECT string_agg(o::text, ',' ORDER BY stream, number) FROM tenants_outboxentry o),
        (SELECT string_agg(a::text, ',' ORDER BY id) FROM tenants_auditentry a),
        (SELECT string_agg(r.rolname || coalesce(r.rolpassword, '') || coalesce(s.setconfig::text, ''), ',' ORDER BY r.oid, s.setdatabase)
         FROM pg_authid r LEFT JOIN pg_db_role_setting s ON s.setrole = r.oid WHERE r.rolname = ANY ('{{{roles}}}')),
        (SELECT string_agg(relname || relacl::text, ',' ORDER BY oid) FROM pg_class WHERE relacl IS NOT NULL)))"""

    def take() -> Any:
        with real.admin() as admin:
            row = admin.execute(statement.encode()).fetchone()
            return row and row[0]

    return take


@pytest.fixture
def wrapped(real: Real, django_db_blocker: Any) -> Iterator[str]:
    """An alias of Django's connections that reaches the clone as in production: a login per scope."""
    from django.db import connections

    alias = "real"
    default = connections.settings["default"]
    connections.settings[alias] = {**default, "NAME": DATABASE, "TENANCY": "login"}
    with django_db_blocker.unblock():
        yield alias
        connections[alias].close()
        if pool := getattr(connections[alias], "_pool", None):
            pool.clear()
    del connections[alias]
    del connections.settings[alias]
