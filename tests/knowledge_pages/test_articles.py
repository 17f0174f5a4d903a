"""Wissen: list, form, preview, draft, and two people who edit at once."""

import re

import pytest

from tests.knowledge_pages.seeding import SHORT, entered

BASELINE = 16  # statements of a list page, those of session and person included


def typed(article, **changes):
    """What the form of an article sends."""
    return {
        "title": article.title, "short_answer": article.short_answer, "body": article.body, "synonyms": ", ".join(article.synonyms),
        "contacts": ["Dirk Große Böckmann"], "links-label": ["", ""], "links-url": ["", ""], "seen": article.updated_at.isoformat(), "do": "save",
    } | changes  # fmt: skip


def stored(soest, article):
    """The article as the database has it."""
    from knowledge.models import Article

    with entered(soest):
        return Article.objects.get(pk=article.pk)


def words(response):
    """The page without markup, blanks collapsed."""
    import html
    import re

    text = re.sub(r"<(script|style)\b.*?</\1>", "", response.content.decode(), flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def test_the_list_says_state_responsible_and_review(editor, changed):
    page = words(editor.get("/wissen/"))
    assert "1 Artikel, 1 mit Änderungen im Entwurf. 1 Prüfung ist fällig." in page
    assert "Sperrmüllabfuhr bestellen Änderungen im Entwurf Dirk Große Böckmann" in page
    assert "fällig seit" in page
    assert "Artikel schreiben" in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=sperrgut", True),
        ("q=zzz", False),
        ("state=changed", True),
        ("state=draft", False),
        ("due=1", True),
        ("state=nonsense", True),
        ("q=%00", True),
    ],
)
def test_the_list_is_filtered_by_the_address(editor, changed, query, found):
    page = editor.get(f"/wissen/?{query}").content.decode()
    assert (f"/wissen/{changed.article.key}/" in page) is found
    if not found:
        assert "Zu diesem Filter gibt es keinen Artikel." in page


def test_an_empty_list_says_what_to_do(editor, reader):
    assert "Den ersten Artikel schreiben" in words(editor.get("/wissen/"))
    assert "Den ersten Artikel schreiben" not in words(reader.get("/wissen/"))


def queries_of(client, path):
    """How many statements a page takes."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    return len(captured)


def test_a_long_list_is_paged_in_a_constant_number_of_queries(editor, soest, known):
    from knowledge.models import Article

    few = queries_of(editor, "/wissen/")
    assert few <= BASELINE
    with entered(soest):
        Article.objects.bulk_create(Article(key=f"a{n}", title=f"Leistung {n:04}") for n in range(1000))
    assert queries_of(editor, "/wissen/") == few
    first = editor.get("/wissen/")
    assert first.content.decode().count("<tr>") == 26
    assert "1 bis 25 von 1.001" in words(first)
    assert "Sperrmüllabfuhr" in words(editor.get("/wissen/?seite=99"))


def test_the_form_stands_beside_the_preview(editor, changed):
    page = editor.get(f"/wissen/{changed.article.key}/")
    assert "das Servicecenter liest Fassung 1 vom" in words(page)
    assert "5 Änderungen gegenüber der veröffentlichten Fassung" in words(page)
    assert "<ins>" in page.content.decode()
    assert "<strong>6 Uhr</strong>" in page.content.decode()
    assert "Nicht veröffentlicht und daher für das Servicecenter unsichtbar: Tina Lorenzen." in words(page)


def test_what_agents_read_is_said_when_it_is_the_draft(editor, known):
    page = words(editor.get(f"/wissen/{known.article.key}/"))
    assert "So sieht es das Servicecenter" in page
    assert "Änderungen gegenüber" not in page
    assert f"Noch {400 - len(SHORT)} von 400 Zeichen" in page


def test_saving_keeps_a_draft_and_publishes_nothing(editor, known, soest):
    article = stored(soest, known.article)
    sent = typed(
        article,
        short_answer="Zweimal im Jahr.",
        synonyms="Sofa, sofa,  Matratze ",
        **{"links-label": ["Termin"], "links-url": ["soest.de/termin"]},
    )
    response = editor.post(f"/wissen/{article.key}/", sent, follow=True)
    assert response.status_code == 200
    assert "Der Entwurf „Sperrmüllabfuhr bestellen“ ist gespeichert." in words(response)
    saved = stored(soest, article)
    assert saved.short_answer == "Zweimal im Jahr."
    assert saved.synonyms == ["Sofa", "Matratze"]
    assert saved.links == [{"label": "Termin", "url": "https://soest.de/termin"}]
    assert saved.has_changes
    from knowledge.models import Publication

    with entered(soest):
        assert Publication.objects.get(kind="article", key=article.key).payload["short_answer"] == SHORT


def test_preview_shows_what_was_typed_and_saves_nothing(editor, known, soest):
    article = stored(soest, known.article)
    response = editor.post(f"/wissen/{article.key}/", typed(article, short_answer="Nur zur Ansicht.", do="preview"))
    assert response.status_code == 200
    assert "Vorschau Ihrer Eingaben, noch nicht gespeichert" in words(response)
    assert "Kurz gesagt Nur zur Ansicht." in words(response)
    assert stored(soest, article).short_answer == SHORT


def test_contacts_keep_their_order_and_move_up(editor, known, soest):
    from knowledge.views.kinds import responsible

    article = stored(soest, known.article)
    rows = ["Dirk Große Böckmann, Sperrmüllberatung, 1243", "Tina Lorenzen"]
    response = editor.post(f"/wissen/{article.key}/", typed(article, contacts=rows, do="up:1"))
    page = response.content.decode()
    assert page.index('value="Tina Lorenzen"') < page.index('value="Dirk Große Böckmann, Sperrmüllberatung, 1243"')
    editor.post(f"/wissen/{article.key}/", typed(article, contacts=rows[::-1]))
    with entered(soest):
        assert [contact.title for contact in responsible(article)] == ["Tina Lorenzen", "Dirk Große Böckmann"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"title": ""}, "Der Artikel braucht einen Titel."),
        ({"contacts": ["Wer Nicht"]}, "„Wer Nicht“ steht nicht im Verzeichnis."),
        ({"links-label": ["Termin"], "links-url": [""]}, "Link 1 („Termin“) hat noch keine Adresse."),
        ({"links-label": ["x"], "links-url": ["javascript:alert(1)"]}, "ist keine Adresse im Netz."),
        ({"leika": "123"}, "Der LeiKa-Schlüssel hat 14 Ziffern"),
        ({"valid_from": "2026-12-01", "valid_to": "2026-11-01"}, "Das Ende der Gültigkeit liegt vor ihrem Anfang."),
        ({"short_answer": "x" * 401}, "höchstens 400 Zeichen"),
        ({"synonyms": "x" * 90}, "ist zu lang für ein Suchwort."),
        ({"synonyms": ", ".join(f"w{n}" for n in range(61))}, "Höchstens 60 Suchwörter"),
    ],
)
def test_errors_are_named_and_nothing_typed_is_lost(editor, known, soest, changes, message):
    article = stored(soest, known.article)
    response = editor.post(f"/wissen/{article.key}/", typed(article, body="Mit viel Mühe getippt.", **changes))
    assert response.status_code == 422
    assert message in words(response)
    assert "Mit viel Mühe getippt." in response.content.decode()
    assert stored(soest, article).body == article.body


def test_who_saved_meanwhile_is_named_and_saving_again_decides(editor, admin, known, soest):
    article = stored(soest, known.article)
    admin.post(f"/wissen/{article.key}/", typed(article, short_answer="Von Stefan."))
    response = editor.post(f"/wissen/{article.key}/", typed(article, short_answer="Von Heike."))
    page = words(response)
    assert response.status_code == 422
    assert "Inzwischen hat Stefan Droste diesen Eintrag geändert" in page
    assert "Von Heike." in response.content.decode()
    assert "entfällt: Stefan neu: Heike" in page
    assert stored(soest, article).short_answer == "Von Stefan."
    newer = stored(soest, article).updated_at.isoformat()
    assert f'name="seen" value="{newer}"' in response.content.decode()
    assert (
        editor.post(f"/wissen/{article.key}/", typed(article, short_answer="Von Heike.", seen=newer)).status_code == 302
    )
    assert stored(soest, article).short_answer == "Von Heike."


def test_a_new_article_gets_a_key_of_its_own(editor, soest, known):
    sent = {"title": "Sperrmüllabfuhr  bestellen", "short_answer": "Zweimal.", "do": "save"}
    response = editor.post("/wissen/~neu/", sent)
    assert response.status_code == 302
    assert response["Location"] != f"/wissen/{known.article.key}/"
    assert "Noch nicht veröffentlicht: Das Servicecenter sieht diesen Entwurf nicht." in words(
        editor.get(response["Location"])
    )


def test_nobody_is_responsible_for_a_new_article(editor, known, soest):
    with entered(soest):
        assert known.silent.articles.count() == 0  # responsible for nothing, which is not the same
    page = editor.get("/wissen/~neu/").content.decode()
    assert set(re.findall(r'name="contacts" value="([^"]*)"', page)) == {""}


def test_a_department_reads_and_cannot_write(reader, known, soest):
    page = words(reader.get(f"/wissen/{known.article.key}/"))
    assert "Kurz gesagt" in page
    assert "Entwurf speichern" not in page
    article = stored(soest, known.article)
    assert reader.post(f"/wissen/{article.key}/", typed(article)).status_code == 403
    assert reader.get("/wissen/~neu/").status_code == 403


def test_nobody_sees_another_municipality(visit, known):
    assert visit("editor.kreis", "soest.localhost").get(f"/wissen/{known.article.key}/").status_code == 404
    assert visit("editor.kreis", "kreis.localhost").get(f"/wissen/{known.article.key}/").status_code == 404


def test_paper_shows_what_agents_read(editor, changed):
    page = words(editor.get(f"/wissen/{changed.article.key}/druck/"))
    assert SHORT in page
    assert "vier Kubikmeter" not in page
    assert "Stadt Soest, veröffentlichte Fassung 1 vom" in page


@pytest.mark.parametrize(
    ("fields", "note"),
    [
        (
            {"valid_from": "2999-01-01"},
            "Gültig erst ab 01.01.2999: Bis dahin sieht das Servicecenter den Artikel nicht.",
        ),
        ({"valid_to": "2001-01-01"}, "Abgelaufen am 01.01.2001: Das Servicecenter sieht den Artikel nicht mehr."),
    ],
)
def test_what_agents_do_not_see_today_is_said(editor, known, soest, fields, note):
    article = stored(soest, known.article)
    editor.post(f"/wissen/{article.key}/", typed(article, **fields))
    assert note not in words(editor.get(f"/wissen/{article.key}/"))
    stamp = stored(soest, article).updated_at.isoformat()
    editor.post(f"/wissen/{article.key}/veroeffentlichen/", {"seen": stamp})
    assert note in words(editor.get(f"/wissen/{article.key}/"))


@pytest.mark.parametrize("who", ["editor", "reader"])
def test_still_right_with_one_click(visit, who, changed, soest):
    client = visit(who, "soest.localhost")
    article = stored(soest, changed.article)
    assert "fällig. Stimmt noch alles, genügt ein Klick. Stimmt noch" in words(client.get(f"/wissen/{article.key}/"))
    page = client.get("/wissen/?due=1")
    assert 'aria-label="Stimmt noch: Sperrmüllabfuhr bestellen"' in page.content.decode()
    response = client.post(f"/wissen/{article.key}/stimmt-noch/", {"zurueck": "/wissen/?due=1"})
    assert (response.status_code, response["Location"]) == (302, "/wissen/?due=1")
    kept = stored(soest, article)
    assert kept.review_at.year > article.review_at.year
    assert (kept.has_changes, kept.body, kept.updated_at) == (True, article.body, article.updated_at)
    page = words(client.get("/wissen/?due=1"))
    assert "„Sperrmüllabfuhr bestellen“ stimmt noch; die nächste Prüfung ist am" in page
    assert "Zu diesem Filter gibt es keinen Artikel." in page


@pytest.mark.parametrize("elsewhere", ["", "https://example.org/", "//example.org/", "/\\example.org", "wissen"])
def test_still_right_leads_nowhere_else(editor, changed, elsewhere):
    response = editor.post(f"/wissen/{changed.article.key}/stimmt-noch/", {"zurueck": elsewhere})
    assert response["Location"] == f"/wissen/{changed.article.key}/"


def test_still_right_is_not_said_by_strangers_or_by_looking(editor, visit, changed):
    path = f"/wissen/{changed.article.key}/stimmt-noch/"
    assert editor.get(path).status_code == 405
    assert visit("editor.kreis", "soest.localhost").post(path).status_code == 404
    assert visit("editor.kreis", "kreis.localhost").post(path).status_code == 404
