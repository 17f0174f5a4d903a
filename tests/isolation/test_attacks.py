"""A connection bound to Soest goes for what is the Kreis's, through every door that was found open anywhere.

Each attack is a list of statements in one transaction. A refusal proves nothing before its control has passed: where the same statement
makes sense for one's own things, it is run for them first and must succeed.
"""

from typing import Any

import psycopg
import pytest

DRAFT = "SELECT body FROM {target}.knowledge_article WHERE key = 'draft'"
INJECTION = "SELECT title FROM knowledge_article WHERE title = '"
# One SELECT that changes the role, then runs a second query as that role: possible wherever set_config can be called.
ONE_SELECT = """SELECT s.word FROM set_config('role', '{target}', true) r,
    LATERAL ts_stat('SELECT to_tsvector(''simple'', body) FROM {target}.knowledge_article' || left(r, 0)) s"""

WITH_CONTROL = {  # refused for the Kreis's things, allowed for one's own
    "read a table": [DRAFT],
    "count rows": ["SELECT count(*) FROM {target}.knowledge_article"],
    "write a table": ["UPDATE {target}.knowledge_article SET body = body WHERE key = 'draft'"],
    "insert": [
        "INSERT INTO {target}.knowledge_responsibility (position, article_id, contact_id) SELECT 0, 1, 1 WHERE false"
    ],
    "delete": ["DELETE FROM {target}.knowledge_article WHERE key = 'nothing'"],
    "sequence": ["SELECT nextval('{target}.knowledge_article_id_seq')"],
    "search_path": ["SET LOCAL search_path = {target}", "SELECT body FROM knowledge_article WHERE key = 'draft'"],
    "withdraw what is published": ["DELETE FROM {target}.knowledge_publication WHERE key = 'nothing'"],
    "block a table of a schema": ["LOCK TABLE {target}.knowledge_article IN ACCESS EXCLUSIVE MODE"],
    "block a row": ["SELECT 1 FROM {target}.knowledge_article FOR UPDATE"],
    "COPY out": ["COPY {target}.knowledge_article TO STDOUT"],
    "injected UNION": [INJECTION + "' UNION " + DRAFT + " --"],
    "error message as a channel": ["SELECT length(body) FROM {target}.knowledge_article"],
    "explain": ["EXPLAIN SELECT * FROM {target}.knowledge_article"],
}
REFUSED = {  # nobody may, whoever's things it concerns
    "create in one's own schema": ["CREATE FUNCTION {own}.f() RETURNS int LANGUAGE sql AS 'SELECT 1'"],
    "create a table": ["CREATE TABLE {own}.x (id int)"],
    "create in public": ["CREATE TABLE public.x (id int)"],
    "temporary table in front of the real one": ["CREATE TEMP TABLE knowledge_article (id int)"],
    "SET ROLE": ["SET ROLE {other}", DRAFT],
    "RESET ROLE, SET ROLE": ["RESET ROLE", "SET ROLE {other}"],
    "SET ROLE owner": ["SET ROLE owner"],
    "SET ROLE tenant": ["SET ROLE tenant"],
    "SET SESSION AUTHORIZATION": ["SET SESSION AUTHORIZATION {other}"],
    "set_config('role')": ["SELECT set_config('role', '{other}', true)"],
    "injected set_config": [INJECTION + "' UNION " + ONE_SELECT + " --"],
    "UPDATE pg_settings": ["UPDATE pg_settings SET setting = '{other}' WHERE name = 'role'"],
    "DO block": ["DO $$ BEGIN EXECUTE 'SET ROLE {other}'; END $$"],
    "GRANT": ["GRANT {other} TO {own}"],
    "ALTER another ROLE": ["ALTER ROLE {other} PASSWORD 'x'"],
    "create a role": ["CREATE ROLE x"],
    "triggers off": ["SET LOCAL session_replication_role = replica"],
    "publishing trigger elsewhere": [
        "CREATE TRIGGER x AFTER INSERT ON {own}.knowledge_article EXECUTE FUNCTION public.publish_entry()"
    ],
    "disable the trigger": ["ALTER TABLE {own}.knowledge_publication DISABLE TRIGGER publish_entry"],
    "forge a published entry": [
        "INSERT INTO public.pool_searchentry (municipality_id, kind, key, number, version, title, payload, published_at,"
        " first_published_at) VALUES ({other_id}, 'article', 'forged', 1, 1, 'x', '{{}}', now(), now())"
    ],
    "forge one of one's own": ["UPDATE public.pool_searchentry SET title = 'x'"],
    "forge the outbox": [
        "INSERT INTO public.tenants_outboxentry (stream, number, kind, object_id, op) VALUES ('m:{other_id}', 9999, 'x', 'x', 'x')"
    ],
    "call the outbox's function": ["SELECT public.append_to_stream('m:{other_id}', 'x', 'x', 'x')"],
    "take another's number": ["SELECT public.next_number('m:{other_id}')"],
    "hold up the centre": ["SELECT public.tell_centre({centre}, 'call', 'x', 'x')"],
    "policy off": ["ALTER TABLE public.pool_searchentry DISABLE ROW LEVEL SECURITY"],
    "row_security off": ["SET LOCAL row_security = off", "SELECT * FROM public.pool_searchentry"],
    "block a shared table": ["LOCK TABLE public.tenants_municipality IN ACCESS EXCLUSIVE MODE"],
    "block memberships": ["LOCK TABLE public.accounts_membership IN SHARE ROW EXCLUSIVE MODE"],
    "block calls": ["LOCK TABLE public.telephony_bridge_call IN EXCLUSIVE MODE"],
    "block published entries": ["LOCK TABLE public.pool_searchentry IN ROW EXCLUSIVE MODE"],
    "advisory lock": ["SELECT pg_advisory_lock(1)"],
    "advisory lock for the transaction": ["SELECT pg_try_advisory_xact_lock(1)"],
    "locks of others": ["SELECT * FROM pg_locks"],
    "queries of others": ["SELECT query FROM pg_stat_activity"],
    "names of schemas": ["SELECT nspname FROM pg_namespace"],
    "names of tables": ["SELECT relname, reltuples FROM pg_class"],
    "names of roles": ["SELECT rolname FROM pg_roles"],
    "sizes by statistics": ["SELECT n_live_tup FROM pg_stat_user_tables"],
    "people": ["SELECT email FROM public.accounts_person"],
    "sessions": ["SELECT session_key FROM public.django_session"],
    "second factors": ["SELECT data FROM public.mfa_authenticator"],
    "jobs": ["SELECT args FROM public.procrastinate_jobs"],
    "tokens of exchanges": ["SELECT token_hash FROM public.telephony_bridge_source"],
    "raw events of exchanges": ["SELECT body FROM public.telephony_bridge_ctievent"],
    "change a call": ["UPDATE public.telephony_bridge_call SET note = 'x'"],
    "presence of agents": ["SELECT state FROM public.telephony_bridge_presence"],
    "helpers of the rights files": ["SELECT public.protect('pool_gap')"],
    "server files": ["SELECT pg_read_file('pg_hba.conf')"],
    "COPY from a file": ["COPY {own}.knowledge_article FROM '/etc/passwd'"],
    "COPY TO PROGRAM": ["COPY {own}.knowledge_article TO PROGRAM 'cat'"],
    "large object": ["SELECT lo_create(4243)"],
    "pg_notify with a payload": ["SELECT pg_notify('rufverbund', 'm:{other_id}')"],
    "raise one's own state": ["UPDATE public.tenants_municipality SET status = 'live'"],
    "move to another centre": ["UPDATE public.tenants_municipality SET centre_id = {other_centre}"],
    "take a host name": [
        "INSERT INTO public.tenants_host (domain, tenant_id, is_primary) VALUES ('x.localhost', {own_id}, false)"
    ],
    "confirm one's own number": ["UPDATE public.tenants_numberprefix SET confirmed_at = now()"],
    "insert a confirmed number": [
        "INSERT INTO public.tenants_numberprefix (municipality_id, prefix, max_length, is_did, created_at, confirmed_at)"
        " VALUES ({own_id}, '+4929213', 15, false, now(), now())"
    ],
    "change the log": ["UPDATE public.tenants_auditentry SET action = 'x'"],
    "delete from the log": ["DELETE FROM public.tenants_auditentry"],
    "delete from a table that is not offered": ["SELECT public.delete_own('tenants_municipality', {other_id})"],
    "log in another's name": [
        "INSERT INTO public.tenants_auditentry (at, person_name, municipality_id, action, object_kind, object_id, object_label,"
        " request_id) VALUES (now(), 'x', {other_id}, 'x', 'x', 'x', 'x', '')"
    ],
    "member of another municipality": [
        "INSERT INTO public.accounts_membership (person_id, role, municipality_id, person_name, person_email, created_at)"
        " VALUES (1, 'editor', {other_id}, 'x', 'x@example.org', now())"
    ],
    "agent of the centre": [
        "INSERT INTO public.accounts_membership (person_id, role, centre_id, person_name, person_email, created_at)"
        " VALUES (1, 'agent', {centre}, 'x', 'x@example.org', now())"
    ],
    "operator": [
        "INSERT INTO public.accounts_membership (person_id, role, person_name, person_email, created_at)"
        " VALUES (1, 'operator', 'x', 'x@example.org', now())"
    ],
    "report a gap as an agent": [
        "INSERT INTO public.pool_gap (municipality_id, centre_id, title, text, query, call_id, entry_kind, entry_key, state,"
        " reported_by, reported_by_name, reported_at, answer_kind, answer_key, answer_note, answered_by_name)"
        " VALUES ({other_id}, {centre}, 'x', '', '', '', '', '', 'new', 1, 'x', now(), '', '', '', '')"
    ],
}
REFUSED |= {
    "a synonym for another": [
        "INSERT INTO public.pool_synonym (centre_id, municipality_id, words, meaning, both_ways, changed_at, changed_by_name)"
        " VALUES ({centre}, {other_id}, 'a', 'b', false, now(), '')"
    ],
    "a synonym for all": [
        "INSERT INTO public.pool_synonym (centre_id, words, meaning, both_ways, changed_at, changed_by_name)"
        " VALUES ({centre}, 'a', 'b', false, now(), '')"
    ],
    "delete synonyms": ["DELETE FROM public.pool_synonym"],
    "block synonyms": ["LOCK TABLE public.pool_synonym IN SHARE ROW EXCLUSIVE MODE"],
    "log a search": [
        "INSERT INTO public.pool_loggedsearch (municipality_id, hour, words, hits, outcome, entry, entry_title, settled)"
        " VALUES ({other_id}, now(), 'x', 0, 'nothing', '', '', '')"
    ],
    "change a logged search": ["UPDATE public.pool_loggedsearch SET words = 'x'"],
    "words that are held back": ["SELECT digest FROM public.pool_heldword"],
    "hold a word": ["SELECT public.hold_word({other_id}, 'x', now())"],
    "change a card of a transferred caller": ["UPDATE public.telephony_bridge_handover SET person_id = 1"],
    "delete cards": ["DELETE FROM public.telephony_bridge_handover"],
    "forge a card": [
        "INSERT INTO public.telephony_bridge_handover (call_id, centre_id, municipality_id, called_name, contact_key, contact_name, email, caller,"
        " concern, agent_id, agent_name, at, state, state_at, mail_tries)"
        " VALUES (1, {centre}, {own_id}, '', '', '', '', '', '', 1, '', now(), 'ringing', now(), 0)"
    ],
    "whose account an address is": ["SELECT public.person_of_contact({own_id}, 'reader@example.org')"],
}
EMPTY = {  # answered, but with nothing of anybody else's
    "published entries of others": "SELECT title FROM public.pool_searchentry WHERE municipality_id <> {own_id}",
    "error as a channel behind the policy": "SELECT 1 / (municipality_id - municipality_id) FROM public.pool_searchentry WHERE municipality_id <> {own_id}",
    "outbox of others": "SELECT number FROM public.tenants_outboxentry WHERE stream <> 'm:{own_id}'",
    "calls of others": "SELECT from_number FROM public.telephony_bridge_call WHERE municipality_id IS DISTINCT FROM {own_id}",
    "cards of others' callers": "SELECT caller FROM public.telephony_bridge_handover WHERE municipality_id <> {own_id}",
    "gaps of others": "SELECT title FROM public.pool_gap WHERE municipality_id <> {own_id}",
    "synonyms of others": "SELECT words FROM public.pool_synonym WHERE municipality_id <> {own_id}",
    "searches of others": "SELECT words FROM public.pool_loggedsearch WHERE municipality_id <> {own_id}",
    "members of others": "SELECT person_email FROM public.accounts_membership WHERE municipality_id IS DISTINCT FROM {own_id}",
    "log of others": "SELECT action FROM public.tenants_auditentry WHERE municipality_id IS DISTINCT FROM {own_id}",
    "other municipalities": "SELECT slug FROM public.tenants_municipality WHERE id <> {own_id}",
    "rows of another to lock": "SELECT id FROM public.tenants_municipality WHERE id <> {own_id} FOR UPDATE",
    "numbers of another": "SELECT prefix FROM public.tenants_numberprefix WHERE municipality_id <> {own_id}",
    "statistics of columns": "SELECT most_common_vals FROM pg_stats WHERE schemaname = '{other}'",
}


def words(real: Any, target: str = "kreis") -> dict[str, Any]:
    return {
        "target": real.schemas[target],
        "own": real.schemas["soest"],
        "other": real.schemas["kreis"],
        "own_id": real.ids["soest"],
        "other_id": real.ids["kreis"],
        "centre": real.centres["soest"],
        "other_centre": real.centres["unna"],
    }


def run(connection: psycopg.Connection[Any], begin: str, statements: list[str]) -> list[Any]:
    """All statements in one transaction, all rows of all results; the transaction is rolled back."""
    found: list[Any] = []
    cursor = connection.cursor()
    try:
        cursor.execute(begin.encode())
        for statement in statements:
            if statement.startswith("COPY") and statement.endswith("STDOUT"):
                with cursor.copy(statement.encode()) as copy:
                    found += [bytes(block) for block in copy]
                continue
            cursor.execute(statement.encode())
            found += cursor.fetchall() if cursor.description else []
            while cursor.nextset():
                found += cursor.fetchall() if cursor.description else []
    finally:
        connection.rollback()
    return found


@pytest.mark.parametrize("name", WITH_CONTROL)
def test_what_one_may_do_to_oneself_is_refused_for_another(real, fingerprint, name):
    with real.connect(real.schemas["soest"]) as connection:
        run(
            connection, real.begin("soest"), [s.format(**words(real, "soest")) for s in WITH_CONTROL[name]]
        )  # the control
        before = fingerprint()
        with pytest.raises(psycopg.Error) as refusal:
            run(connection, real.begin("soest"), [s.format(**words(real)) for s in WITH_CONTROL[name]])
    assert isinstance(
        refusal.value,
        psycopg.errors.InsufficientPrivilege | psycopg.errors.UndefinedTable | psycopg.errors.InvalidSchemaName,
    )
    assert "geheim-kreis" not in str(refusal.value)
    assert fingerprint() == before


@pytest.mark.parametrize("name", REFUSED)
def test_refused(real, fingerprint, name):
    before = fingerprint()
    with real.connect(real.schemas["soest"]) as connection, pytest.raises(psycopg.Error) as refusal:
        run(connection, real.begin("soest"), [s.format(**words(real)) for s in REFUSED[name]])
    assert isinstance(refusal.value, psycopg.errors.InsufficientPrivilege | psycopg.errors.RaiseException), repr(
        refusal.value
    )
    assert fingerprint() == before


@pytest.mark.parametrize("name", EMPTY)
def test_nothing_of_anybody_else(real, name):
    with real.connect(real.schemas["soest"]) as connection:
        assert run(connection, real.begin("soest"), [EMPTY[name].format(**words(real))]) == []


def test_control_shared_tables_show_ones_own(real):
    """Else the empty answers above would prove nothing."""
    with real.connect(real.schemas["soest"]) as connection:
        for table in (
            "pool_searchentry",
            "tenants_outboxentry",
            "accounts_membership",
            "tenants_auditentry",
            "tenants_numberprefix",
            "pool_synonym",
            "pool_loggedsearch",
        ):
            assert run(connection, real.begin("soest"), [f"SELECT * FROM public.{table}"]), table


@pytest.mark.parametrize(
    "broken",
    [
        "synonyms = 'null'",
        "synonyms = '{}'",
        "synonyms = '[1]'",
        "synonyms = '[[\"x\"]]'",
        "payload = '[]'",
        "payload = 'null'",
        "valid_from = '0044-03-15 BC'",
        "valid_to = 'infinity'",
        "published_at = 'infinity'",
    ],
)
def test_what_would_break_the_list_of_hits_is_not_published(real, broken):
    """One's own entry, of a shape that no desk and no index can read: every agent who finds it would see nothing at all."""
    change = "UPDATE knowledge_publication SET {} RETURNING key"
    with real.connect(real.schemas["soest"]) as connection:
        own = f"{real.begin('soest')};SET LOCAL search_path = {real.schemas['soest']}"
        sound = change.format("synonyms = '[\"x\"]', payload = '{\"a\": 1}'")
        assert run(connection, own, [sound]) == [("public",)]
        with pytest.raises(psycopg.errors.IntegrityConstraintViolation):
            run(connection, own, [change.format(broken)])


@pytest.mark.parametrize(("kind", "key"), [("a b", "x"), ("other", "x"), ("article", ""), ("article", "a/b")])
def test_what_has_no_address_is_not_published(real, kind, key):
    add = (
        'INSERT INTO {}.knowledge_publication (kind, key, version, title, subtitle, body, synonyms, "group", ext, payload, published_at)'
        " VALUES ('{}', '{}', 1, 'x', '', '', '[]', '', '', '{{}}', now()) RETURNING key"
    )
    schema = real.schemas["soest"]
    with real.connect(schema) as connection:
        assert run(connection, real.begin("soest"), [add.format(schema, "article", "x-y")]) == [("x-y",)]
        with pytest.raises(psycopg.errors.IntegrityConstraintViolation):
            run(connection, real.begin("soest"), [add.format(schema, kind, key)])


def test_what_an_index_found_of_others_is_not_even_counted(real):
    """Whether another has an entry of a name is nobody's business: counted are hits that the login may see."""
    reread = (
        "SELECT municipality_id, known FROM public.pool_reread('{{{places}}}', '{{article, article}}', '{{public, public}}', '{{1, 1}}',"
        " '{{\"anywhere\": []}}', NULL, 9, '2026-01-01')"
    )
    own, other = real.ids["soest"], real.ids["kreis"]
    with real.connect(real.schemas["soest"]) as connection:
        asked = reread.format(places=f"{own}, {other}")
        assert run(connection, real.begin("soest"), [asked]) == [(own, 1)]
    with real.connect("desk_web") as connection:  # of both centres' agents one sees both, one neither
        agents = {
            who: run(connection, f"BEGIN;SET LOCAL rufverbund.person = '{real.people[who]}'", [asked])
            for who in ("agent", "agent.unna")
        }
    assert agents == {"agent": [(own, 2), (other, 2)], "agent.unna": []}


def test_anothers_query_cannot_be_cancelled(real):
    """Nor terminated; one's own can (the control)."""
    own, other = real.schemas["soest"], real.schemas["kreis"]
    with real.connect(own) as attacker, real.connect(own) as mine, real.connect(other) as victim:
        assert run(attacker, "BEGIN", [f"SELECT pg_cancel_backend({mine.info.backend_pid})"]) == [(True,)]
        for function in ("pg_cancel_backend", "pg_terminate_backend"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                run(attacker, "BEGIN", [f"SELECT {function}({victim.info.backend_pid})"])
        assert victim.execute("SELECT 1").fetchone() == (1,)


def test_left_overs_of_a_session_stay_with_its_login(real):
    """A held cursor and a prepared statement of the Kreis are in sessions that Soest is never lent."""
    from tenants.backend.keyed_pool import KeyedPool

    pool = KeyedPool(size=1)

    def take(slug: str) -> psycopg.Connection[Any]:
        login = real.schemas[slug]
        info = real.connect(login)
        params = {
            "host": info.info.host,
            "port": info.info.port,
            "dbname": info.info.dbname,
            "user": login,
            "password": info.info.password,
            "autocommit": True,
        }
        info.close()
        return pool.take(login, params)

    theirs = take("kreis")
    theirs.execute(
        f"DECLARE held CURSOR WITH HOLD FOR SELECT body FROM {real.schemas['kreis']}.knowledge_article".encode()
    )
    theirs.execute("PREPARE p AS SELECT 'geheim-kreis'")
    pool.give(theirs)
    again = take("kreis")
    assert again is theirs
    assert ("geheim-kreis",) in again.execute("FETCH ALL FROM held").fetchall()  # control: it is still there
    pool.give(again)
    mine = take("soest")
    assert mine.execute("SELECT name FROM pg_cursors").fetchall() == []
    assert mine.execute("SELECT name FROM pg_prepared_statements").fetchall() == []
    pool.give(mine)
    pool.clear()
