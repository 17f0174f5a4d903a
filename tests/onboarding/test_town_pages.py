"""A municipality's start, joining and settings pages, without JavaScript."""

import pytest
from django.db import transaction

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
        "/einstellungen/tage/neu/", {"day-day": "2026-12-24", "day-label": "Heiligabend", "day-intervals": "8-12"}
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
