"""The pages on which whoever leads a team says what its agents can do: what they show, whom they obey, and that nobody else gets there."""

import re

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import Membership
from telephony_bridge.routing.skills import Skills
from telephony_bridge.skill_queries import skills_of
from tenants import scope

LIST = "/leitstand/soest/kenntnisse/"
SENT = {"training": "some", "municipalities": ["kreis"], "languages": ["de", "tr"], "line": "1"}
MEANT = Skills(frozenset({"kreis"}), frozenset({"de", "tr"}), 1)


@pytest.fixture
def lead(desk):
    return desk("supervisor")


@pytest.fixture
def stored(soest):
    def read():
        with scope.telephony():
            return skills_of(soest.centre_id)

    return read


def text_of(html):
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def rows(answer, table="Kenntnisse des Teams"):
    tables = re.findall(r"<table.*?</table>", answer.content.decode(), re.DOTALL)
    found = [one for one in tables if f">{table}</caption>" in one]
    return [text_of(row) for row in re.findall(r"<tr>.*?</tr>", "".join(found), re.DOTALL)[1:]]


def form_of(people, who="agent"):
    return f"{LIST}{people[who].pk}/"


def chosen(answer, name):
    """What is ticked."""
    boxes = re.findall(rf'<input[^>]*name="{name}"[^>]*>', answer.content.decode())
    return [re.search(r'value="([^"]*)"', box)[1] for box in boxes if " checked" in box]


def test_the_leitstand_leads_there(lead):
    assert f'<a class="link" href="{LIST}">Kenntnisse des Teams</a>' in lead.get("/leitstand/").content.decode()


def test_of_whom_nothing_was_said_that_is_what_holds(lead):
    assert rows(lead.get(LIST)) == [
        f"{name} alle Kommunen Deutsch übliches Team Ändern" for name in ("Beate Hüsing", "Jana Köster", "Murat Aydın")
    ]


def test_what_is_said_holds_and_stands_there_in_words(lead, people, stored):
    answer = lead.post(form_of(people), SENT)
    assert (answer.status_code, answer["Location"]) == (302, LIST)
    assert stored() == {people["agent"].pk: MEANT}
    page = lead.get(LIST)
    assert "Die Kenntnisse von Jana Köster sind gespeichert" in page.content.decode()
    assert rows(page)[1] == "Jana Köster SO Kreis Soest Deutsch, Türkisch Aushilfe Ändern".replace(
        "SO", initials("kreis")
    )
    again = lead.get(form_of(people))
    assert [chosen(again, name) for name in ("training", "municipalities", "languages", "line")] == [
        ["some"],
        ["kreis"],
        ["de", "tr"],
        ["1"],
    ]


def initials(slug):
    from tenants.models import Municipality

    with scope.front():
        return Municipality.objects.get(slug=slug).initials


def test_trained_for_all_needs_no_boxes_and_means_them_not(lead, people, stored):
    lead.post(form_of(people), SENT)
    lead.post(form_of(people), SENT | {"training": "all"})
    assert stored()[people["agent"].pk].municipalities == frozenset()


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"municipalities": []}, "Bitte mindestens eine Kommune ankreuzen"),
        ({"municipalities": ["unna"]}, "unna"),
        ({"languages": []}, "Dieses Feld ist zwingend erforderlich"),
        ({"languages": ["tlh"]}, "tlh"),
        ({"line": "2"}, "2"),
        ({"training": ""}, "Dieses Feld ist zwingend erforderlich"),
    ],
)
def test_what_cannot_be_is_said_and_changes_nothing(lead, people, stored, sent, words):
    answer = lead.post(form_of(people), {name: value for name, value in (SENT | sent).items() if value})
    assert answer.status_code == 422
    summary = re.search(r"<div[^>]*error-summary.*?</ul>", answer.content.decode(), re.DOTALL)[0]
    assert words in text_of(summary)
    target = re.search(r'href="#([^"]+)"', summary)[1]
    assert f'id="{target}"' in answer.content.decode()
    assert stored() == {}


def test_what_was_ticked_stays_ticked_after_a_refusal(lead, people):
    answer = lead.post(form_of(people), {**SENT, "languages": []})
    assert [chosen(answer, name) for name in ("training", "municipalities", "languages", "line")] == [
        ["some"],
        ["kreis"],
        [],
        ["1"],
    ]


def test_each_municipality_has_its_mark_and_its_name(lead, people):
    page = lead.get(form_of(people)).content.decode()
    boxes = re.findall(r'<label class="choice">.*?</label>', page, re.DOTALL)
    assert [text_of(box).split(maxsplit=1)[1] for box in boxes] == ["Kreis Soest", "Stadt Lippstadt", "Stadt Soest"]
    assert all('class="badge ' in box for box in boxes)


def test_agents_are_refused_and_other_centres_do_not_exist(desk, lead, people, stored):
    assert desk("agent").get(LIST).status_code == 403
    for get_or_post in ("get", "post"):
        assert getattr(desk("agent"), get_or_post)(form_of(people), SENT).status_code == 403
        assert getattr(lead, get_or_post)(form_of(people, "agent.unna"), SENT).status_code == 404
        assert getattr(lead, get_or_post)(form_of(people, "editor"), SENT).status_code == 404
    assert lead.get("/leitstand/unna/kenntnisse/").status_code == 404
    assert lead.post(f"/leitstand/unna/kenntnisse/{people['agent.unna'].pk}/", SENT).status_code == 404
    assert stored() == {}


def test_who_leads_another_team_does_not_reach_ours_through_theirs(people, visit, places, stored):
    person, unna = people["agent.unna"], places["unna"].centre
    with scope.front(), transaction.atomic():
        Membership.objects.create(person=person, role="supervisor", person_name=person.name, centre=unna)
    olga = visit("agent.unna", "desk.localhost")
    assert rows(olga.get("/leitstand/unna/kenntnisse/")) == ["Olga Weiss alle Kommunen Deutsch übliches Team Ändern"]
    assert olga.post(f"/leitstand/unna/kenntnisse/{people['agent'].pk}/", SENT).status_code == 404
    refused = olga.post(f"/leitstand/unna/kenntnisse/{person.pk}/", SENT)  # with a municipality of ours
    assert refused.status_code == 422
    assert stored() == {}


@pytest.fixture
def many(people, soest):
    """Sixty more."""
    with scope.owner(), transaction.atomic():
        persons = type(people["agent"]).objects.bulk_create(
            type(people["agent"])(email=f"p{n}@example.org", name=f"Zoe {n:02}") for n in range(60)
        )
        Membership.objects.bulk_create(
            Membership(person=one, role="agent", person_name=one.name, person_email=one.email, centre=soest.centre)
            for one in persons
        )
    return persons


def test_the_list_has_pages_and_the_way_back_leads_to_the_same(lead, many):
    second = lead.get(f"{LIST}?seite=2")
    assert len(rows(second)) == 25
    path = f"{LIST}{many[30].pk}/"
    assert f'href="{path}?seite=2"' in second.content.decode()
    assert f'href="{LIST}?seite=2"' in lead.get(f"{path}?seite=2").content.decode()
    assert lead.post(path, {**SENT, "seite": "2"})["Location"] == f"{LIST}?seite=2"
    assert lead.post(path, {**SENT, "seite": "//example.org"})["Location"] == LIST


def test_the_number_of_queries_does_not_grow(lead, people, request):
    lead.get(LIST)
    with CaptureQueriesContext(connection) as few:
        lead.get(LIST)
    for one in request.getfixturevalue("many")[:20]:
        lead.post(f"{LIST}{one.pk}/", SENT)
    lead.get(LIST)  # says what was saved
    with CaptureQueriesContext(connection) as many:
        lead.get(LIST)
    assert len(many) == len(few)


# Numbers whose callers want a language

TURKISH = {"number": "02921 103-77", "language": "tr"}


def test_a_number_has_a_language_until_it_is_removed(lead):
    answer = lead.post(LIST, TURKISH)
    assert (answer.status_code, answer["Location"]) == (302, LIST)
    assert lead.post(f"{LIST}?seite=2", TURKISH)["Location"] == f"{LIST}?seite=2"
    page = lead.get(LIST)
    assert rows(page, "Rufnummern mit Sprache") == ["02921 10377 Türkisch Entfernen"]
    (path,) = re.findall(r'action="([^"]+entfernen/)"', page.content.decode())
    assert lead.post(path)["Location"] == LIST
    assert rows(lead.get(LIST), "Rufnummern mit Sprache") == []
    assert lead.post(path).status_code == 404


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"number": "Rathaus"}, "Bitte eine Rufnummer mit Vorwahl angeben"),
        ({"number": ""}, "zwingend erforderlich"),
        ({"language": "de"}, "de"),
        ({"language": ""}, "zwingend erforderlich"),
    ],
)
def test_what_is_no_number_or_no_wish_is_said(lead, sent, words):
    answer = lead.post(LIST, TURKISH | sent)
    assert answer.status_code == 422
    summary = re.search(r"<div[^>]*error-summary.*?</ul>", answer.content.decode(), re.DOTALL)[0]
    assert words in text_of(summary)
    assert len(rows(answer)) == 3  # the page is whole
    assert rows(lead.get(LIST), "Rufnummern mit Sprache") == []


def test_numbers_are_not_the_agents_to_change_nor_another_centres(desk, lead):
    lead.post(LIST, TURKISH)
    removing = f"{LIST}rufnummer/49292110377/entfernen/"
    for path in (LIST, removing):
        assert desk("agent").post(path, TURKISH | {"language": "ar"}).status_code == 403
        assert lead.post(path.replace("soest", "unna"), TURKISH | {"language": "ar"}).status_code == 404
    assert lead.get(removing).status_code == 405
    assert rows(lead.get(LIST), "Rufnummern mit Sprache") == ["02921 10377 Türkisch Entfernen"]
