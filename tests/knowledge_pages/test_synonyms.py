"""Synonyme of a municipality: the effect is shown before one is saved."""

import pytest

from knowledge import whatif
from tests.knowledge_pages import seeding
from tests.knowledge_pages.seeding import entered
from tests.knowledge_pages.test_articles import words
from tests.knowledge_pages.test_searches import rows, searched

__all__ = ["searched"]
NEW = "/wissen/~suchen/synonyme/neu/"


def stored(soest):
    from knowledge.pool.models import Synonym

    with entered(soest):
        return list(Synonym.objects.order_by("pk"))


def send(client, path=NEW, **fields):
    """What the form sends."""
    return client.post(path, {"words": "xylowau", "meaning": "Sperrgut", "do": "check"} | fields)


def test_the_effect_stands_before_the_saving(editor, soest, searched):
    searched("xylowau bestellen", times=2)
    searched("hund anmelden")
    with entered(soest):
        from knowledge.pool.models import LoggedSearch

        assert set(LoggedSearch.objects.values_list("words", flat=True)) == {"… bestellen", "hund anmelden"}
    searched("zwergelefant", times=2)
    page = words(send(editor, words="Zwergelefant"))
    assert "Wirkung: „Zwergelefant“ heißt „Sperrgut“" in page
    assert "Verglichen mit den letzten 5 Suchen" in page
    assert "Findet jetzt etwas „zwergelefant“ → Sperrmüllabfuhr bestellen 2-mal gesucht" in page
    assert "Synonym speichern" in page
    assert stored(soest) == []


def test_only_what_was_shown_is_saved(editor, soest):
    assert "Synonym speichern" in words(send(editor, do="save"))
    assert "Synonym speichern" in words(send(editor, do="save", checked="anderes => Sperrgut"))
    assert stored(soest) == []
    answer = send(editor, words=" xylowau ,", do="save", checked="xylowau => Sperrgut", follow=True)
    assert answer["Location"] == "/wissen/~suchen/synonyme/"
    (synonym,) = stored(soest)
    assert (synonym.line, synonym.municipality_id, synonym.changed_by_name) == (
        "xylowau => Sperrgut",
        soest.pk,
        "Heike Brand",
    )
    page = words(editor.get("/wissen/~suchen/synonyme/"))
    assert "„xylowau“ wird ab jetzt als „Sperrgut“ verstanden." in page
    assert "xylowau Sperrgut nur so" in page


def test_from_a_search_and_back(editor, soest, searched):
    searched("zwergelefant", opened=True)
    page = editor.get("/wissen/~suchen/wort/zwergelefant/").content.decode()
    assert f"{NEW}?words=zwergelefant&amp;meaning=Sperrm%C3%BCllabfuhr+bestellen&amp;suche=zwergelefant" in page
    page = editor.get(f"{NEW}?words=zwergelefant&meaning=Sperrgut&suche=zwergelefant").content.decode()
    assert 'value="zwergelefant"' in page
    sent = {"words": "zwergelefant", "do": "save", "checked": "zwergelefant => Sperrgut", "suche": "zwergelefant"}
    assert send(editor, **sent)["Location"] == "/wissen/~suchen/"
    assert rows(soest) == [("zwergelefant", "synonym")]


def test_changing_shows_what_it_would_change_and_removing_is_at_once(editor, soest, searched):
    searched("zwergelefant")
    send(editor, words="zwergelefant", do="save", checked="zwergelefant => Sperrgut")
    (synonym,) = stored(soest)
    path = f"/wissen/~suchen/synonyme/{synonym.pk}/"
    assert 'value="Sperrgut"' in editor.get(path).content.decode()
    page = words(send(editor, path, words="zwergelefant", meaning="Umwelt"))
    assert "Hat einen anderen ersten Treffer „zwergelefant“: Sperrmüllabfuhr bestellen →" in page
    assert [one.meaning for one in stored(soest)] == ["Sperrgut"]
    assert "ist kein Synonym mehr" in words(editor.post(f"{path}entfernen/", follow=True))
    assert stored(soest) == []


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"words": ""}, "Schreiben Sie, was Anrufende sagen."),
        ({"meaning": "XYLOWAU"}, "verschiedene"),
        ({"words": "eins zwei drei vier fünf"}, "höchstens 4 Wörter"),
        ({"words": "a => b", "do": "save"}, "kein Wort"),
    ],
)
def test_nonsense_is_said_at_the_form(editor, soest, fields, said):
    answer = send(editor, **fields)
    assert answer.status_code == 422
    assert said in words(answer)
    assert stored(soest) == []


def test_a_long_comparison_ends_and_says_so(editor, searched, monkeypatch):
    searched("zwergelefant")
    monkeypatch.setattr(whatif, "SECONDS", -1)
    page = words(send(editor, words="zwergelefant"))
    assert "ist nicht vollständig" in page
    assert "Synonym speichern" in page


def test_only_the_newest_searches_are_compared(editor, searched, monkeypatch):
    monkeypatch.setattr(whatif, "MOST_SEARCHES", 3)
    searched("zwergelefant", times=2)
    searched("hund anmelden", times=3)
    page = words(send(editor, words="zwergelefant"))
    assert "An den letzten 3 Suchen ändert sich nichts." in page


def test_a_large_centre_costs_no_more_than_a_small_one(soest, people):
    """Only the tables of municipalities that judged queries are about are read."""
    from django.db import connection, transaction
    from django.test.utils import CaptureQueriesContext

    from knowledge.pool.models import Synonym
    from tenants import scope

    def cost(called):
        synonym = Synonym(centre_id=soest.centre_id, words="xylowau", meaning="Hund")
        with scope.desk(people["supervisor"].pk), transaction.atomic(), CaptureQueriesContext(connection) as queries:
            assert whatif.effect(synonym, called).complete
        return len(queries)

    assert cost(["soest", *map(str, range(150))]) == cost(["soest"])


def test_departments_and_strangers(reader, visit, editor, soest):
    send(editor, do="save", checked="xylowau => Sperrgut")
    (synonym,) = stored(soest)
    for path in ("/wissen/~suchen/synonyme/", NEW, f"/wissen/~suchen/synonyme/{synonym.pk}/"):
        assert reader.get(path).status_code == 403
    stranger = visit("editor.kreis", "kreis.localhost")
    assert "xylowau" not in words(stranger.get("/wissen/~suchen/synonyme/"))
    assert stranger.get(f"/wissen/~suchen/synonyme/{synonym.pk}/").status_code == 404
    assert stranger.post(f"/wissen/~suchen/synonyme/{synonym.pk}/entfernen/").status_code == 404
    assert len(stored(soest)) == 1


def test_who_is_only_joining_sees_the_effect_too(visit, places, people):
    seeding.know(places["lippstadt"], people["editor"])
    page = words(send(visit("admin.lippstadt", "lippstadt.localhost"), words="zwergelefant"))
    assert "Wirkung: „zwergelefant“ heißt „Sperrgut“" in page
    with entered(places["lippstadt"]):
        from knowledge.search import finding

        assert finding.search("sperrgut", called="lippstadt").hits[0].title == "Sperrmüllabfuhr bestellen"
