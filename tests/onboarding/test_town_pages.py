"""A municipality's start, joining and settings pages, without JavaScript."""

import pytest
from django.db import transaction
from django.utils import timezone

from tenants import scope
from tenants.models import AuditEntry, Municipality, NumberPrefix, SpecialDay

HOST = "soest.localhost"


def own(soest):
    with scope.municipality(soest.schema_name), transaction.atomic():
        return Municipality.objects.get()


@pytest.mark.parametrize("path", ["/", "/beitritt/", "/einstellungen/", "/einstellungen/protokoll/"])
def test_pages(visit, path):
    response = visit("admin", HOST).get(path)
    assert response.status_code == 200
    assert "Stadt Soest" in response.content.decode()


def test_start_and_joining_are_for_all_members(visit):
    for who in ("editor", "reader"):
        for path in ("/", "/beitritt/"):
            assert visit(who, HOST).get(path).status_code == 200
    assert visit("reader", HOST).get("/einstellungen/").status_code == 403
    assert visit("editor.kreis", HOST).get("/").status_code == 404


def test_texts_are_saved_and_come_back(visit, soest):
    client = visit("editor", HOST)
    data = {
        "texts-greeting": "Guten Tag, {agent}.",
        "texts-emergency": "",
        "texts-closed_text": "",
        "texts-inhabitants": "48543",
    }
    response = client.post("/einstellungen/texte/", data, follow=True)
    assert "sind gespeichert" in response.content.decode()
    assert own(soest).greeting == "Guten Tag, {agent}."


def test_what_was_typed_stays_when_something_is_wrong(visit, soest):
    client = visit("admin", HOST)
    data = {f"hours-day{n}": "" for n in range(7)} | {"hours-day0": "8 bis 12, 11-15 Uhr"}
    response = client.post("/einstellungen/zeiten/", data)
    assert response.status_code == 422
    page = response.content.decode()
    assert "8 bis 12, 11-15 Uhr" in page
    assert "überschneiden" in page
    assert own(soest).hours["4"] == [["08:00", "13:00"]]


def test_hours_as_people_type_them(visit, soest):
    data = {f"hours-day{n}": "" for n in range(7)} | {
        "hours-day0": "8-12 Uhr und 13.30 bis 17 Uhr",
        "hours-day3": "8:00–18:00",
    }
    visit("admin", HOST).post("/einstellungen/zeiten/", data)
    assert own(soest).hours == {"0": [["08:00", "12:00"], ["13:30", "17:00"]], "3": [["08:00", "18:00"]]}


def test_an_editor_may_not_change_hours(visit):
    assert visit("editor", HOST).post("/einstellungen/zeiten/", {}).status_code == 403


def test_special_day_and_number(visit, soest):
    client = visit("admin", HOST)
    client.post(
        "/einstellungen/tage/neu/",
        {"day-day": f"24.12.{timezone.localdate().year + 1}", "day-label": "Heiligabend", "day-intervals": "8-12"},
    )
    client.post("/einstellungen/nummern/neu/", {"number-number": "02921 999", "number-extension_digits": "4"})
    with scope.municipality(soest.schema_name), transaction.atomic():
        special, number = SpecialDay.objects.get(), NumberPrefix.objects.get(prefix="+492921999")
    assert (special.intervals, number.max_length, number.confirmed_at) == ([["08:00", "12:00"]], 13, None)
    client.post(f"/einstellungen/tage/{special.pk}/entfernen/")
    client.post(f"/einstellungen/nummern/{number.pk}/entfernen/")
    with scope.municipality(soest.schema_name), transaction.atomic():
        assert not SpecialDay.objects.exists()
        assert NumberPrefix.objects.count() == 1
        assert AuditEntry.objects.filter(action="remove_number", person_name="Stefan Droste").exists()


def test_another_municipalitys_rows_are_not_found(visit, kreis):
    with scope.operator():
        foreign = NumberPrefix.objects.get(municipality=kreis)
    assert visit("admin", HOST).post(f"/einstellungen/nummern/{foreign.pk}/entfernen/").status_code == 404


def test_a_mark_that_the_kreis_has_is_refused_in_words(visit, kreis):
    data = {"mark-initials": "so", "mark-colour": kreis.colour, "mark-pattern": kreis.pattern}
    response = visit("admin", HOST).post("/einstellungen/zeichen/", data)
    assert response.status_code == 422
    assert "schon jemand" in response.content.decode()


@pytest.mark.parametrize(
    ("day", "said"),
    [("24.12.1999", "schon vorbei"), ("Heiligabend", "einen Tag wie 24.12.2026"), ("32.1.2030", "Tag wie")],
)
def test_a_special_day_that_is_none(visit, soest, day, said):
    response = visit("admin", HOST).post("/einstellungen/tage/neu/", {"day-day": day, "day-label": "Fest"})
    assert response.status_code == 422
    page = response.content.decode()
    assert said in page
    assert f'value="{day}"' in page


@pytest.mark.parametrize("written", ["02921 999", "(02921) 999", "+49 2921 999", "0049 2921/999", "+49 (0)2921-999"])
def test_numbers_as_people_write_them(visit, soest, written):
    visit("admin", HOST).post("/einstellungen/nummern/neu/", {"number-number": written, "number-extension_digits": "4"})
    with scope.municipality(soest.schema_name), transaction.atomic():
        assert NumberPrefix.objects.get(confirmed_at=None).prefix == "+492921999"


@pytest.mark.parametrize("written", ["110", "999", "anonym", "02921 abc", "+", "0"])
def test_no_number_is_said_in_words(visit, written):
    sent = {"number-number": written, "number-extension_digits": "4"}
    response = visit("admin", HOST).post("/einstellungen/nummern/neu/", sent)
    assert response.status_code == 422
    assert "Bitte mit Vorwahl angeben" in response.content.decode()


def test_the_start_page_asks_for_what_is_due(visit, soest, people):
    from datetime import timedelta

    from knowledge import actions
    from knowledge.models import Article

    with scope.municipality(soest.schema_name), transaction.atomic():
        article = Article(title="Wertstoffhof", review_at=timezone.localdate() - timedelta(days=5))
        actions.publish(actions.save_article(article, acting_user=people["editor"]), acting_user=people["editor"])
    client = visit("reader", HOST)
    page = client.get("/").content.decode()
    assert "die älteste seit 5 Tagen" in page
    assert 'href="/einstellungen/"' not in page  # a department may not open it
    assert 'href="/mitglieder/"' not in page
    response = client.post("/wissen/wertstoffhof/stimmt-noch/", {"zurueck": "/"}, follow=True)
    assert response.redirect_chain == [("/", 302)]
    assert "„Wertstoffhof“ stimmt noch" in response.content.decode()
    assert "Kein Artikel ist zur Prüfung fällig." in response.content.decode()


def test_the_start_page_reads_the_greeting_and_the_situation(visit, soest, people):
    from tenants import own_actions

    with scope.municipality(soest.schema_name):
        own_actions.change_situation(soest, "Rohrbruch <b>", acting_user=people["admin"])
    page = visit("editor", HOST).get("/").content.decode()
    assert "„Guten Tag, Servicecenter der Stadt Soest, mein Name ist … Was kann ich für Sie tun?“" in page
    assert "Rohrbruch &lt;b&gt;" in page


def test_the_log_is_searched(visit, soest, people):
    from tenants import own_actions

    with scope.municipality(soest.schema_name):
        own_actions.change_situation(soest, "Rohrbruch", acting_user=people["admin"])
        own_actions.propose_number(soest, "+492921999", max_length=13, acting_user=people["editor"])
    client = visit("admin", HOST)
    every, hers, none = (client.get(f"/einstellungen/protokoll/?q={q}").content.decode() for q in ("", "heike", "zzz"))
    assert "Lagemeldung geändert" in every
    assert "Rufnummer vorgeschlagen" in hers
    assert "02921 999" in hers
    assert "Lagemeldung geändert" not in hers
    assert "Dazu gibt es keinen Eintrag." in none
    assert client.get("/einstellungen/protokoll/?q=%00&seite=x").status_code == 200


def test_a_hundred_times_as_much_costs_no_more_queries(visit, soest, people):
    from datetime import timedelta

    from knowledge.models import Article
    from tenants import audit
    from tests.knowledge_pages.test_articles import queries_of

    due, client = timezone.localdate() - timedelta(days=1), visit("admin", HOST)
    paths = ("/", "/beitritt/", "/einstellungen/", "/einstellungen/protokoll/")

    def add(numbers):
        with scope.municipality(soest.schema_name), transaction.atomic():
            Article.objects.bulk_create(Article(key=f"a{n}", title=f"Leistung {n}", review_at=due) for n in numbers)
            for n in numbers:
                subject = ("article", f"a{n}", f"Leistung {n}")
                who = {"acting_user": people["editor"], "municipality": soest.pk}
                audit.record("save_article", subject, **who, after={"title": "x"})

    add(range(3))
    few = {path: queries_of(client, path) for path in paths}
    add(range(3, 300))
    assert {path: queries_of(client, path) for path in paths} == few
    assert max(few.values()) <= 28
