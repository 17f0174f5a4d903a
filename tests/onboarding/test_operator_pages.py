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


@pytest.mark.parametrize("email", ["", "ines", f"ines@{'x' * 60}.{'y' * 60}.{'z' * 60}.{'w' * 60}.{'v' * 30}.de"])
def test_an_address_that_cannot_be_is_said_and_stays(visit, email):
    path = "/betrieb/kommunen/lippstadt/einladen/"
    response = visit("operator", HOST).post(path, {"name": "Ines Vogt", "email": email})
    assert response.status_code == 422
    assert 'value="Ines Vogt"' in response.content.decode()


def test_add_centre_and_name_its_operator(visit):
    client = visit("operator", HOST)
    client.post("/betrieb/servicecenter/neu/", {"name": "Servicecenter Hamm", "slug": "hamm"})
    client.post("/betrieb/servicecenter/soest/", {"operator": "soest"})
    with scope.operator():
        assert ServiceCentre.objects.filter(slug="hamm").exists()
        assert ServiceCentre.objects.get(slug="soest").operator.slug == "soest"


def add_fifty(centre):
    """Municipalities of a centre, each with a number."""
    from tenants.marks import COLOURS, PATTERNS

    marks = {(colour, pattern) for colour, _name in COLOURS for pattern, _other in PATTERNS}
    with scope.operator(), transaction.atomic():
        free = sorted(marks - set(Municipality.objects.values_list("colour", "pattern")))
        made = Municipality.objects.bulk_create(
            Municipality(
                slug=f"ort{n}", name=f"Gemeinde Ort {n}", kind="gemeinde", ags=f"059740{n:02}", centre=centre, initials=f"{n:02}",
                schema_name=f"t_{n:08}", colour=free[n][0], pattern=free[n][1], status="joining",
            )
            for n in range(50)
        )  # fmt: skip
        NumberPrefix.objects.bulk_create(NumberPrefix(municipality=m, prefix=f"+4929{m.slug[3:]:0>6}") for m in made)


@pytest.fixture
def fifty(places):
    """50 more in Soest's centre."""
    add_fifty(places["soest"].centre)


def test_fifty_municipalities_cost_no_more_queries(visit, places):
    from tests.knowledge_pages.test_articles import queries_of

    client = visit("operator", HOST)
    centre = "/betrieb/servicecenter/"
    paths = ("/betrieb/", centre, f"{centre}soest/", "/betrieb/protokoll/", "/betrieb/kommunen/lippstadt/")
    few = {path: queries_of(client, path) for path in paths}
    add_fifty(places["soest"].centre)
    assert {path: queries_of(client, path) for path in paths} == few
    assert max(few.values()) <= 26


def test_the_list_is_paged_and_filtered_by_the_address(visit, fifty):
    client = visit("operator", HOST)
    assert "1 bis 50 von 54" in client.get("/betrieb/").content.decode()
    for query, shown, hidden in (
        ("q=ort+7", "Ort 7", "Stadt Soest"),
        ("q=05978", "Stadt Unna", "Stadt Soest"),
        ("status=live", "Stadt Soest", "Stadt Lippstadt"),
        ("centre=unna", "Stadt Unna", "Stadt Soest"),
        ("status=joining&q=lipp", "Stadt Lippstadt", "Ort 7"),
    ):
        page = client.get(f"/betrieb/?{query}").content.decode()
        assert f">{shown}<" in page.replace("Gemeinde ", ""), query
        assert f">{hidden}<" not in page.replace("Gemeinde ", ""), query
    assert "Zu diesem Filter gibt es keine Kommune." in client.get("/betrieb/?q=zzz").content.decode()
    assert "1 bis 50 von 54" in client.get("/betrieb/?status=nonsense&centre=nowhere").content.decode()


def test_what_waits_for_the_operator_stands_in_the_list(visit, fifty, soest):
    page = visit("operator", HOST).get("/betrieb/?q=ort+7").content.decode()
    assert "1 Rufnummer zu bestätigen" in page
    assert "noch keine Verwaltung" in page
    page = visit("operator", HOST).get("/betrieb/?q=soest&status=live").content.decode()
    assert "nichts" in page


def test_many_people_are_paged(visit, places):
    from accounts.models import Membership, Person

    lippstadt = places["lippstadt"]
    with scope.front(), transaction.atomic():
        for number in range(30):
            person = Person.objects.create_user(f"viele{number}@example.org", None, name=f"Person {number:02}")
            Membership.objects.create(
                person=person, role="editor", person_name=person.name, person_email=person.email, municipality=lippstadt
            )
    client = visit("operator", HOST)
    first, second = (client.get(f"/betrieb/kommunen/lippstadt/?personen={n}").content.decode() for n in (1, 2))
    assert "1 bis 25 von 31" in first
    assert "Person 29" in second
    assert "Person 00" not in second


def test_two_municipalities_added_before_the_worker_looks(visit, places, django_capture_on_commit_callbacks):
    """The second finds the first one's job in the queue, which will make both schemas."""
    client, centre = visit("operator", HOST), places["soest"].centre_id
    for slug, ags in (("geseke", "05974020"), ("werl", "05974052")):
        with django_capture_on_commit_callbacks() as callbacks:
            sent = NEW | {"centre": centre, "slug": slug, "ags": ags, "name": f"Stadt {slug.title()}", "number": ""}
            assert client.post("/betrieb/kommunen/neu/", sent).status_code == 302
        with scope.operator(), transaction.atomic():
            for callback in callbacks:
                callback()
    from procrastinate.contrib.django.models import ProcrastinateJob

    with scope.owner(), transaction.atomic():
        waiting = ProcrastinateJob.objects.filter(queueing_lock="onboarding.provision", status="todo")
        assert waiting.count() == 1
