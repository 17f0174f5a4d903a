"""The platform's own logins: each can do its work (control) and nothing beyond it."""

import psycopg
import pytest

from tests.isolation.test_attacks import run

DRAFT = "SELECT body FROM {kreis}.knowledge_article"
BEYOND = [  # login, statement
    *[(login, DRAFT) for login in ("desk_web", "front", "operator_web", "telephony", "worker", "listener")],
    *[
        (login, "SET ROLE {kreis}")
        for login in ("desk_web", "front", "operator_web", "telephony", "worker", "listener")
    ],
    *[(login, "SET ROLE owner") for login in ("desk_web", "front", "operator_web", "telephony", "worker", "listener")],
    ("desk_web", "INSERT INTO {kreis}.knowledge_article (key) VALUES ('x')"),
    ("desk_web", "UPDATE public.pool_searchentry SET title = 'x'"),
    ("desk_web", "DELETE FROM public.telephony_bridge_call"),
    ("desk_web", "LOCK TABLE public.telephony_bridge_call IN ACCESS EXCLUSIVE MODE"),
    ("desk_web", "LOCK TABLE public.telephony_bridge_presence IN EXCLUSIVE MODE"),
    ("desk_web", "SELECT email FROM public.accounts_person"),
    ("desk_web", "SELECT * FROM public.django_session"),
    ("desk_web", "SELECT public.append_to_stream('m:1', 'x', 'x', 'x')"),
    ("desk_web", "SELECT public.tell_centre({unna_centre}, 'call', 'x', 'x')"),
    ("desk_web", "UPDATE public.tenants_auditentry SET action = 'x'"),
    ("desk_web", "SELECT * FROM public.tenants_auditentry"),
    ("desk_web", "SELECT words FROM public.pool_loggedsearch"),
    ("desk_web", "SELECT public.address_of_contact(1, 'person:x')"),
    ("desk_web", "SELECT digest FROM public.pool_heldword"),
    ("desk_web", "SELECT public.hold_word(0, 'x', now())"),
    ("desk_web", "DELETE FROM public.pool_synonym"),
    ("worker", "SELECT * FROM public.desk_search_weeks(1)"),
    ("operator_web", "SELECT words FROM public.pool_loggedsearch"),
    ("desk_web", "SELECT * FROM public.pool_indexposition"),
    ("desk_web", "SELECT * FROM public.pool_told('{{}}', '{{}}', '{{}}', NULL, 1, 1, '2026-01-01')"),
    ("front", "SELECT * FROM public.pool_reread('{{}}', '{{}}', '{{}}', '{{}}', '{{}}', 1, 1, '2026-01-01')"),
    ("operator_web", "SELECT public.index_is_behind('x', '{{}}')"),
    ("operator_web", "SELECT title FROM public.pool_gap"),
    ("operator_web", "SELECT note FROM public.telephony_bridge_call"),
    ("operator_web", "DELETE FROM public.tenants_auditentry"),
    ("operator_web", "DELETE FROM public.tenants_municipality"),
    ("telephony", "SELECT data FROM public.mfa_authenticator"),
    ("telephony", "SELECT password FROM public.accounts_person"),
    ("telephony", "SELECT body FROM public.pool_searchentry"),
    ("worker", "SELECT password FROM public.accounts_person"),
    ("front", "SELECT note FROM public.telephony_bridge_call"),
    ("front", "UPDATE public.tenants_municipality SET status = 'live'"),
    ("front", "SELECT title FROM public.pool_searchentry"),
    ("listener", "SELECT note FROM public.telephony_bridge_call"),
    ("listener", "DELETE FROM public.tenants_outboxentry"),
    ("listener", "SELECT password FROM public.accounts_person"),
]
CONTROLS = [
    ("desk_web", "SELECT title FROM public.pool_searchentry"),
    ("operator_web", "SELECT slug FROM public.tenants_municipality"),
    ("front", "SELECT password FROM public.accounts_person"),
    ("telephony", "SELECT prefix FROM public.tenants_numberprefix"),
    ("listener", "SELECT number FROM public.tenants_outboxentry"),
    ("worker", "SELECT person_name FROM public.accounts_membership"),
]


def places(real):
    return {"kreis": real.schemas["kreis"], "unna_centre": real.centres["unna"]}


@pytest.mark.parametrize(("login", "statement"), BEYOND)
def test_beyond_its_work(real, fingerprint, login, statement):
    before = fingerprint()
    begin = f"BEGIN;SET LOCAL rufverbund.person = '{real.people['agent']}'"
    with real.connect(login) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        run(connection, begin, [statement.format(**places(real))])
    assert fingerprint() == before


@pytest.mark.parametrize(("login", "statement"), CONTROLS)
def test_control_its_work(real, login, statement):
    with real.connect(login) as connection:
        assert run(connection, f"BEGIN;SET LOCAL rufverbund.person = '{real.people['agent']}'", [statement])


@pytest.mark.parametrize(
    ("who", "seen"), [("agent", {"soest", "kreis"}), ("agent.unna", set()), ("editor", set()), ("nobody", set())]
)
def test_the_desk_sees_the_live_municipalities_of_its_persons_centres(real, who, seen):
    statement = "SELECT DISTINCT m.slug FROM public.pool_searchentry e JOIN public.tenants_municipality m ON m.id = e.municipality_id"
    with real.connect("desk_web") as connection:
        found = run(connection, f"BEGIN;SET LOCAL rufverbund.person = '{real.people[who]}'", [statement])
    assert {row[0] for row in found} == seen


def test_without_a_person_the_desk_sees_nothing(real):
    with real.connect("desk_web") as connection:
        assert run(connection, "BEGIN", ["SELECT 1 FROM public.pool_searchentry"]) == []


def test_every_shared_table_with_a_municipality_is_guarded(real):
    """Row-level security is on wherever a municipality, a centre or a person is named, and no login of ours but the owner escapes it."""
    with real.admin() as admin:
        bare = admin.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid WHERE c.relnamespace = 'public'::regnamespace "
            "AND c.relkind = 'r' AND NOT c.relrowsecurity AND a.attname IN ('municipality_id', 'centre_id', 'tenant_id', 'schema_name')"
        ).fetchall()
        strong = admin.execute(
            "SELECT rolname FROM pg_roles WHERE (rolbypassrls OR rolsuper) AND rolname <> 'postgres'"
        ).fetchall()
        open_doors = admin.execute(
            "SELECT c.relname FROM pg_class c, LATERAL aclexplode(c.relacl) a WHERE c.relnamespace = 'public'::regnamespace AND a.grantee = 0"
        ).fetchall()
    assert (bare, strong, open_doors) == ([], [], [])


def test_a_wrong_password_is_refused(real):
    with real.connect("front") as good:
        assert good.execute("SELECT 1").fetchone() == (1,)
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(
                host=good.info.host,
                port=good.info.port,
                dbname=good.info.dbname,
                user=real.schemas["kreis"],
                password="x",
            )


def test_the_desk_rings_the_bell_of_its_own_centres_bridges_alone(real):
    """Each ring lets a bridge read everything anew, which another centre's callers would wait for."""
    with real.connect("telephony") as ear, real.connect("desk_web") as desk:
        ear.execute("LISTEN exchange")
        desk.execute("BEGIN")
        desk.execute(f"SET LOCAL rufverbund.person = '{real.people['agent']}'")
        for slug in ("unna", "soest"):
            desk.execute("SELECT public.ring_bridges(%s)", [real.centres[slug]])
        desk.execute("COMMIT")
        assert [note.payload for note in ear.notifies(timeout=10, stop_after=1)] == [str(real.centres["soest"])]
