"""Erfolglose Suchen: the list, what an editor makes of a row, and the success by week."""

from datetime import timedelta

import pytest
from django.db import connection

from tests.knowledge_pages import seeding
from tests.knowledge_pages.seeding import entered
from tests.knowledge_pages.test_articles import BASELINE, queries_of, words


@pytest.fixture
def searched(soest, people, known):
    """searched("perso weg", times=2, hits=0, place=None, opened=False): an agent searched for Stadt Soest and opened the known article, or not."""

    def logged(typed, *, opened=False, **given):
        seeding.search(soest, people["agent"], typed, opened=known.article.key if opened else "", **given)

    return logged


def rows(soest):
    """(words, settled) of everything that is kept."""
    from knowledge.pool.models import LoggedSearch

    with entered(soest):
        return list(LoggedSearch.objects.order_by("pk").values_list("words", "settled"))


def test_the_list_says_how_often_and_how_it_ended(editor, searched):
    searched("zwergelefant", times=3)
    searched("zwergelefant", opened=True)
    searched("perso weg", hits=4)
    searched("perso weg", hits=4, place=4, opened=True)
    searched("perso weg", hits=4, place=1, opened=True)
    searched("sperrmüll", hits=4, place=3, opened=True)
    page = words(editor.get("/wissen/~suchen/"))
    assert "2 Suchen sind offen." in page
    assert "zwergelefant 4 4 – – Sperrmüllabfuhr bestellen" in page
    assert "perso weg 3 – 1 1 Sperrmüllabfuhr bestellen" in page
    assert page.index("zwergelefant") < page.index("perso weg")
    assert "sperrmüll 1" not in page  # found at once


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=elefant", {"zwergelefant"}),
        ("q=%00", {"zwergelefant", "perso weg"}),
        ("outcome=nothing", {"zwergelefant"}),
        ("outcome=abandoned", {"perso weg"}),
        ("outcome=late", set()),
        ("outcome=nonsense", {"zwergelefant", "perso weg"}),
        ("state=settled", {"hund weg"}),
        ("order=newest", {"zwergelefant", "perso weg"}),
        ("seite=99", {"zwergelefant", "perso weg"}),
    ],
)
def test_the_list_is_filtered_by_the_address(editor, searched, query, found):
    searched("zwergelefant")
    searched("perso weg", hits=4)
    searched("hund weg")
    editor.post("/wissen/~suchen/wort/hund weg/erledigt/", follow=True)
    page = words(editor.get(f"/wissen/~suchen/?{query}"))
    assert {said for said in ("zwergelefant", "perso weg", "hund weg") if "Aktion" in page and said in page} == found


def test_words_that_may_be_names_are_counted_only(editor, searched):
    searched("knifte")
    searched("hund knifte")
    page = words(editor.get("/wissen/~suchen/"))
    assert "1 weitere besteht nur aus Wörtern, die Namen sein könnten" in page
    assert "hund …" in page
    assert "steht für ein Wort, das ein Name sein könnte" in words(editor.get("/wissen/~suchen/wort/hund …/"))


def test_many_cost_no_more_queries(editor, soest, searched):
    from tenants import scope

    searched("zwergelefant")
    few = queries_of(editor, "/wissen/~suchen/")
    assert few <= BASELINE
    with scope.owner(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO pool_loggedsearch (municipality_id, hour, words, hits, outcome, entry, entry_title, settled)"
            " SELECT %s, now(), 'wort ' || n %% 300, 0, 'nothing', '', '', '' FROM generate_series(1, 1000) n",
            [soest.pk],
        )
    assert queries_of(editor, "/wissen/~suchen/") == few
    assert "1 bis 25 von 301" in words(editor.get("/wissen/~suchen/"))


def test_a_word_goes_into_the_draft_of_an_article(editor, soest, searched, known):
    from knowledge.models import Article, Publication

    searched("zwergelefant", times=2, opened=True)
    page = editor.get("/wissen/~suchen/wort/zwergelefant/").content.decode()
    assert f'value="{known.article.key}" checked' in page  # what was opened in the end is offered first
    sent = {"word": "Zwerg,  Elefant", "article": known.article.key}
    answer = editor.post("/wissen/~suchen/wort/zwergelefant/suchwort/", sent)
    assert answer["Location"] == f"/wissen/{known.article.key}/"
    with entered(soest):
        article = Article.objects.get(pk=known.article.pk)
        assert (article.synonyms, article.has_changes) == (["Sperrgut", "Zwerg Elefant"], True)
        assert Publication.objects.get(key=article.key).synonyms == ["Sperrgut"]  # publishing is a step of its own
    assert rows(soest) == [("zwergelefant", "keyword")] * 2
    assert "Zurzeit ist nichts offen." in words(editor.get("/wissen/~suchen/"))
    searched("zwergelefant")  # still not found: it comes up again
    assert "1 Suche ist offen." in words(editor.get("/wissen/~suchen/"))
    assert "Zuletzt bearbeitet als Suchwort übernommen" in words(editor.get("/wissen/~suchen/wort/zwergelefant/"))


def test_without_an_article_or_a_word_nothing_happens(editor, soest, searched, known):
    searched("zwergelefant")
    answer = editor.post("/wissen/~suchen/wort/zwergelefant/suchwort/?q=sperr", {})
    assert answer.status_code == 422
    assert "Wählen Sie den Artikel" in words(answer)
    assert "Schreiben Sie das Suchwort." in words(answer)
    assert known.article.title in words(answer)
    sent = {"word": "x", "article": "gibtsnicht"}
    assert editor.post("/wissen/~suchen/wort/zwergelefant/suchwort/", sent).status_code == 404
    assert rows(soest) == [("zwergelefant", "")]


def test_a_new_article_begins_with_the_words(editor, soest, searched):
    searched("zwergelefant knifte")
    answer = editor.post("/wissen/~suchen/wort/zwergelefant …/artikel/", follow=True)
    assert 'value="zwergelefant"' in answer.content.decode()
    assert rows(soest) == [("zwergelefant …", "article")]


def test_done_is_told_in_the_log(editor, admin, soest, searched):
    searched("zwergelefant", times=2)
    page = words(editor.post("/wissen/~suchen/wort/zwergelefant/erledigt/", follow=True))
    assert "„zwergelefant“ ist erledigt." in page
    assert "Zurzeit ist nichts offen." in page
    log = words(admin.get("/einstellungen/protokoll/"))
    assert "Erfolglose Suche bearbeitet" in log
    assert "zwergelefant" in log


def test_the_success_by_week(editor, soest, searched):
    from knowledge.pool.models import LoggedSearch
    from tenants import scope

    assert "Noch gibt es keine Suchen zu zählen." in words(editor.get("/wissen/~suchen/wirkung/"))
    searched("sperrmüll", hits=4, place=1, opened=True)
    with scope.owner(), connection.cursor() as cursor:
        cursor.execute("UPDATE pool_loggedsearch SET hour = hour - interval '14 days'")
    searched("sperrmüll", times=2, hits=4, place=3, opened=True)
    searched("sperrmüll", hits=4, place=4, opened=True)
    searched("sperrmüll", hits=4)
    searched("knifte")
    searched("02921 103-4711")
    page = words(editor.get("/wissen/~suchen/wirkung/"))
    assert "6 2 1 1 2 33 %" in page
    assert "1 1 0 0 0 100 %" in page
    with entered(soest):
        newest = LoggedSearch.objects.first().hour
    monday = newest.date() - timedelta(days=newest.weekday())
    assert f"{monday:%d.%m.%Y}" in page


def test_departments_and_strangers_see_nothing(reader, visit, searched):
    searched("zwergelefant")
    for path in ("", "wirkung/", "wort/zwergelefant/"):
        assert reader.get(f"/wissen/~suchen/{path}").status_code == 403
    stranger = visit("editor.kreis", "kreis.localhost")
    assert "zwergelefant" not in words(stranger.get("/wissen/~suchen/"))
    assert stranger.get("/wissen/~suchen/wort/zwergelefant/").status_code == 404
    for deed in ("suchwort", "artikel", "erledigt"):
        assert stranger.post(f"/wissen/~suchen/wort/zwergelefant/{deed}/", {}).status_code == 404


def test_why_an_entry_is_found_is_explained(editor, known):
    page = words(editor.get("/wissen/~suchen/erklaeren/?q=sperrmüll"))
    assert "„sperrmüll“ ist der Anfang von „Sperrmüllabfuhr“ (Titel)." in page
    assert "angerufen" not in page  # all of them are Soest's
    assert "Nichts gefunden. Ein Suchwort am passenden Artikel" in words(
        editor.get("/wissen/~suchen/erklaeren/?q=quastenflosser")
    )
    assert "Treffer" not in words(editor.get("/wissen/~suchen/erklaeren/?q=%00"))
