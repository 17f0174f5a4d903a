"""Search: what agents type finds what they need, shows each only what they may see, and takes any text."""

import time

import pytest
from django.db import ProgrammingError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge import actions
from knowledge.models import Article, Contact
from knowledge.pool import upkeep
from knowledge.search import finding as search
from knowledge.search.slots import read
from tenants import scope
from tenants.actions import set_state
from tenants.audit import SYSTEM

pytestmark = pytest.mark.usefixtures("filled", "db")


@pytest.fixture
def find(people):
    """find("hund", who="agent", called="soest") -> SearchResult, at the desk of that person."""

    def as_person(query, *, who="agent", **options):
        with scope.desk(people[who].pk):
            return search.search(query, **options)

    return as_person


def ids(result, first=3):
    return [hit.id for hit in result.hits[:first]]


@pytest.mark.parametrize(
    ("query", "called", "wanted"),
    [
        ("perso verloren", "soest", "soest:perso_verlust"),
        ("pe", "soest", None),
        ("personalausw", "soest", "soest:perso_neu"),
        ("personalausweis verlohren", "soest", "soest:perso_verlust"),
        ("BUERGERBUERO", "soest", "soest:d_bb"),
        ("burgerburo", "soest", "soest:d_bb"),
        ("Bürgerbüro", "soest", "soest:d_bb"),
        ("bürgerb", "soest", "soest:d_bb"),
        ("strassenlaterne", "soest", "soest:laterne"),
        ("straßenlaterne", "soest", "soest:laterne"),
        ("4711", "soest", "soest:p_mueller_bau"),
        ("02921 103-4711", "soest", "soest:p_mueller_bau"),
        ("müller bauordnungsamt", "soest", "soest:p_mueller_bau"),
        ("mueller", "soest", "soest:p_mueller_bau"),
        ("kfz zulassung", "soest", "kreis:kfz_zulassung"),
    ],
)
def test_what_is_typed_finds_it_in_the_first_three(find, query, called, wanted):
    found = ids(find(query, called=called))
    assert found
    if wanted and wanted != "kreis:kfz_zulassung":
        assert wanted in found
    elif wanted:
        assert found[0].startswith("kreis:")


def test_the_called_municipality_comes_first_and_others_are_folded(find, places):
    set_state(places["lippstadt"], "live", acting_user=SYSTEM)
    for called, other in (("soest", "lippstadt"), ("lippstadt", "soest")):
        hit = find("personalausweis verloren", called=called).hits[0]
        assert hit.id == f"{called}:perso_verlust"
        assert [(m.slug, key) for m, key in hit.others] == [(other, "perso_verlust")]


def test_a_municipality_that_is_named_is_meant(find, places):
    set_state(places["lippstadt"], "live", acting_user=SYSTEM)
    assert find("sperrmüll lippstadt", called="soest").hits[0].id == "lippstadt:sperrmuell"
    assert find("sperrmüll", called="soest").hits[0].id == "soest:sperrmuell"


def test_nothing_of_a_joining_municipality_is_found_even_when_it_was_called(find):
    result = find("personalausweis", called="lippstadt", limit=50)
    assert result.hits
    assert {hit.municipality.slug for hit in result.hits} <= {"soest", "kreis"}
    assert all(not hit.others for hit in result.hits)


def test_another_centre_finds_nothing_and_a_municipality_its_own(find, soest):
    assert find("personalausweis", who="agent.unna").hits == []
    assert find("personalausweis", who="editor").hits == []  # no role at a desk
    with scope.municipality(soest.schema_name):
        assert {hit.municipality.slug for hit in search.search("personalausweis").hits} == {"soest"}


def test_the_worker_searches_all_live_ones_and_no_other_login_may():
    with scope.worker():
        assert {hit.municipality.slug for hit in search.search("ausweis", limit=50).hits} == {"soest", "kreis"}
    for other in (scope.front(), scope.operator(), scope.telephony()):
        with other, pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            search.search("ausweis")


@pytest.mark.parametrize("statement", ["SELECT * FROM pool_term", "SELECT * FROM pool_termchange", "SELECT * FROM pool_lending",
                                       "SELECT * FROM searchable()", "SELECT merge_terms()", "SELECT recount_terms()",
                                       "SELECT search_statement('{1,1,1,1}', 'x', 1)", "SELECT lend_words(1)",
                                       "SELECT search_usual_1_4_1_2('{}', 1, '{}', '{}', now()::date, '{}', false, 1, NULL)",
                                       "SELECT lent_words('a', 'b', 1, '')", "SELECT term_changes('', '', '', '', 1, 1)"])  # fmt: skip
def test_the_parts_of_the_search_are_closed(people, statement):
    with scope.desk(people["agent"].pk), transaction.atomic(), connection.cursor() as cursor:
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            cursor.execute(statement)
        cursor.execute("SELECT count(*) > 0 FROM pool_vocabulary('{ausweis}', '{}', '{}', '{}') WHERE kind = 'l'")
        assert cursor.fetchone() == (True,)


@pytest.mark.parametrize("query", ["hund anmelden", "personalausweis beantragen", "personalausweis lichtbild"])
def test_who_called_the_kreis_for_what_a_town_does_finds_the_town_s_entry(find, query):
    assert ids(find(query, called="kreis"))[0] == ids(find(query, called="soest"))[0]
    assert ids(find(query, called="kreis"))[0].startswith("soest:")


def test_of_others_only_what_has_all_words_stands_beside_few_hits(find):
    alone = ids(find("hund qurxzwombat", called="kreis"))
    assert not any(found.startswith("soest:") for found in alone)


def test_published_is_found_and_withdrawn_is_not(find, soest, people):
    with scope.municipality(soest.schema_name), transaction.atomic():
        article = actions.save_article(
            Article(title="Zwergelefant halten", synonyms=["Rüsseltier"]), acting_user=people["editor"]
        )
        assert find_in(soest, "zwergelefant") == []
        actions.publish(article, acting_user=people["editor"])
    upkeep.run()
    assert ids(find("zwergelef")) == ["soest:zwergelefant-halten"]
    assert ids(find("russeltier"))[0] == "soest:zwergelefant-halten"
    assert ids(find("zwergelefannt"))[0] == "soest:zwergelefant-halten"
    with scope.municipality(soest.schema_name), transaction.atomic():
        actions.withdraw(article, acting_user=people["editor"])
    assert find("zwergelefant").hits == []
    upkeep.run()
    assert words_like("_zwergelef") == 0


def find_in(municipality, query):
    with scope.municipality(municipality.schema_name):
        return search.search(query).hits


def words_like(start):
    with scope.owner(), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pool_term WHERE starts_with(lexeme, %s)", [start])
        return cursor.fetchone()[0]


def test_the_vocabulary_counts_entries_and_forgets(soest, people):
    with scope.municipality(soest.schema_name), transaction.atomic():
        for number in (1, 2):
            contact = Contact(title=f"Xaver Quittenbaum {number}", function="Quittenpflege")
            actions.publish(actions.save_contact(contact, acting_user=people["editor"]), acting_user=people["editor"])
    assert counted("_quittenbaum") == counted("quittenbaum") == 2
    upkeep.run()
    assert counted("_quittenbaum") == 2
    with scope.municipality(soest.schema_name), transaction.atomic():
        contact.title = "Xaver Birnbaum"
        actions.publish(actions.save_contact(contact, acting_user=people["editor"]), acting_user=people["editor"])
    assert (counted("_quittenbaum"), counted("_quittenpflege"), counted("_birnbaum")) == (1, 2, 1)


def test_counts_by_changes_are_the_counts_of_the_entries(filled):
    def counts():
        with scope.owner(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT centre_id, lexeme, sum(titles), sum(bodies) FROM (SELECT centre_id, lexeme, titles, bodies FROM pool_term"
                " UNION ALL SELECT centre_id, lexeme, titles, bodies FROM pool_termchange) t GROUP BY 1, 2"
                " HAVING sum(titles) <> 0 OR sum(bodies) <> 0"
            )
            return set(cursor.fetchall())

    by_changes = counts()
    with scope.owner(), connection.cursor() as cursor:
        cursor.execute("SELECT recount_terms()")
    assert len(by_changes) > 5000
    assert counts() == by_changes


def counted(lexeme):
    with scope.worker(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT sum(titles) FROM pool_vocabulary(%s, '{}', '{}', '{}') WHERE kind = 'l'", [[lexeme]])
        return cursor.fetchone()[0]


def test_the_desk_gets_six_articles_and_four_contacts(find):
    result = find("ausweis amt", called="soest")
    assert (len(result.articles), len(result.contacts)) == (6, 4)
    assert not any(hit.is_contact for hit in result.articles)
    assert all(hit.is_contact for hit in result.contacts)
    assert result.hits == sorted(result.hits, key=lambda hit: -hit.score)


def test_json_is_as_the_contract_says(find):
    data = find("perso verloren", called="soest", limit=2).as_json()
    assert set(data) == {"query", "called", "backend", "took_ms", "hits"}
    assert set(data["hits"][0]) == {"id", "kind", "municipality", "title", "score", "matched", "others"}
    assert data["hits"][0]["matched"] == ["perso", "verloren"]
    assert len(data["hits"]) == 2


@pytest.mark.parametrize("query", ["", "   ", "\0", "a\0b", "'", '"', "a & b | !c:*", "<->", "\\", "%", "_", "(((", "🐕", "🐕 hund", "\ud800",
                                   "x" * 10_000, "hund " * 2_000, "1" * 10_000, "Собака", "'; DROP TABLE pool_word; --", "der die das",
                                   "%s {0} {{x}}", "-", "§ 34a GewO", "ẞ", "\u200b", "a" * 41, "½", "²", "٣"])  # fmt: skip
def test_any_text_is_a_query(find, query):
    begun = time.perf_counter()
    result = find(query, called="soest'")
    assert len(result.hits) <= 10
    assert time.perf_counter() - begun < 5


def test_words_without_meaning_are_searched_when_there_is_nothing_else():
    assert read("wo ist der hund").words == ("hund",)
    assert read("wo ist der ").words == ("wo", "ist", "der")
    assert read("hund an").words == ("hund", "an")  # may become "anmelden"


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    query=st.text(max_size=60), called=st.none() | st.sampled_from(["soest", "kreis", "x"]), limit=st.integers(-5, 1000)
)
def test_no_text_breaks_it(find, query, called, limit):
    result = find(query, called=called, limit=limit)
    assert len(result.hits) <= 50
    assert all(hit.score >= 0 for hit in result.hits)


def test_the_text_index_answers(people):
    """The plans of the statements inside the search, logged by the server: the GIN index is used as soon as there is something to skip."""
    plans = []
    with scope.owner(), connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        cursor.execute("LOAD 'auto_explain'")
        cursor.execute("SET LOCAL auto_explain.log_min_duration = 0")
        cursor.execute("SET LOCAL auto_explain.log_nested_statements = on")
        cursor.execute("SET LOCAL client_min_messages = log")
        cursor.execute(
            'INSERT INTO pool_searchentry (municipality_id, kind, key, number, version, title, subtitle, body, synonyms, "group", ext,'
            " payload, published_at, first_published_at, title_words) SELECT id, 'article', 'gen' || n, 1, 1, 'Titel ' || n, '', '', '[]', '',"
            " '', '{}', now(), now(), to_tsvector('simple', 'titel w' || n) FROM tenants_municipality, generate_series(1, 4000) n"
        )
        cursor.execute("ANALYZE pool_searchentry")
    raw = connection.connection
    raw.add_notice_handler(lambda notice: plans.append(notice.message_primary))
    with scope.worker():
        assert search.search("personalausweis", called="soest").hits
    with scope.owner(), connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        cursor.execute("SET LOCAL auto_explain.log_min_duration = -1")
    found = [plan for plan in plans if "pool_searchentry" in plan and "home_id" in plan]
    assert found
    assert all("search_entry_titles" in plan or "search_entry_bodies" in plan for plan in found), found[0]
