"""The backend in production's tenancy: mistakes are loud, cancelled statements never lead into another schema, threads and tasks keep apart."""

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from asgiref.sync import sync_to_async
from django.db import DatabaseError, connections, transaction

from accounts.models import Person
from knowledge.models import Article
from tenants import scope
from tenants.errors import TenancyError
from tests import loops

FUZZ_SECONDS = 4
CANCEL = """DO $$ DECLARE until timestamptz := clock_timestamp() + '{seconds} s'; BEGIN
    WHILE clock_timestamp() < until LOOP
        PERFORM pg_cancel_backend(pid) FROM pg_stat_activity WHERE usename = ANY ('{{{logins}}}') AND state = 'active' AND datname = current_database();
        COMMIT;  -- else pg_stat_activity is read only once
        PERFORM pg_sleep(random() * 0.0001);
    END LOOP;
END $$"""


def where(alias):
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT current_schema(), current_user")
        return cursor.fetchone()


def test_the_login_is_the_municipalitys_own(real, wrapped):
    for slug in ("soest", "kreis", "soest"):
        schema = real.schemas[slug]
        with scope.municipality(schema), transaction.atomic(using=wrapped):
            assert where(wrapped) == (schema, schema)
    with scope.desk(real.people["agent"]), transaction.atomic(using=wrapped):
        assert where(wrapped) == ("public", "desk_web")


def test_no_scope_no_transaction(real, wrapped):
    with pytest.raises(TenancyError), transaction.atomic(using=wrapped):
        pass


def test_no_transaction_no_query(real, wrapped):
    with scope.municipality(real.schemas["soest"]), pytest.raises(TenancyError, match="outside a transaction"):
        where(wrapped)


def test_another_municipality_inside_a_transaction(real, wrapped):
    with (
        scope.municipality(real.schemas["soest"]),
        transaction.atomic(using=wrapped),
        scope.municipality(real.schemas["kreis"]),
        pytest.raises(TenancyError, match="scope says"),
    ):
        where(wrapped)


def test_set_tenant_is_for_migrations(real, wrapped):
    from django_tenants.postgresql_backend.base import FakeTenant

    with scope.municipality(real.schemas["soest"]), pytest.raises(TenancyError):
        connections[wrapped].set_tenant(FakeTenant(schema_name=real.schemas["kreis"]))


def test_iterator_cursors_end_with_their_transaction(real, wrapped):
    with scope.municipality(real.schemas["soest"]), transaction.atomic(using=wrapped):
        rows = Article.objects.using(wrapped).iterator(chunk_size=1)
        assert next(rows).body == "geheim-soest"
        with connections[wrapped].cursor() as cursor:
            cursor.execute("SELECT is_holdable FROM pg_cursors")
            assert all(row == (False,) for row in cursor.fetchall())


def test_the_front_may_iterate_outside_a_transaction(real, wrapped):
    """allauth does, when it tidies up sessions at sign-in."""
    with scope.front():
        assert len(list(Person.objects.using(wrapped).iterator(chunk_size=2))) == len(real.people)


def test_cancelled_statements_never_lead_into_another_schema(real, wrapped):
    """A known trap of search paths: a cancelled SET search_path must not leave the previous municipality's path in force."""
    schemas = [real.schemas["soest"], real.schemas["kreis"]]
    statement = CANCEL.format(seconds=FUZZ_SECONDS, logins=",".join(schemas))
    done = cancelled = wrong = 0
    with real.admin() as admin:
        for _round in range(10):  # on a busy machine one may cancel little
            if done > 100 and cancelled > 5:
                break
            canceller = threading.Thread(target=admin.execute, args=(statement.encode(),))
            canceller.start()
            while canceller.is_alive():
                schema = schemas[(done + cancelled) % 2]
                try:
                    with scope.municipality(schema), transaction.atomic(using=wrapped):
                        wrong += where(wrapped) != (schema, schema)
                    done += 1
                except (DatabaseError, psycopg.Error):
                    cancelled += 1
                    connections[wrapped].close()
    assert (done > 100, cancelled > 5) == (True, True), "control: statements ran, and some were cancelled"
    assert wrong == 0


def test_threads_keep_to_their_own_municipality(real, wrapped):
    def look(slug):
        with scope.municipality(real.schemas[slug]), transaction.atomic(using=wrapped):
            time.sleep(0)
            found = where(wrapped)[0]
        connections[wrapped].close()
        return found == real.schemas[slug]

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(look, ["soest", "kreis", "unna", "lippstadt"] * 50))


def test_tasks_and_their_threads_keep_to_their_own_municipality(real, wrapped):
    def look():
        with transaction.atomic(using=wrapped):
            found = where(wrapped)[0]
        connections[wrapped].close()
        return found

    async def request(slug):
        with scope.municipality(real.schemas[slug]):
            found = {
                await sync_to_async(look)(),
                await asyncio.to_thread(look),
                await sync_to_async(look, thread_sensitive=False)(),
            }
        return found == {real.schemas[slug]}

    async def all_at_once():
        return await asyncio.gather(*[request(slug) for slug in ["soest", "kreis", "unna"] * 20])

    assert all(loops.run(all_at_once()))


def test_the_pool_keeps_its_limit_and_replaces_what_the_server_closed(real, wrapped):
    with scope.municipality(real.schemas["soest"]), transaction.atomic(using=wrapped):
        where(wrapped)
    connections[wrapped].close()
    pool = connections[wrapped]._pool
    with real.admin() as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename LIKE 't\\_%' AND datname = current_database()"
        )
    with scope.municipality(real.schemas["soest"]), transaction.atomic(using=wrapped):
        assert where(wrapped)[0] == real.schemas["soest"]
    assert 0 < pool.open <= pool.size
