"""A municipality's place in the database: role, schema, rights, tables; all in the owner's scope.

Migrating takes the time of Django's migrations now; the replay of a cached template will take its place in
`_tables`, nothing else changes.
"""

import secrets
from typing import Any

import psycopg
from django.db import connection, transaction

from tenants import audit, scope
from tenants.audit import SYSTEM, Actor
from tenants.migrate import bring_up_to_date, fingerprint
from tenants.models import Municipality
from tenants.prepare import verifier

ROLE = """CREATE ROLE {name} LOGIN PASSWORD '{verifier}' CONNECTION LIMIT 40;
GRANT tenant TO {name} WITH INHERIT TRUE, SET FALSE;
CREATE SCHEMA {name};
GRANT USAGE ON SCHEMA {name} TO {name};
ALTER DEFAULT PRIVILEGES IN SCHEMA {name} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {name};
ALTER DEFAULT PRIVILEGES IN SCHEMA {name} GRANT USAGE, SELECT ON SEQUENCES TO {name};"""


def new_schema_name() -> str:
    """Opaque and random: names of schemas can be counted out by other logins, so they say nothing (docs/adr/0002)."""
    return f"t_{secrets.token_hex(6)}"


def provision(municipality: Municipality, *, acting_user: Actor = SYSTEM) -> None:
    """Make role and schema of a municipality whose state is `provisioning`, then set it to `joining`. May be repeated after a failure."""
    with scope.owner():
        _role_and_schema(municipality.schema_name)
        _tables(municipality.schema_name)
        with transaction.atomic():
            if Municipality.objects.filter(pk=municipality.pk, status="provisioning").update(status="joining"):
                states: dict[str, Any] = {"before": {"status": "provisioning"}, "after": {"status": "joining"}}
                where: dict[str, Any] = {"municipality": municipality.pk, "centre": municipality.centre_id}
                audit.record("provision", municipality, acting_user=acting_user, **where, **states)
    municipality.status = "joining"


def _role_and_schema(schema: str) -> None:
    scope.of_municipality(schema)  # raises for a name that would need quotes
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [schema])
        if cursor.fetchone():
            return
        cursor.execute("SET LOCAL scram_iterations = 1")
        raw: psycopg.Connection[object] = connection.connection
        cursor.execute(ROLE.format(name=schema, verifier=verifier(raw, schema)))


def _tables(schema: str) -> None:
    bring_up_to_date(schema, fingerprint())
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"REVOKE ALL ON {schema}.django_migrations FROM {schema}")
