"""The operator's pages: they add and switch, and never show what belongs to a municipality."""

import pytest
from django.db import transaction

from tenants import scope
from tenants.models import Municipality, NumberPrefix, ServiceCentre

HOST = "localhost"
NEW = {
    "name": "Stadt Geseke",
    "kind": "stadt",
    "slug": "geseke",
    "ags": "05974020",
    "inhabitants": "20747",
    "number": "02942 500",
}


@pytest.mark.parametrize(
    "path",
    [
        "/betrieb/",
        "/betrieb/kommunen/neu/",
        "/betrieb/kommunen/soest/",
        "/betrieb/servicecenter/",
        "/betrieb/servicecenter/neu/",
        "/betrieb/servicecenter/soest/",
        "/betrieb/protokoll/",
    ],
)
def test_pages_are_for_the_operator(visit, path):
    assert visit("operator", HOST).get(path).status_code == 200
    for who in ("agent", "admin", "nobody"):
        assert visit(who, HOST).get(path).status_code == 403
    assert visit(None, HOST).get(path).status_code == 302


def test_add_municipality(visit, places):
    response = visit("operator", HOST).post("/betrieb/kommunen/neu/", NEW | {"centre": places["soest"].centre_id})
    assert response.status_code == 302
    with scope.operator():
        made = Municipality.objects.get(slug="geseke")
        number = NumberPrefix.objects.get(municipality=made)
    assert (str(made.status), made.ars, number.prefix) == ("provisioning", "059740020020", "+492942500")
    assert number.confirmed_at is not None
    page = visit("operator", HOST).get("/betrieb/kommunen/geseke/").content.decode()
    assert "Wird eingerichtet" in page


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("ags", "123", "AGS"),
        ("slug", "Soest!", "Kleinbuchstaben"),
        ("slug", "soest", "existiert bereits"),
        ("number", "110", "Vorwahl"),
    ],
)
def test_mistakes_are_said_and_nothing_is_lost(visit, places, field, value, said):
    response = visit("operator", HOST).post(
        "/betrieb/kommunen/neu/", NEW | {"centre": places["soest"].centre_id, field: value}
    )
    assert response.status_code == 422
    page = response.content.decode()
    assert said in page
    assert "Stadt Geseke" in page
    with scope.operator():
        assert not Municipality.objects.filter(name="Stadt Geseke").exists()


def test_nobody_goes_live_while_something_is_missing(visit, places):
    response = visit("operator", HOST).post("/betrieb/kommunen/lippstadt/stand/", {"state": "live"}, follow=True)
    assert "Vor dem Start fehlt noch" in response.content.decode()
    with scope.operator():
        assert str(Municipality.objects.get(slug="lippstadt").status) == "joining"


def test_a_proposed_number_is_confirmed(visit, soest):
    from tenants import own_actions
    from tenants.audit import SYSTEM

    with scope.municipality(soest.schema_name), transaction.atomic():
        number = own_actions.propose_number(soest, "+492921999", max_length=13, acting_user=SYSTEM)
    visit("operator", HOST).post(f"/betrieb/kommunen/soest/nummern/{number.pk}/bestaetigen/")
    with scope.operator():
        assert NumberPrefix.objects.get(pk=number.pk).confirmed_at is not None


def test_first_admin_is_invited_by_a_link_that_is_shown_once(visit):
    client = visit("operator", HOST)
    response = client.post("/betrieb/kommunen/lippstadt/einladen/", {"name": "Ines Vogt", "email": "ines@example.org"})
    assert "http://lippstadt.localhost/einladung/" in response.content.decode()
    assert "/einladung/" not in client.get("/betrieb/kommunen/lippstadt/").content.decode()


def test_add_centre_and_name_its_operator(visit):
    client = visit("operator", HOST)
    client.post("/betrieb/servicecenter/neu/", {"name": "Servicecenter Hamm", "slug": "hamm"})
    client.post("/betrieb/servicecenter/soest/", {"operator": "soest"})
    with scope.operator():
        assert ServiceCentre.objects.filter(slug="hamm").exists()
        assert ServiceCentre.objects.get(slug="soest").operator.slug == "soest"
