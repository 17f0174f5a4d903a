"""Verzeichnis: contacts and departments."""

import pytest

from tests.knowledge_pages.seeding import entered
from tests.knowledge_pages.test_articles import BASELINE, queries_of, words


def test_the_list_names_department_extension_and_articles(editor, known):
    page = words(editor.get("/verzeichnis/"))
    assert "2 Kontakte, 2 Abteilungen. 1 ohne Nummer." in page
    assert "Dirk Große Böckmann Sperrmüllberatung Sperrmüllstelle 1243 1 Artikel veröffentlicht" in page
    assert "Tina Lorenzen Sachbearbeitung eintragen : Durchwahl von Tina Lorenzen 0 Artikeln Entwurf" in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=1243", ["Dirk"]),
        ("q=lorenzen", ["Tina"]),
        ("state=no_number", ["Tina"]),
        ("department={department}", ["Dirk"]),
        ("state=draft", ["Tina"]),
    ],
)
def test_the_list_is_filtered(editor, known, query, found):
    page = words(editor.get(f"/verzeichnis/?{query.format(department=known.department.key)}"))
    assert [name for name in ("Dirk", "Tina") if f"{name} " in page.split("Zuständig in", 1)[-1]] == found


def test_a_thousand_contacts_cost_no_more_queries(editor, soest, known):
    from knowledge.models import Contact

    paths = ("/verzeichnis/", "/verzeichnis/abteilungen/", f"/wissen/{known.article.key}/")
    few = [queries_of(editor, path) for path in paths]
    assert max(few) <= BASELINE
    with entered(soest):
        Contact.objects.bulk_create(
            Contact(key=f"p{n}", title=f"Person {n:04}", department=known.below) for n in range(1000)
        )
    assert [queries_of(editor, path) for path in paths] == few
    assert "1 bis 25 von 1.002" in words(editor.get("/verzeichnis/"))
    assert "1.001 Kontakte" in words(editor.get("/verzeichnis/abteilungen/"))


def test_a_contact_is_added_changed_and_published(editor, soest, known):
    sent = {
        "title": "Maria Fischer",
        "function": "Umweltabteilung",
        "department": known.department.pk,
        "ext": "-1580",
        "phone": "02921 103-1580",
        "do": "publish",
    }
    response = editor.post("/verzeichnis/kontakte/~neu/", sent, follow=True)
    assert "Für Stadt Soest veröffentlichen?" in words(response)
    from knowledge.models import Contact

    with entered(soest):
        contact = Contact.objects.get(title="Maria Fischer")
    assert (contact.ext, contact.phone) == ("1580", "02921 103-1580")
    url = f"/verzeichnis/kontakte/{contact.key}/"
    response = editor.post(f"{url}veroeffentlichen/", {"seen": contact.updated_at.isoformat()}, follow=True)
    assert "„Maria Fischer“ ist für Stadt Soest veröffentlicht." in words(response)
    assert "Abteilung Umwelt und Abfall Durchwahl 1580" in words(editor.get(url))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ext": "12a"}, "Eine Durchwahl besteht nur aus Ziffern"),
        ({"phone": "bitte fragen"}, "„bitte fragen“ ist keine Rufnummer."),
        ({"email": "keine"}, "gültige E-Mail-Adresse"),
        ({"title": " "}, "Der Kontakt braucht einen Namen."),
    ],
)
def test_wrong_data_is_named(editor, changes, message):
    response = editor.post(
        "/verzeichnis/kontakte/~neu/", {"title": "Maria Fischer", "body": "Getippt.", "do": "save"} | changes
    )
    assert response.status_code == 422
    assert message in words(response)
    assert "Getippt." in response.content.decode()


def test_departments_form_a_tree_without_circles(editor, soest, known):
    page = editor.get("/verzeichnis/abteilungen/").content.decode()
    assert page.index("Umwelt und Abfall") < page.index("Sperrmüllstelle")
    sent = {
        "title": "Umwelt und Abfall",
        "parent": known.below.pk,
        "ext": "1500",
        "seen": known.department.updated_at.isoformat(),
        "do": "save",
    }
    response = editor.post(f"/verzeichnis/abteilungen/{known.department.key}/", sent)
    assert response.status_code == 422
    assert "kann nicht unter sich selbst stehen" in words(response)
    above = f"/verzeichnis/abteilungen/{known.department.key}/"
    assert "steht oben" in words(editor.get(above))


def test_departments_read_only(reader, known):
    for path in ("/verzeichnis/kontakte/~neu/", "/verzeichnis/abteilungen/~neu/"):
        assert reader.get(path).status_code == 403
    for path in (
        "/verzeichnis/",
        "/verzeichnis/abteilungen/",
        f"/verzeichnis/kontakte/{known.contact.key}/",
        f"/verzeichnis/abteilungen/{known.below.key}/",
    ):
        page = reader.get(path)
        assert page.status_code == 200
        assert "anlegen" not in words(page)
        assert "eintragen" not in words(page)
    assert reader.post(f"/verzeichnis/kontakte/{known.contact.key}/", {"title": "X"}).status_code == 403


def test_what_is_not_there_is_404(editor, known):
    for path in (
        "wissen/nix",
        f"verzeichnis/kontakte/{known.article.key}",
        "verzeichnis/abteilungen/nix",
        "luecken/999999",
        "luecken/99999999999999999999",
    ):
        assert editor.get(f"/{path}/").status_code == 404, path
