"""Synonyms of municipalities and of centres: they hold at once, for whom they are meant, and cost no query."""

import pytest
from django.db import ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext

from knowledge.pool import learning_actions as actions
from knowledge.pool.models import Synonym
from knowledge.search import finding, lexicon, synonyms
from tenants import scope
from tenants.errors import Refusal
from tenants.models import AuditEntry

pytestmark = pytest.mark.usefixtures("filled", "db")


@pytest.fixture
def find(people):
    """find("wuffi", called="soest") -> SearchResult at the desk."""

    def at_desk(query, *, who="agent", **options):
        with scope.desk(people[who].pk):
            return finding.search(query, **options)

    return at_desk


@pytest.fixture
def own(soest, people):
    """own("wuffi", "hund") -> a synonym of Stadt Soest."""

    def saved(words, meaning, *, both_ways=False):
        with scope.municipality(soest.schema_name), transaction.atomic():
            synonym = Synonym(
                centre_id=soest.centre_id, municipality=soest, words=words, meaning=meaning, both_ways=both_ways
            )
            return actions.save_synonym(synonym, acting_user=people["editor"])

    return saved


@pytest.fixture
def shared(soest, people):
    """shared("wuffi", "hund") -> a synonym of the centre."""

    def saved(words, meaning, *, who="supervisor"):
        with scope.desk(people[who].pk), transaction.atomic():
            synonym = Synonym(centre_id=soest.centre_id, words=words, meaning=meaning)
            return actions.save_synonym(synonym, acting_user=people[who])

    return saved


def reasons(result):
    return {meaning.reason for slot in result.slots for meaning in slot.alternatives.values()}


def test_one_of_a_municipality_holds_for_calls_to_it_at_once(find, own):
    before = find("xylowau", called="soest")
    assert (before.hits, "synonym" in reasons(before)) == ([], False)
    own("Xylowau, Wuffi", "Hundesteuer")
    after = find("xylowau", called="soest")
    assert "hund" in after.hits[0].title.lower()
    assert "synonym" in reasons(after)
    assert find("wuffi", called="soest").hits
    assert find("xylowau", called="kreis").hits == []
    assert find("xylowau").hits == []
    assert find("xylowau", called="soest", who="agent.unna").hits == []


def test_a_shared_one_holds_for_all_of_the_centre(find, shared):
    shared("xylowau", "hund")
    for called in ("soest", "kreis", None):
        assert find("xylowau", called=called).hits
    with scope.worker():
        assert finding.search("xylowau", called="soest").hits
        assert "synonym" not in reasons(finding.search("xylowau", called="unna"))


def test_what_another_process_writes_holds_at_once(find, soest, own):
    synonym = own("xylowau", "hund")
    first = find("xylowau", called="soest").hits[0].id
    with scope.owner(), connection.cursor() as cursor:  # no code of this process hears of it
        cursor.execute("UPDATE public.pool_synonym SET meaning = 'Reisepass' WHERE id = %s", [synonym.pk])
    assert find("xylowau", called="soest").hits[0].id != first
    with scope.owner(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM public.pool_synonym WHERE id = %s", [synonym.pk])
    assert find("xylowau", called="soest").hits == []


def test_both_ways_and_words_that_say_nothing(find, own):
    own("der xylowau des nachbarn", "hund")
    assert find("xylowau nachbarn ", called="soest").hits
    own("quorx", "Reisepass, Personalausweis", both_ways=True)
    assert ("quorx",) in [a.words for a in find("reisepass", called="soest").slots[0].alternatives]


def test_they_cost_no_query(find, own):
    def cost():
        with CaptureQueriesContext(connection) as queries:
            find("hund", called="soest")
        return len(queries)

    without = cost()
    own("xylowau", "hund")
    find("hund", called="soest")  # reads the rows, once
    assert cost() == without


def test_what_holds_is_kept_per_municipality_and_not_for_ever(find, own, shared, monkeypatch):
    shared("quorx", "katze")
    own("xylowau", "hund")
    monkeypatch.setattr(synonyms, "MOST_KEPT", 2)
    monkeypatch.setattr(synonyms, "_kept", {})
    for called in ("soest", "kreis", None):
        find("hund", called=called)
    assert list(synonyms._kept) == ["kreis", None]
    assert find("xylowau", called="soest").hits
    assert ("xylowau",) not in lexicon.shared_synonyms()


@pytest.mark.parametrize(
    ("words", "meaning", "said"),
    [
        ("", "hund", "Beide Seiten"),
        ("hund", " , ", "Beide Seiten"),
        ("Hund", "HUND", "Beide Seiten"),
        ("a => b", "hund", "kein Wort"),
        ("§ ?", "hund", "kein Wort"),
        ("eins zwei drei vier fuenf", "hund", "zu lang"),
        (",".join(f"wau{letter}" for letter in "abcdefghijk"), "hund", "Höchstens 10"),
        ("hund", ",".join(f"wau{letter}" for letter in "abcdefghijk"), "Höchstens 10"),
    ],
)
def test_nonsense_is_refused(own, words, meaning, said):
    with pytest.raises(Refusal, match=said):
        own(words, meaning)


def test_twice_is_refused_and_too_many(own, monkeypatch):
    own("xylowau", "hund")
    with pytest.raises(Refusal, match="schon"):
        own("Xylowau", " hund ")
    monkeypatch.setattr(actions, "MOST_SYNONYMS", 1)
    with pytest.raises(Refusal, match="Mehr als 1"):
        own("quorx", "katze")


def test_changing_and_removing_are_told(own, soest, people):
    synonym = own("xylowau", "hund")
    with scope.municipality(soest.schema_name), transaction.atomic():
        synonym.meaning = "Hundesteuer"
        actions.save_synonym(synonym, acting_user=people["admin"])
        actions.remove_synonym(synonym, acting_user=people["editor"])
        told = AuditEntry.objects.filter(object_kind="synonym").order_by("pk").values_list("action", "before", "after")
        assert [
            (action, before and before.get("meaning"), after and after.get("meaning")) for action, before, after in told
        ] == [
            ("save_synonym", None, "hund"),
            ("save_synonym", "hund", "Hundesteuer"),
            ("remove_synonym", "Hundesteuer", None),
        ]
        for deed in (actions.save_synonym, actions.remove_synonym):
            with pytest.raises(Refusal, match="nicht mehr"):
                deed(synonym, acting_user=people["editor"])


def test_agents_and_editors_do_not_write_for_the_centre(shared, soest, people):
    with pytest.raises(ProgrammingError, match="row-level security"):
        shared("xylowau", "hund", who="agent")
    with (
        scope.municipality(soest.schema_name),
        pytest.raises(ProgrammingError, match="row-level security"),
        transaction.atomic(),
    ):
        Synonym.objects.create(centre_id=soest.centre_id, words="a", meaning="b")
    synonym = shared("xylowau", "hund")
    with scope.desk(people["agent"].pk), transaction.atomic():
        assert Synonym.objects.filter(pk=synonym.pk).update(meaning="x") == 0
        with pytest.raises(Refusal, match="nicht mehr"):
            actions.remove_synonym(synonym, acting_user=people["agent"])
    with scope.municipality(soest.schema_name), transaction.atomic():
        assert Synonym.objects.filter(pk=synonym.pk).exists()  # its searches use it
        assert Synonym.objects.filter(pk=synonym.pk).update(meaning="x") == 0
        with pytest.raises(Refusal, match="nicht mehr"):
            actions.remove_synonym(synonym, acting_user=people["editor"])


def test_strangers_see_none(own, shared, places, people, soest):
    synonym = own("xylowau", "hund")
    shared("quorx", "katze")
    for stranger in (scope.municipality(places["unna"].schema_name), scope.desk(people["agent.unna"].pk)):
        with stranger, transaction.atomic():
            assert not Synonym.objects.exists()
    with scope.municipality(places["kreis"].schema_name), transaction.atomic():
        assert [found.words for found in Synonym.objects.all()] == ["quorx"]
        assert Synonym.objects.filter(pk=synonym.pk).update(meaning="x") == 0
        with pytest.raises(Refusal, match="nicht mehr"):
            actions.remove_synonym(synonym, acting_user=people["editor.kreis"])
    with scope.municipality(places["kreis"].schema_name), pytest.raises(ProgrammingError), transaction.atomic():
        Synonym.objects.create(centre_id=soest.centre_id, municipality=soest, words="a", meaning="b")
