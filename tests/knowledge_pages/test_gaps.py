"""Wissenslücken: what agents asked, and how they are answered."""

import pytest

from tests.knowledge_pages import seeding
from tests.knowledge_pages.seeding import entered
from tests.knowledge_pages.test_articles import BASELINE, queries_of, words


def state(soest, gap):
    """The stored gap."""
    from knowledge.pool.models import Gap

    with entered(soest):
        return Gap.objects.get(pk=gap.pk)


def test_the_most_frequent_question_stands_first(editor, soest, people, gap):
    for _time in range(3):
        seeding.ask(soest, people["agent2"], title="Balkonkraftwerk anmelden")
    page = words(editor.get("/luecken/"))
    assert "4 Meldungen sind offen." in page
    assert page.index("Balkonkraftwerk") < page.index("Grenze für")
    assert page.count("Beantworten") == 2
    assert "Grenze für" in words(editor.get("/luecken/?q=kubikmeter"))
    assert "Zu diesem Filter gibt es keine Wissenslücke." in words(editor.get("/luecken/?state=declined"))


def test_a_thousand_gaps_cost_no_more_queries(editor, soest, people, gap):
    from django.db import transaction

    from knowledge.pool.models import Gap
    from tenants import scope

    few = queries_of(editor, "/luecken/")
    assert few <= BASELINE
    given = {
        "municipality": soest,
        "centre": soest.centre,
        "reported_by": people["agent"].pk,
        "reported_by_name": "Jana Köster",
    }
    with scope.desk(people["agent"].pk), transaction.atomic():
        Gap.objects.bulk_create(Gap(title=f"Frage {n % 300}", **given) for n in range(1000))
    assert queries_of(editor, "/luecken/") == few
    assert "1 bis 25 von 301" in words(editor.get("/luecken/"))


def test_nothing_open_is_good_news(editor):
    assert "Zurzeit ist keine Wissenslücke offen." in words(editor.get("/luecken/"))


def test_a_gap_says_what_was_asked_by_whom_and_when(editor, gap, known):
    page = words(editor.get(f"/luecken/{gap.pk}/"))
    assert "Wie viele Kubikmeter nimmt die Abfuhr höchstens mit?" in page
    assert "Gesucht „wohnungsauflösung“" in page
    assert "von Jana Köster" in page


def test_somebody_takes_it(editor, gap, soest):
    response = editor.post(f"/luecken/{gap.pk}/uebernehmen/", follow=True)
    assert "in Arbeit" in words(response)
    assert state(soest, gap).state == "in_progress"


def test_an_article_answers_it_and_all_who_asked_the_same(editor, soest, gap, known, people):
    twin = seeding.ask(soest, people["agent2"])
    assert known.article.title in words(editor.get(f"/luecken/{gap.pk}/?q=sperrgut"))
    response = editor.post(
        f"/luecken/{gap.pk}/beantworten/", {"article": known.article.key, "note": "Steht unter Kosten."}, follow=True
    )
    assert "ist beantwortet. Jana Köster, Murat Aydın lesen die Antwort am Arbeitsplatz." in words(response)
    for each in (gap, twin):
        answered = state(soest, each)
        assert (answered.state, answered.answer_key, answered.answer_note) == (
            "answered",
            known.article.key,
            "Steht unter Kosten.",
        )
    page = words(editor.get(f"/luecken/{gap.pk}/"))
    assert "Beantwortet von Heike Brand" in page
    again = editor.post(f"/luecken/{gap.pk}/beantworten/", {"article": known.article.key})
    assert again.status_code == 422
    assert "hat diese Meldung schon bearbeitet" in words(again)


def test_an_article_that_agents_do_not_see_answers_nothing(editor, soest, gap, known):
    editor.post(f"/wissen/{known.article.key}/zurueckziehen/")
    response = editor.post(f"/luecken/{gap.pk}/beantworten/", {"article": known.article.key, "note": "Bleibt stehen."})
    assert response.status_code == 422
    assert "nicht veröffentlicht" in words(response)
    assert "Bleibt stehen." in response.content.decode()
    assert state(soest, gap).state == "new"
    assert editor.post(f"/luecken/{gap.pk}/beantworten/", {}).status_code == 422


def test_a_sentence_answers_it_without_an_article(editor, soest, gap, people):
    twin = seeding.ask(soest, people["agent2"])
    response = editor.post(f"/luecken/{gap.pk}/antworten/", {"note": " "})
    assert response.status_code == 422
    assert "Schreiben Sie die Antwort." in words(response)
    response = editor.post(f"/luecken/{gap.pk}/antworten/", {"note": "Bis vier Kubikmeter."}, follow=True)
    assert "ist beantwortet. Jana Köster, Murat Aydın lesen die Antwort am Arbeitsplatz." in words(response)
    for each in (gap, twin):
        answered = state(soest, each)
        assert (answered.state, answered.answer_kind, answered.answer_note) == ("answered", "", "Bis vier Kubikmeter.")
    assert "Nachricht Bis vier Kubikmeter." in words(editor.get(f"/luecken/{gap.pk}/"))
    assert editor.post(f"/luecken/{gap.pk}/antworten/", {"note": "Noch einmal."}).status_code == 422


def test_declining_needs_a_reason(editor, soest, gap):
    response = editor.post(f"/luecken/{gap.pk}/ablehnen/", {"note": ""})
    assert response.status_code == 422
    assert "Sagen Sie dem Servicecenter, warum" in words(response)
    response = editor.post(
        f"/luecken/{gap.pk}/ablehnen/", {"note": "Macht die Entsorgungswirtschaft des Kreises."}, follow=True
    )
    assert "ist abgelehnt. Jana Köster liest den Grund." in words(response)
    assert state(soest, gap).state == "declined"


def test_a_new_article_begins_with_the_agents_words_and_answers_the_gap(editor, soest, gap):
    page = editor.get(f"/wissen/~neu/?luecke={gap.pk}").content.decode()
    assert 'value="Grenze für Wohnungsauflösung"' in page
    assert "wohnungsauflösung</textarea>" in page
    sent = {
        "title": "Wohnungsauflösung",
        "short_answer": "Bis vier Kubikmeter.",
        "luecke": str(gap.pk),
        "do": "publish",
    }
    response = editor.post("/wissen/~neu/", sent)
    assert response["Location"] == f"/wissen/wohnungsaufloesung/veroeffentlichen/?luecke={gap.pk}"
    assert f'value="{gap.pk}" checked' in editor.get(response["Location"]).content.decode()


@pytest.mark.parametrize("value", ["", "x", "99999999999999999999999", "-1", "7 OR 1=1"])
def test_a_nonsense_gap_is_no_gap(editor, value):
    assert editor.get("/wissen/~neu/", {"luecke": value}).status_code == 200


def test_departments_and_strangers(reader, visit, gap, known):
    assert "Ich kümmere mich" not in words(reader.get(f"/luecken/{gap.pk}/"))
    for deed in ("uebernehmen", "beantworten", "antworten", "ablehnen"):
        assert reader.post(f"/luecken/{gap.pk}/{deed}/", {"note": "x"}).status_code == 403
    stranger = visit("editor.kreis", "kreis.localhost")
    assert stranger.get(f"/luecken/{gap.pk}/").status_code == 404
    assert stranger.post(f"/luecken/{gap.pk}/ablehnen/", {"note": "x"}).status_code == 404
    assert "Grenze" not in words(stranger.get("/luecken/"))


def test_deeds_are_not_done_by_looking(editor, gap):
    for deed in ("uebernehmen", "beantworten", "antworten", "ablehnen"):
        assert editor.get(f"/luecken/{gap.pk}/{deed}/").status_code == 405
