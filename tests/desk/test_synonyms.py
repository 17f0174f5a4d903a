"""Shared synonyms at the desk: for supervisors, with the effect on the judged queries."""

from django.db import transaction

from knowledge import searches
from knowledge.pool.models import Synonym
from tenants import scope
from tests.knowledge_pages import seeding
from tests.knowledge_pages.test_articles import words

NEW = "/synonyme/neu/"
SENT = {"words": "xylowau", "meaning": "Hund", "do": "save", "checked": "xylowau => Hund"}


def stored(people):
    with scope.desk(people["supervisor"].pk), transaction.atomic():
        return list(Synonym.objects.all())


def test_a_supervisor_writes_changes_and_removes_them(desk, people, soest):
    client = desk("supervisor")
    assert "Noch keine." in words(client.get("/synonyme/"))
    page = words(client.post(NEW, SENT | {"checked": ""}))
    assert "Wirkung: „xylowau“ heißt „Hund“" in page
    assert "Prüffälle passen nicht" in page  # nothing is published here
    assert "Suchen" not in page  # those are for the municipalities
    assert stored(people) == []
    assert client.post(NEW, SENT)["Location"] == "/synonyme/"
    (synonym,) = stored(people)
    assert (synonym.municipality_id, synonym.centre_id, synonym.line) == (None, soest.centre_id, "xylowau => Hund")
    page = words(client.get("/synonyme/"))
    assert "xylowau Hund nur so" in page
    path = f"/synonyme/{synonym.pk}/"
    client.post(path, SENT | {"meaning": "Hundesteuer", "checked": "xylowau => Hundesteuer"})
    assert [one.meaning for one in stored(people)] == ["Hundesteuer"]
    assert "ist kein Synonym mehr" in words(client.post(f"{path}entfernen/", follow=True))
    assert stored(people) == []


def test_agents_and_other_centres_do_not(desk, people, soest):
    desk("supervisor").post(NEW, SENT)
    (synonym,) = stored(people)
    for who in ("agent", "agent.unna"):
        for path in ("/synonyme/", NEW, f"/synonyme/{synonym.pk}/"):
            assert desk(who).get(path).status_code == 403
        assert desk(who).post(f"/synonyme/{synonym.pk}/entfernen/").status_code == 403
    assert len(stored(people)) == 1


def test_a_municipalitys_own_is_not_the_supervisors(desk, people, soest):
    with scope.municipality(soest.schema_name), transaction.atomic():
        own = Synonym.objects.create(centre_id=soest.centre_id, municipality=soest, words="a", meaning="b")
    assert desk("supervisor").get(f"/synonyme/{own.pk}/").status_code == 404
    assert desk("supervisor").post(f"/synonyme/{own.pk}/entfernen/").status_code == 404


def test_the_success_of_all_municipalities_in_numbers(desk, people, soest, kreis):
    assert "Noch gibt es keine Suchen zu zählen." in words(desk("supervisor").get("/suchen/"))
    for place, times in ((soest, 3), (kreis, 1)):
        seeding.search(place, people["agent"], "zwergelefant", times=times)
    page = words(desk("supervisor").get("/suchen/"))
    assert "SO Stadt Soest 3 0 0 0 3 0 %" in page
    assert "Kreis Soest 1 0 0 0 1 0 %" in page
    assert "zwergelefant" not in page
    assert desk("agent").get("/suchen/").status_code == 403
    for who in ("agent", "agent.unna"):
        with scope.desk(people[who].pk), transaction.atomic():
            assert searches.team_weeks() == []


def test_who_leads_a_team_finds_them_in_the_settings(desk):
    assert "/synonyme/" in desk("supervisor").get("/").content.decode()
    assert "/synonyme/" not in desk("agent").get("/").content.decode()
