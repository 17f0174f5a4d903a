"""PostgreSQL keeps its plans for queries of the usual shapes, which Python and SQL both name; what is found does not depend on it."""

import pytest
from django.db import connection

from knowledge.search import finding, plan
from tenants import scope
from tenants.prepare import LOGINS

pytestmark = pytest.mark.usefixtures("filled", "db")
STAGES = ("one", "many", "usual", "wide", "bodies", "wide_bodies", "everybody")
QUERIES = [
    "perso",
    "perso verloren",
    "müller bauordnungsamt",
    "hund anmelden steuer",
    "wo melde ich meinen hund an kosten",
    "burgerburo",
]


def one(statement, values=()):
    with scope.owner(), connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone()[0]


@pytest.mark.parametrize("shape", plan.USUAL)
@pytest.mark.parametrize("stage", STAGES)
def test_a_usual_shape_has_a_function_for_each_stage(stage, shape):
    call = one("SELECT public.search_call(%s, %s)", [stage, list(shape)])
    name = "_".join(map(str, ("search", stage, *shape)))
    assert call.startswith(f"SELECT * FROM public.{name}(")
    assert one("SELECT count(*) FROM pg_proc WHERE proname = %s", [name]) == 1


def test_there_are_no_others_and_no_login_may_call_them():
    made = one("SELECT count(*) FROM pg_proc WHERE proname ~ '^search_.*_[0-9]+$'")
    assert made == len(STAGES) * len(plan.USUAL)
    open_ones = (
        "SELECT count(*) FROM pg_proc p CROSS JOIN pg_roles r WHERE p.proname ~ '^(search_|pool_told)' AND r.rolname = ANY (%s)"
        " AND has_function_privilege(r.oid, p.oid, 'EXECUTE')"
    )
    logins = ["tenant", *(login for login in LOGINS if login != "migrator")]  # who migrates is the owner
    assert one("SELECT count(*) FROM pg_roles WHERE rolname = ANY (%s)", [logins]) == len(logins)
    assert one(open_ones, [logins]) == 0


def test_an_unusual_shape_gets_a_statement_of_its_own():
    assert one("SELECT public.search_call('one', '{3,4,1,2}')").startswith("SELECT array_agg(id)")
    assert one("SELECT public.search_call('one', '{1,6,1,2}')").startswith("SELECT array_agg(id)")


@pytest.mark.parametrize("called", ["soest", None])
@pytest.mark.parametrize("query", QUERIES)
def test_both_ways_find_the_same(people, monkeypatch, query, called):
    def found():
        with scope.desk(people["agent"].pk):
            return [
                (hit.id, round(hit.score, 3), hit.matched)
                for hit in finding.search(query, called=called, limit=20).hits
            ]

    usual = found()
    monkeypatch.setattr(plan, "USUAL", ())
    assert usual
    assert found() == usual
