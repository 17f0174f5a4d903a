"""Times that PostgreSQL keeps and Python cannot read: nobody writes one into a table that others read, too."""

import re

import psycopg
import pytest

from tests.isolation.test_attacks import run, words

SHARED_TIMES = {  # in tables that others read, too
    "municipality": "UPDATE public.tenants_municipality SET situation_since = '{at}' WHERE id = {own_id} RETURNING 1",
    "special day": "INSERT INTO public.tenants_specialday (municipality_id, day, label, intervals) VALUES ({own_id}, '{at}', 'x', '[]') RETURNING 1",
    "moved special day": "UPDATE public.tenants_specialday SET day = '{at}' WHERE municipality_id = {own_id} RETURNING 1",
    "number": "INSERT INTO public.tenants_numberprefix (municipality_id, prefix, max_length, is_did, created_at)"
    " VALUES ({own_id}, '+4929219', 15, false, '{at}') RETURNING 1",
    "log": "INSERT INTO public.tenants_auditentry (at, person_name, municipality_id, action, object_kind, object_id, object_label, request_id)"
    " VALUES ('{at}', 'x', {own_id}, 'x', 'municipality', 'x', 'x', '')",
}


@pytest.mark.parametrize("what", SHARED_TIMES)
def test_no_time_that_others_cannot_read(real, what):
    """PostgreSQL keeps infinity, Python reads it nowhere: the centre's desks, its exchange or the operator would see nothing at all."""
    before = [SHARED_TIMES["special day"].format(at="2031-01-01", **words(real))] if what.startswith("moved") else []
    with real.connect(real.schemas["soest"]) as connection:
        run(connection, real.begin("soest"), [*before, SHARED_TIMES[what].format(at="2030-01-01", **words(real))])
        for at in ("infinity", "-infinity", "20000-01-01"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                run(connection, real.begin("soest"), [*before, SHARED_TIMES[what].format(at=at, **words(real))])


WRITABLE = """SELECT c.table_name, c.column_name, r.role, d.deed,
    (SELECT string_agg(p.with_check, ' ') FROM pg_policies p WHERE p.tablename = c.table_name AND p.cmd IN (d.deed, 'ALL') AND r.role = ANY (p.roles))
    FROM information_schema.columns c CROSS JOIN (VALUES ('tenant'), ('desk_web')) r (role) CROSS JOIN (VALUES ('INSERT'), ('UPDATE')) d (deed)
    WHERE c.table_schema = 'public' AND c.data_type IN ('date', 'timestamp with time zone')
    AND has_column_privilege(r.role, 'public.' || c.table_name, c.column_name, d.deed)"""
# By triggers, which tests/telephony_bridge/test_hostile.py tries; and what nobody but the municipality itself reads.
OTHERWISE = {("telephony_bridge_call", "UPDATE"), ("telephony_bridge_presence", "UPDATE")}
OWN = "telephony_bridge_announcement"


def test_every_time_of_a_shared_table_is_looked_at_by_the_database(real):
    with real.admin() as admin:
        rows = admin.execute(WRITABLE).fetchall()
    checked = {
        (table, column, role, deed)
        for table, column, role, deed, check in rows
        if re.search(rf"can_be_read\(.*\b{column}\b|\b{column} IS NULL", check or "")
    }
    left = {row[:4] for row in rows if row[0] != OWN and (row[0], row[3]) not in OTHERWISE} - checked
    assert (left, len(checked) > 20) == (set(), True)
