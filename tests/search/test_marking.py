"""Which words of a text are marked, and which passage says why an entry was found; no database."""

import string
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.search import lexicon
from knowledge.search.marking import CUT, PASSAGE, Marker, Part
from knowledge.search.slots import Slot, read, slots
from tests.search.test_slots import Words

SYNONYMS = lexicon.read_synonyms(["perso, personalausweis", "fahrzeugschein => zulassungsbescheinigung teil eins"])
TEXTS = st.text(max_size=400) | st.text(
    st.sampled_from(string.ascii_letters + "äöüÄÖÜß*:/-_(). \n0123456789"), max_size=400
)
QUERIES = [
    "hund anmelden",
    "perso weg",
    "E-Bike",
    "02921 103-4711",
    "müller",
    "hundesteuer",
    "a",
    "verlohren personalausweis",
]


def of(query: str, *known: str) -> Marker:
    return Marker(slots(read(query), Words(*known), SYNONYMS))


def marked(marker: Marker, text: str, **options: bool) -> list[str]:
    parts = marker.parts(text, **options)
    assert "".join(part.text for part in parts) == text
    return [part.text for part in parts if part.marked]


@pytest.mark.parametrize(
    ("query", "text", "wanted"),
    [
        ("hund ", "Hunde anmelden", ["Hunde"]),  # a stem
        ("hunde anmelden", "Anmeldung eines Hundes", ["Anmeldung", "Hundes"]),
        ("steuer ", "Hundesteuer, Grundsteuer B", ["Hundesteuer", "Grundsteuer"]),  # a part of a compound
        ("hundesteuer", "Steuer für Hunde", ["Steuer", "Hunde"]),
        ("pers", "Personalausweis beantragen", ["Personalausweis"]),  # a beginning
        ("pers anmelden", "Personalausweis beantragen", []),
        ("perso ", "Verlust des Personalausweises melden", ["Personalausweises"]),  # a synonym
        ("fahrzeugschein ", "Zulassungsbescheinigung Teil Eins", ["Zulassungsbescheinigung", "Teil", "Eins"]),
        ("fahrzeugschein ", "Teilzeit", []),  # a part of what means the same only together
        ("personalauswies", "Personalausweis beantragen", ["Personalausweis"]),  # a typing error
        ("ebike ", "Laden: E-Bike-Stationen", ["E-Bike"]),
        ("strassen ", "STRASSE, Straße, strasse", ["STRASSE", "Straße", "strasse"]),
        ("bahnhofstraße ", "Bahnhofstr. 5", ["Bahnhofstr."]),
        ("bürger ", "Bu\u0308rger", ["Bu\u0308rger"]),
        ("4711 ", "Durchwahl 4711", ["4711"]),
        ("", "Irgendetwas", []),
    ],
)
def test_the_words_that_a_query_means_are_marked_whole(query: str, text: str, wanted: list[str]) -> None:
    assert marked(of(query, "hund", "anmelden", "steuer", "personalausweis", "strasse", "buerger"), text) == wanted


def test_names_are_known_by_their_sound_and_other_words_are_not() -> None:
    marker = of("meier ", "meier")
    assert marked(marker, "Maier, Anna", by_sound=True) == ["Maier"]
    assert marked(marker, "Maier, Anna") == []


def test_what_is_missing_in_the_texts() -> None:
    marker = of("hund anmelden ", "hund", "anmelden")
    assert marker.missing("Hunde") == {1}
    assert marker.missing("Hunde", "Anmeldung") == set()
    assert marker.missing() == {0, 1}


BODY = """Wer einen Hund hält, zahlt Steuern. Das gilt auch für Welpen, sobald sie drei Monate alt sind und im Haushalt leben.
Die Anmeldung eines Hundes ist binnen zwei Wochen nötig. Danach kommt der Bescheid."""


def text_of(parts: list[Part]) -> str:
    return "".join(part.text for part in parts)


def test_a_passage_is_the_sentence_with_most_of_the_words() -> None:
    parts = of("hund anmelden ", "hund", "anmelden").passage(BODY)
    assert text_of(parts) == "Die Anmeldung eines Hundes ist binnen zwei Wochen nötig. Danach kommt der Bescheid."
    assert [part.text for part in parts if part.marked] == ["Anmeldung", "Hundes"]


def test_the_rarer_word_decides_unless_another_is_wanted() -> None:
    common, rare = Slot("hund", rarity=1.0), Slot("welpe", rarity=5.0)
    common.stems(("hund",), 1.0, "typed")
    rare.stems(("welp",), 1.0, "typed")
    body = "Ein Hund bellt. " + "Dazwischen steht viel anderes, das niemand sucht. " * 5 + "Welpen schlafen."
    assert text_of(Marker([common, rare]).passage(body)) == "Welpen schlafen."
    assert text_of(Marker([common, rare]).passage(body, {0})).startswith("Ein Hund bellt.")


def test_a_long_sentence_is_cut_at_words_around_the_word() -> None:
    body = "Wort " * 100 + "Hundesteuer " + "Wort " * 100
    shown = text_of(of("hundesteuer ", "hundesteuer").passage(body))
    assert shown.startswith(f"{CUT} Wort")
    assert shown.endswith(f"Wort {CUT}")
    assert "Wort Hundesteuer Wort" in shown
    assert shown.index("Hundesteuer") <= 45
    assert len(shown) <= PASSAGE


def test_without_the_words_there_is_no_passage() -> None:
    assert of("katze ", "katze").passage(BODY) == []
    assert of("hund ", "hund").passage("") == []


@settings(max_examples=200, deadline=None)
@given(TEXTS, st.sampled_from(QUERIES) | TEXTS)
def test_parts_give_the_text_back_and_a_passage_is_a_piece_of_it(text: str, query: str) -> None:
    marker = of(query, "hund", "anmelden", "mueller", "personalausweis", "verloren")
    assert text_of(marker.parts(text, by_sound=True)) == text
    assert all(part.text for part in marker.parts(text))
    shown = text_of(marker.passage(text))
    assert len(shown) <= PASSAGE
    if shown:
        assert " ".join(shown.removeprefix(f"{CUT} ").removesuffix(f" {CUT}").split()) in " ".join(text.split())
        assert any(part.marked for part in marker.passage(text)) or len(max(text.split(), key=len)) > PASSAGE / 2


@pytest.mark.parametrize(
    "junk",
    [
        "a" * 10_000,
        "a-" * 5000,
        " " * 10_000,
        "\n" * 10_000,
        ". " * 5000,
        "Hund. " * 2000,
        "u\u0308" * 5000,
        "\U0001f415" * 5000,
    ],
)
def test_junk_takes_bounded_time(junk: str) -> None:
    marker = of("hund a ", "hund")
    began = time.process_time()
    for _ in range(3):
        assert text_of(marker.parts(junk)) == junk
        marker.passage(junk)
    assert time.process_time() - began < 1
