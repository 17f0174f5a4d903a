"""Publishing, withdrawing, discarding, deleting, restoring: asked first, named with the municipality, written to the log."""

import pytest

from tests.knowledge_pages.seeding import SHORT, entered
from tests.knowledge_pages.test_articles import stored, typed, words


def published(soest, key):
    """What agents read of the article, or None."""
    from knowledge.models import Publication

    with entered(soest):
        return Publication.objects.filter(kind="article", key=key).first()


def test_publishing_asks_with_the_name_of_the_municipality_and_shows_what_changes(editor, changed):
    page = words(editor.get(f"/wissen/{changed.article.key}/veroeffentlichen/"))
    assert "Für Stadt Soest veröffentlichen?" in page
    assert "Das Servicecenter liest die neue Fassung sofort." in page
    assert "Wohnungsauflösung" in page


def test_published_is_read_at_once_and_said(editor, changed, soest):
    article = stored(soest, changed.article)
    sent = {"seen": article.updated_at.isoformat(), "note": "Ratsbeschluss"}
    response = editor.post(f"/wissen/{article.key}/veroeffentlichen/", sent, follow=True)
    assert "ist für Stadt Soest veröffentlicht. Das Servicecenter liest jetzt Fassung 2." in words(response)
    assert "vier Kubikmeter" in published(soest, article.key).payload["short_answer"]
    history = words(editor.get(f"/wissen/{article.key}/verlauf/"))
    assert "Heike Brand geändert: Kurz gesagt, Kosten, Suchwörter, Zuständig, Im Netz Ratsbeschluss" in history


def test_what_changed_after_the_question_is_not_published(editor, admin, changed, soest):
    before = stored(soest, changed.article)
    admin.post(f"/wissen/{before.key}/", typed(before, short_answer="Ganz anders."))
    response = editor.post(
        f"/wissen/{before.key}/veroeffentlichen/", {"seen": before.updated_at.isoformat(), "note": "meine Notiz"}
    )
    assert response.status_code == 409
    assert "Inzwischen hat Stefan Droste den Entwurf geändert." in words(response)
    assert "meine Notiz" in response.content.decode()
    assert published(soest, before.key).payload["short_answer"] == SHORT


def test_publishing_saves_first_what_was_typed(editor, known, soest):
    article = stored(soest, known.article)
    response = editor.post(f"/wissen/{article.key}/", typed(article, short_answer="Gerade getippt.", do="publish"))
    assert response["Location"] == f"/wissen/{article.key}/veroeffentlichen/"
    assert stored(soest, article).short_answer == "Gerade getippt."
    assert published(soest, article.key).payload["short_answer"] == SHORT


def test_publishing_the_same_again_says_so(editor, known, soest):
    article = stored(soest, known.article)
    response = editor.post(
        f"/wissen/{article.key}/veroeffentlichen/", {"seen": article.updated_at.isoformat()}, follow=True
    )
    assert "hat sich nicht geändert; das Servicecenter liest weiter Fassung 1." in words(response)


def test_ticked_gaps_are_answered_and_the_agent_learns_it(editor, changed, soest, gap, people):
    from knowledge.pool import queries
    from tenants import scope

    article = stored(soest, changed.article)
    question = editor.get(f"/wissen/{article.key}/veroeffentlichen/?luecke={gap.pk}").content.decode()
    assert f'name="gap" value="{gap.pk}" checked' in question
    assert "checked" not in editor.get(f"/wissen/{article.key}/veroeffentlichen/").content.decode()
    sent = {"seen": article.updated_at.isoformat(), "gap": [str(gap.pk), "nonsense", "9" * 30]}
    response = editor.post(f"/wissen/{article.key}/veroeffentlichen/", sent, follow=True)
    assert (
        "Die Wissenslücke „Grenze für Wohnungsauflösung“ ist beantwortet; Jana Köster erfährt es am Arbeitsplatz."
        in words(response)
    )
    from django.db import transaction

    with scope.desk(people["agent"].pk), transaction.atomic():
        (answered,) = queries.answered_gaps(people["agent"].pk)
        assert answered.answer_key == article.key


def test_withdrawing_asks_and_takes_it_from_the_desk(editor, known, soest):
    assert "Für Stadt Soest zurückziehen?" in words(editor.get(f"/wissen/{known.article.key}/zurueckziehen/"))
    assert published(soest, known.article.key)
    response = editor.post(f"/wissen/{known.article.key}/zurueckziehen/", follow=True)
    assert "ist für Stadt Soest zurückgezogen. Das Servicecenter sieht den Eintrag nicht mehr." in words(response)
    assert published(soest, known.article.key) is None
    again = editor.post(f"/wissen/{known.article.key}/zurueckziehen/")
    assert again.status_code == 422
    assert "ist nicht veröffentlicht" in words(again)


def test_discarding_shows_what_is_lost_and_sets_the_draft_back(editor, changed, soest):
    page = words(editor.get(f"/wissen/{changed.article.key}/verwerfen/"))
    assert "entfällt: ab, bis zu vier Kubikmeter je Termin." in page or "Kubikmeter" in page
    editor.post(f"/wissen/{changed.article.key}/verwerfen/")
    article = stored(soest, changed.article)
    assert article.short_answer == SHORT
    assert not article.has_changes


def test_what_is_published_is_not_deleted(editor, known):
    response = editor.post(f"/wissen/{known.article.key}/loeschen/")
    assert response.status_code == 422
    assert "ist veröffentlicht. Ziehen Sie den Eintrag zurück" in words(response)
    editor.post(f"/wissen/{known.article.key}/zurueckziehen/")
    assert editor.post(f"/wissen/{known.article.key}/loeschen/")["Location"] == "/wissen/"
    assert editor.get(f"/wissen/{known.article.key}/").status_code == 404


def test_a_version_becomes_the_draft_again_and_is_not_published_by_that(editor, changed, soest):
    article = stored(soest, changed.article)
    editor.post(f"/wissen/{article.key}/veroeffentlichen/", {"seen": article.updated_at.isoformat()})
    question = words(editor.get(f"/wissen/{article.key}/verlauf/1/holen/"))
    assert "Fassung 1 in den Entwurf holen?" in question
    response = editor.post(f"/wissen/{article.key}/verlauf/1/holen/", follow=True)
    assert "Fassung 1 steht jetzt im Entwurf. Veröffentlicht ist sie noch nicht." in words(response)
    assert stored(soest, article).short_answer == SHORT
    assert "vier Kubikmeter" in published(soest, article.key).payload["short_answer"]
    assert editor.get(f"/wissen/{article.key}/verlauf/9/holen/").status_code == 404


def test_any_two_versions_are_compared_the_older_first(editor, changed, soest):
    article = stored(soest, changed.article)
    editor.post(f"/wissen/{article.key}/veroeffentlichen/", {"seen": article.updated_at.isoformat()})
    for query in ("", "?alt=1&neu=2", "?alt=2&neu=1", "?alt=x&neu=9", "?alt=1&neu=1"):
        page = words(editor.get(f"/wissen/{article.key}/verlauf/{query}"))
        assert "Unterschiede: Fassung 1 und Fassung 2" in page
        assert "Wohnungsauflösung" in page


@pytest.mark.parametrize("page", ["veroeffentlichen", "zurueckziehen", "verwerfen", "loeschen", "verlauf/1/holen"])
def test_departments_publish_nothing(reader, known, page):
    assert reader.get(f"/wissen/{known.article.key}/{page}/").status_code == 403
    assert reader.post(f"/wissen/{known.article.key}/{page}/").status_code == 403
    assert reader.get(f"/wissen/{known.article.key}/verlauf/").status_code == 200


def test_a_joining_municipality_is_told_that_nobody_reads_yet(visit, places, people):
    from knowledge import actions
    from knowledge.models import Article

    with entered(places["lippstadt"]):
        article = actions.save_article(Article(title="Hundesteuer"), acting_user=people["admin.lippstadt"])
    client = visit("admin.lippstadt", "lippstadt.localhost")
    assert "Stadt Lippstadt ist noch nicht live" in words(client.get(f"/wissen/{article.key}/"))
    response = client.post(
        f"/wissen/{article.key}/veroeffentlichen/", {"seen": article.updated_at.isoformat()}, follow=True
    )
    assert "Gelesen wird sie, sobald Stadt Lippstadt live ist." in words(response)


def test_every_deed_is_in_the_log(editor, known, soest):
    from django.db import connection

    from tenants import scope

    article = stored(soest, known.article)
    editor.post(f"/wissen/{article.key}/", typed(article, short_answer="Neu."))
    editor.post(f"/wissen/{article.key}/veroeffentlichen/", {"seen": stored(soest, article).updated_at.isoformat()})
    editor.post(f"/wissen/{article.key}/zurueckziehen/")
    with scope.owner(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT action, person_name FROM public.tenants_auditentry WHERE object_id = %s ORDER BY id DESC LIMIT 3",
            [article.key],
        )
        assert cursor.fetchall() == [
            ("withdraw", "Heike Brand"),
            ("publish", "Heike Brand"),
            ("save_article", "Heike Brand"),
        ]
