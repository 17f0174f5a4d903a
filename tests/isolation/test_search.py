"""Logins ask the search by themselves, with any plan: which hits they get depends on who they are, on nothing that they say."""

import json

import psycopg
import pytest

ENTRY = """INSERT INTO {}.knowledge_publication (kind, key, version, title, subtitle, body, synonyms, "group", ext, payload, published_at,
    title_words, body_words) VALUES ('article', 'sought', 1, 'Gesucht', '', 'ein Text', '["wort"]', 'gruppe', '', '{{"phone": "1"}}', now(),
    'gesucht:1A', 'text:1A')"""
ASK = "SELECT municipality_id, others, body, phone FROM public.pool_search(%s, 1, %s, %s, 9, '2026-01-01')"
PLAN = {
    "slots": 1, "rarity": [1], "title": ["gesucht"], "title_weight": [1], "title_scale": [9], "body": ["text"], "body_weight": [1],
    "body_scale": [9], "all": "gesucht", "written": "gesucht", "scoped_all": "'@gesucht'", "some": "'@gesucht'", "bodies": "'@text'",
    "anywhere": ["gesucht"], "anywhere_body": ["text"], "many": False,
}  # fmt: skip
SHAPES = {"kept": [1, 4, 1, 2], "written": [1, 9, 1, 2]}


@pytest.fixture
def ask(real):
    """ask("desk_web", plan, person="agent", called="kreis") -> rows, with an entry in Soest, the Kreis and Lippstadt, which is joining."""
    with real.admin() as connection, connection.transaction(force_rollback=True):
        for slug in ("soest", "kreis", "lippstadt"):
            connection.execute(ENTRY.format(real.schemas[slug]))

        def asked(login, plan, *, person="", called=None):
            with connection.transaction():
                connection.execute(f"SET LOCAL rufverbund.person = '{real.people.get(person, '')}'")
                connection.execute(f"SET LOCAL ROLE {real.schemas.get(login, login)}")
                rows = connection.execute(ASK, [json.dumps(plan), real.ids.get(called), called is not None]).fetchall()
                connection.execute("RESET ROLE")
            return rows

        yield asked


@pytest.mark.parametrize("called", [None, "soest", "kreis", "lippstadt"])
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize(
    ("login", "person", "visible"),
    [
        ("soest", "", {"soest"}),
        ("soest", "agent", {"soest"}),
        ("lippstadt", "", {"lippstadt"}),
        ("desk_web", "agent", {"soest", "kreis"}),
        ("desk_web", "agent.unna", set()),
        ("desk_web", "editor", set()),
        ("desk_web", "", set()),
        ("worker", "", {"soest", "kreis"}),
    ],
)
def test_hits_and_their_copies_are_those_that_a_login_may_see(real, ask, shape, called, login, person, visible):
    rows = ask(login, PLAN | {"shape": shape}, person=person, called=called)
    shown = {row[0] for row in rows} | {copy[0] for row in rows for copy in row[1]}
    assert shown == {real.ids[slug] for slug in visible}
    assert all(row[2:] == ("ein Text", "1") for row in rows)


@pytest.mark.parametrize(
    "change",
    [
        {"some": "'@gesucht' | '@x'", "many": True},
        {"some": "", "title": [], "bodies": "'@text'"},
        {"some": "@gesucht'')) OR true --"},
        {"scoped_all": "'); RESET ROLE; --", "many": True},
        {"shape": []},
        {"shape": None},
        {"shape": [0, 0, 0, 0]},
        {"shape": [-1, 4, 1, 2]},
        {"shape": [[1, 4], [1, 2]]},
        {"shape": "[0:3]={1,4,1,2}"},
        {"slots": None, "anywhere": None, "rarity": None},
    ],
)
def test_a_plan_that_nobody_makes_shows_no_more(real, ask, change):
    try:
        rows = ask("soest", PLAN | {"shape": SHAPES["kept"]} | change, called="kreis")
    except psycopg.DatabaseError:
        return
    assert {row[0] for row in rows} | {copy[0] for row in rows for copy in row[1]} <= {real.ids["soest"]}
