"""Why a hit stands where it stands."""

import pytest

from knowledge.search.engine import Details
from knowledge.search.explaining import Entry, Text, why
from knowledge.search.finding import Hit, SearchResult
from knowledge.search.slots import read, slots
from tenants.models import Municipality
from tests.search.test_slots import SYNONYMS, Words

NOTHING_MORE = Details("", "[]", "", "")
SOEST = Municipality(pk=1, slug="soest", name="Stadt Soest", kind="stadt")
KREIS = Municipality(pk=2, slug="kreis", name="Kreis Soest", kind="kreis")
ENTRY = Entry(
    [
        Text("Titel", "Hundesteuer anmelden"),
        Text("Suchwort", "Personalausweis"),
        Text("Text", "Wir beraten im Rathaus."),
    ],
    frozenset({"vierbein"}),
)
PERSON = Entry([Text("Name", "Stefan Mayer", is_name=True), Text("Text", "Steuern und Abgaben")])


def told(query, *, place=SOEST, matched=(), named=False, others=(), entry=ENTRY, **known):
    hit = Hit(place, "article", "x", "Hundesteuer anmelden", "", "", 1.0, list(matched), list(others), NOTHING_MORE)
    found = slots(read(query), Words("hundesteuer", **known), SYNONYMS)
    elsewhere = Hit(Municipality(pk=3, name="Stadt Unna"), "article", "y", "Anderes", "", "", 0.5, [], [], NOTHING_MORE)
    result = SearchResult(query, "soest", [hit, elsewhere], [], [], found, 1.0, first=1, named=named)
    return why(result, hit, entry)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("hundesteuer ", "„hundesteuer“ passt zu „Hundesteuer“ (Titel)."),
        ("perso", "„perso“ ist der Anfang von „Personalausweis“ (Suchwort)."),
        ("hundestuer ", "„hundestuer“ schreibt niemand; gemeint sein kann „Hundesteuer“ (Titel)."),
        ("perso zirkus ", "Synonym: für „perso“ steht „Personalausweis“ (Suchwort)."),
        ("vierbeiner ", "Mit „vierbeiner“ bezeichnet eine andere Kommune dieselbe Leistung."),
        ("Zürkus ", "„Zürkus“ kommt hier nicht vor."),
        ("jagdhund ", "Nur ein Teil von „jagdhund“: „Hundesteuer“ (Titel)."),
        ("rathaus ", "„rathaus“ passt zu „Rathaus“ (Text)."),
    ],
)
def test_each_word_says_how_it_was_found(query, sentence):
    assert told(query)[0] == sentence


def test_names_alone_are_found_by_their_sound():
    assert told("meier ", entry=PERSON)[0] == "„meier“ klingt wie „Mayer“ (Name)."
    assert told("hund ", entry=PERSON)[0] == "„hund“ kommt hier nicht vor."  # though it sounds like "und"


def test_what_moved_it_up_is_said():
    assert "Stadt Soest ist angerufen; Einträge von dort stehen vorn." in told("hundesteuer ")
    assert "Stadt Soest ist in der Suche genannt; Einträge von dort stehen vorn." in told("hundesteuer ", named=True)
    assert "Kreis Soest zählt fast so viel wie die angerufene Kommune." in told("hundesteuer ", place=KREIS)
    both = told("hundesteuer rathaus ", matched=["hundesteuer", "rathaus"])
    assert "Alle Wörter der Suche kommen vor; das zählt mehr als jedes für sich." in both
    assert not any("Alle Wörter" in sentence for sentence in told("hundesteuer zirkus ", matched=["hundesteuer"]))
    once = told("hundesteuer ", others=[(KREIS, "x")])
    assert once[-1] == "Dieselbe Leistung hat noch 1 Kommune; gezeigt wird sie einmal."
