"""Lists, counts, history and differences of a municipality's own knowledge."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from knowledge import actions, queries
from knowledge.differences import Segment, differences, draft_differences, segments
from knowledge.models import Article, Contact, Department
from knowledge.pool import queries as pool
from tenants import scope


@pytest.fixture
def own(soest, people):
    """Four articles in the four states, two departments, two contacts; inside Stadt Soest's scope."""
    editor = people["editor"]
    with scope.municipality(soest.schema_name), transaction.atomic():
        top = actions.save_department(Department(title="Finanzen"), acting_user=editor)
        low = actions.save_department(Department(title="Steuern", parent=top), acting_user=editor)
        anna = actions.save_contact(Contact(title="Anna Berg", department=low, ext="1243"), acting_user=editor)
        actions.save_contact(Contact(title="Ben Kurz", dept="Woanders"), acting_user=editor)
        yesterday = timezone.localdate() - timedelta(days=1)
        made = {}
        for title in ("draft", "published", "changed", "withdrawn"):
            article = Article(
                title=title.title(), synonyms=[f"wort {title}"], review_at=yesterday if title == "changed" else None
            )
            made[title] = actions.save_article(
                article, contacts=[anna] if title == "published" else [], acting_user=editor
            )
            if title != "draft":
                actions.publish(made[title], acting_user=editor)
        made["changed"].body = "Neuer *Text*."
        actions.save_article(made["changed"], acting_user=editor)
        actions.withdraw(made["withdrawn"], acting_user=editor)
        yield made | {"top": top, "low": low, "anna": anna}


def titles(found):
    return sorted(entry.title for entry in found)


@pytest.mark.parametrize("state", ["draft", "published", "changed", "withdrawn"])
def test_each_state_has_its_list(own, state):
    assert titles(queries.entries("article", state=state)) == [state.title()]
    assert queries.entry("article", own[state].key).state == state


@pytest.mark.parametrize(
    ("text", "found"),
    [("", 4), ("WORT", 4), ("wort chang", 1), ("text neuer", 1), ("neuer nix", 0), ("neuer", 1), ("%", 0), ("\0", 4)],
)
def test_text_filter(own, text, found):
    assert queries.entries("article", text=text).count() == found


def test_other_filters(own):
    assert titles(queries.entries("article", due=True)) == ["Changed"] == titles(queries.due_articles())
    assert titles(queries.entries("person", department=own["top"])) == ["Anna Berg"]
    assert titles(queries.entries("article", department=own["top"])) == ["Published"]
    assert titles(queries.entries("department", department=own["top"])) == ["Finanzen", "Steuern"]
    assert titles(queries.entries("person", text="1243")) == ["Anna Berg"]
    assert titles(queries.articles_of(own["anna"])) == ["Published"]
    assert [(depth, d.title) for depth, d in queries.department_tree()] == [(0, "Finanzen"), (1, "Steuern")]


def test_counts_and_pages(own):
    assert queries.counts()["article"] == {"draft": 1, "changed": 1, "published": 1, "withdrawn": 1, "due": 1}
    assert queries.counts()["person"]["draft"] == 2
    found = queries.entries("article")
    assert [len(queries.page(found, n, per_page=3)) for n in (1, 2, 99, "x", None)] == [3, 1, 1, 3, 3]


@pytest.mark.parametrize(("kind", "most"), [("article", 2), ("person", 2), ("department", 2)])
def test_a_page_costs_two_queries_however_long_it_is(own, kind, most):
    with CaptureQueriesContext(connection) as captured:
        for entry in queries.page(queries.entries(kind, text="a", state="draft"), 1):
            assert entry.state
            assert getattr(entry, "department_name", "") is not None
    assert len(captured) <= most


def test_history_and_differences_word_by_word(own, people):
    article = own["changed"]
    (body,) = draft_differences(article)
    assert (body.field, body.label, body.old, body.new) == ("body", "Einzelheiten", "", "Neuer *Text*.")
    article.valid_to, article.links = (
        timezone.localdate().replace(month=1, day=2),
        [{"label": "Amt", "url": "https://example.org"}],
    )
    actions.save_article(article, contacts=[own["anna"]], acting_user=people["editor"])
    actions.publish(article, acting_user=people["editor"], note="Kosten")
    newest, first = queries.versions(article)
    assert (newest.number, newest.note, newest.person_name) == (2, "Kosten", "Heike Brand")
    shown = {d.label: d.new for d in differences(first, newest)}
    assert shown["Zuständig"] == "Anna Berg"
    assert shown["Gültig bis"] == f"02.01.{timezone.localdate().year}"
    assert shown["Im Netz"] == "Amt: https://example.org"
    assert draft_differences(article) == []
    assert {d.old for d in differences(None, first)} == {""}


def test_segments_put_the_text_together_again():
    old, new = "Die Frist beträgt zwei Wochen.", "Die Frist beträgt drei volle Wochen."
    parts = segments(old, new)
    assert parts == [
        Segment("same", "Die Frist beträgt "),
        Segment("removed", "zwei"),
        Segment("added", "drei volle"),
        Segment("same", " Wochen."),
    ]
    for long in ("wort " * 20_000, "a" * 100_000):
        both = segments(long, f"{long} ende")
        assert "".join(s.text for s in both if s.op != "added") == long
        assert "".join(s.text for s in both if s.op != "removed") == f"{long} ende"


@pytest.mark.parametrize(
    ("old", "new", "removed", "added"),
    [
        ("Sperrgut", "Sperrgut, Sofa", "", ", Sofa"),
        ("Sperrgut abholen.", "Sperrgut, Sofa abholen.", "", ", Sofa"),
        ("Hund, Katze, Maus", "Hund, Maus", "Katze, ", ""),
        ("Das kostet 12,50 EUR.", "Das kostet 13,50 EUR.", "12,50", "13,50"),
        ("8:00 bis 12:00 Uhr", "8:00 bis 12:30 Uhr", "12:00", "12:30"),
        ("Amt öffnet", "Das Amt öffnet", "", "Das "),
        ("a\n\nb", "a\nb", "\n\n", "\n"),
        ("", "neu", "", "neu"),
    ],
)
def test_only_what_differs_is_marked(old, new, removed, added):
    parts = segments(old, new)
    assert "".join(part.text for part in parts if part.op == "removed") == removed
    assert "".join(part.text for part in parts if part.op == "added") == added


def test_the_same_service_elsewhere_and_news(own, people, soest, kreis):
    with scope.municipality(kreis.schema_name), transaction.atomic():
        twin = actions.save_article(Article(title="Zwilling", group="g1"), acting_user=people["editor.kreis"])
        actions.publish(twin, acting_user=people["editor.kreis"])
    with scope.municipality(soest.schema_name), transaction.atomic():
        own["published"].group = "g1"
        actions.save_article(own["published"], acting_user=people["editor"])
        actions.publish(own["published"], acting_user=people["editor"])
    with scope.desk(people["agent"].pk), transaction.atomic():
        news = pool.news(limit=5)
        assert [entry.title for entry in news[:2]] == ["Published", "Zwilling"]
        assert [entry.title for entry in pool.same_service(news[0])] == ["Zwilling"]
        assert pool.same_service(news[2]) == []
        assert pool.news(since=timezone.now()) == []
        assert pool.entry(news[0].municipality_id, "article", "nix") is None
