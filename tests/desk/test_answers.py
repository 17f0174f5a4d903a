"""Search and answers over HTTP: what agents read, and that nothing else can be reached."""

import re
from dataclasses import replace
from datetime import datetime

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from desk import hits
from knowledge.pool import upkeep
from knowledge.search import finding
from tenants import scope
from tenants.actions import set_state
from tenants.audit import SYSTEM
from tenants.hours import BERLIN
from tenants.own_actions import add_special_day
from tests.desk.test_page import FRAGMENT


def test_an_article_shows_answer_contacts_and_other_municipalities(desk, soest, kreis, publish) -> None:
    one = publish(
        soest, "p1", "Dirk Große Böckmann", kind="person", ext="1243", phone="02921 103-1243", function="Abfallberatung"
    )
    publish(kreis, "sperr", "Sperrgut", short_answer="Der Kreis holt nichts ab.", group="sperrmuell")
    publish(
        soest, "sperrmuell", "Sperrmüllabfuhr anmelden", contacts=[one], group="sperrmuell", short_answer="Zweimal im Jahr kostenfrei.", costs="keine",
        documents="Anschrift", body="## Mehr\n<script>alert(1)</script> **fett**", links=[{"label": "Anmeldung", "url": "https://example.org/a"}],
    )  # fmt: skip
    page = desk().get("/auskunft/soest/article/sperrmuell/").content.decode()
    for expected in (
        "Zweimal im Jahr kostenfrei.",
        "keine",
        "Anschrift",
        "<strong>fett</strong>",
        'rel="noopener noreferrer"',
        "02921 103-1243",
    ):
        assert expected in page
    assert "<script>" not in page
    assert 'role="tab" id="tab-1"' in page
    assert "Der Kreis holt nichts ab." in page
    assert "Weitergeleitet an" not in page  # only with a running call


def test_what_to_say_stands_before_the_details(desk, soest, publish) -> None:
    publish(soest, "a1", "Mit Kurzantwort", short_answer="Kurz gesagt so.", costs="5 Euro")
    publish(soest, "a2", "Kurzer Text", body="Nur dieser Satz.", costs="5 Euro")
    publish(soest, "a3", "Langer Text", body="Viele Sätze. " * 40, costs="5 Euro")
    for key, first, then in (
        ("a1", "Kurz gesagt so.", "5 Euro"),
        ("a2", "Nur dieser Satz.", "5 Euro"),
        ("a3", "5 Euro", "Viele Sätze."),
    ):
        page = desk().get(f"/auskunft/soest/article/{key}/").content.decode()
        assert page.count(first) == 1
        assert page.index(first) < page.index(then)


def test_an_extension_is_shown_as_the_number_to_dial(desk, soest, publish) -> None:
    publish(soest, "p1", "Thomas Müller", kind="person", ext="1017", function="Standesbeamter")
    publish(soest, "p2", "Ohne Nummer", kind="person", function="Bote")
    assert 'data-copy="02921 103-1017"' in desk().get("/auskunft/soest/person/p1/").content.decode()
    assert "data-copy" not in desk().get("/auskunft/soest/person/p2/").content.decode()


def test_what_is_not_published_to_the_agent_s_centres_is_not_there(desk, soest, places, publish) -> None:
    publish(soest, "a1", "Sperrmüllabfuhr")
    publish(places["lippstadt"], "b1", "Sperrgut in Lippstadt")
    publish(places["unna"], "c1", "Sperrmüll in Unna")
    client = desk()
    found = client.get("/suche?q=sperrm%C3%BCll&called=soest").content.decode()
    assert 'data-id="soest:a1"' in found
    assert "Lippstadt" not in found
    assert "Unna" not in found
    for address in ("lippstadt/article/b1", "unna/article/c1", "soest/article/nichts", "soest/fliege/a1"):
        assert client.get(f"/auskunft/{address}/").status_code == 404


def test_hits_are_two_lists_numbered_through(desk, soest, publish) -> None:
    for n in range(9):
        publish(soest, f"a{n}", f"Müllabfuhr Bezirk {n}")
    for n in range(6):
        publish(
            soest,
            f"p{n}",
            f"Müllabfuhr Auskunft {n}",
            kind="person",
            ext=f"12{n}",
            function="Eine sehr lange Funktion",
            dept="Amt",
        )
    page = desk().get("/suche?q=müllabfuhr").content.decode()
    assert page.count("data-hit") == 10
    assert page.count('role="group"') == 2
    assert 'id="hit-10"' in page
    assert "Artikel (6)" in page
    assert "Kontakte (4)" in page
    assert ", Amt</small>" in page


def hits_of(client, query: str) -> str:
    return client.get("/suche", {"q": query, "called": "soest"}).content.decode()


def test_what_was_searched_for_is_marked_and_nothing_else_is_html(desk, soest, publish) -> None:
    publish(soest, "a1", "Hunde <b>& Katzen</b> anmelden")
    publish(soest, "p1", "Rita <i>Hund</i>", kind="person", ext="1243", function="Hundesteuer & mehr")
    page = hits_of(desk(), "hund anmelden")
    assert "<mark>Hunde</mark> &lt;b&gt;&amp; Katzen&lt;/b&gt; <mark>anmelden</mark>" in page
    assert "Rita &lt;i&gt;<mark>Hund</mark>&lt;/i&gt;<small>, <mark>Hundesteuer</mark> &amp; mehr</small>" in page
    assert "<mark>1243</mark>" in hits_of(desk(), "1243")


def test_words_that_stand_only_in_the_body_are_shown_in_a_passage(desk, soest, publish) -> None:
    body = "Allerlei steht hier.\n\nEin Lichtbild & Geld sind nötig. " + "Und noch viel mehr. " * 20
    publish(soest, "a1", "Personalausweis beantragen", body=body, synonyms=["Perso"])
    page = hits_of(desk(), "personalausweis lichtbild")
    assert ". </span>Ein <mark>Lichtbild</mark> &amp; Geld sind nötig. Und noch viel mehr.</span>" in page
    assert "hit__passage" not in hits_of(desk(), "personalausweis")
    assert "hit__passage" not in hits_of(desk(), "perso")  # a search word has it


def test_a_word_that_nobody_wrote_is_corrected(desk, soest, publish) -> None:
    publish(soest, "a1", "Führerschein beantragen")
    upkeep.run()  # its words are counted
    page = hits_of(desk(), "fürerschein beantragen")
    assert (
        'data-query="Führerschein beantragen">Meinten Sie <span><mark>Führerschein</mark> beantragen</span>?</button>'
        in page
    )
    assert "data-hints" not in hits_of(desk(), "führerschein")


def test_a_simpler_search_says_so(desk, soest, publish, monkeypatch) -> None:
    publish(soest, "a1", "Hunde anmelden")
    ask = finding.search
    monkeypatch.setattr(hits, "search", lambda *asked, **options: replace(ask(*asked, **options), degraded=True))
    page = hits_of(desk(), "hund")
    assert "Einfache Suche" in page
    assert 'title="Die schnelle Suche ist gerade nicht erreichbar; gesucht wird einfacher, in allen Einträgen."' in page
    assert "data-hit " in page


NOON = datetime(2026, 11, 25, 12, 0, tzinfo=BERLIN)  # a Wednesday


def test_contacts_who_can_be_reached_now_carry_a_word(desk, soest, people, publish, monkeypatch) -> None:
    for key, name, fields in (
        ("p1", "Müller Mittags", {"hours": "Mo-Fr 8-16 Uhr", "ext": "12"}),
        ("p2", "Müller Morgens", {"hours": "Mo-Fr 8-10 Uhr", "ext": "13"}),
        ("p3", "Müller Vielleicht", {"hours": "nach Vereinbarung", "ext": "14"}),
        ("p4", "Müller Nummernlos", {"hours": "Mo-Fr 8-16 Uhr"}),
    ):
        publish(soest, key, name, kind="person", **fields)
    monkeypatch.setattr("desk.hits.timezone.now", lambda: NOON)
    client = desk()

    def reached() -> list[str]:
        rows = hits_of(client, "müller").split("<li ")
        return [row.partition('data-id="soest:')[2][:2] for row in rows if "jetzt erreichbar" in row]

    assert reached() == ["p1"]
    with scope.municipality(soest.schema_name), transaction.atomic():
        add_special_day(soest, NOON.date(), label="Betriebsausflug", intervals=[], acting_user=people["admin"])
    assert reached() == []


def test_the_same_service_elsewhere_is_named_in_the_row(desk, soest, kreis, places, publish) -> None:
    set_state(places["lippstadt"], "live", acting_user=SYSTEM)
    for place, title in (
        (soest, "Sperrmüll anmelden"),
        (kreis, "Sperrmüll holen"),
        (places["lippstadt"], "Sperrmüll melden"),
    ):
        publish(place, "sperr", title, group="sperrmuell")
    (row,) = hits_of(desk(), "sperrmüll").split('<li role="option"')[1:]
    assert 'data-id="soest:sperr"' in row
    assert re.search(r"auch: <span>(Kreis Soest, Lippstadt|Lippstadt, Kreis Soest)</span>", row)


def test_hits_cost_few_queries(desk, soest, publish) -> None:
    for n in range(6):
        publish(soest, f"a{n}", f"Müllabfuhr Bezirk {n}", body="Lichtbild")
        publish(soest, f"p{n}", f"Müllabfuhr {n}", kind="person", ext=f"12{n}", hours="täglich 0-24 Uhr")
    client = desk()
    hits_of(client, "müllabfuhr lichtbild")
    with CaptureQueriesContext(connection) as ten:
        assert hits_of(client, "müllabfuhr lichtbild").count("data-hit ") == 10
    with CaptureQueriesContext(connection) as one:
        assert hits_of(client, "bezirk 3").count("data-hit ") >= 1
    assert len(ten) <= len(one) + 2  # the vocabulary may be asked once more; special days


def test_junk_in_the_search_is_no_error(desk) -> None:
    client = desk()
    for junk in ("", "%00", "'%22%5C(%26|!:*)", "x" * 5000, "%F0%9F%98%80", "a b c d e f g h i j k l"):
        assert client.get(f"/suche?q={junk}&called={junk[:60]}", headers=FRAGMENT).status_code == 200
