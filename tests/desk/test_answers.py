"""Search and answers over HTTP: what agents read, and that nothing else can be reached."""

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


def test_junk_in_the_search_is_no_error(desk) -> None:
    client = desk()
    for junk in ("", "%00", "'%22%5C(%26|!:*)", "x" * 5000, "%F0%9F%98%80", "a b c d e f g h i j k l"):
        assert client.get(f"/suche?q={junk}&called={junk[:60]}", headers=FRAGMENT).status_code == 200
