"""What of a search is kept; no database."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from knowledge.search import privacy
from knowledge.search.privacy import HELD, is_listed, kept, parts

PUBLISHED = {
    "mueller",
    "weg",
    "verloren",
    "anmelden",
    "ummelden",
    "geb",
    "hat",
    "bauamt",
    "bike",
}  # the directory has a Müller


def known(word: str) -> bool:
    return all(part in PUBLISHED or is_listed(part) for part in parts(word))


def of(text: str, *frequent: str) -> str:
    return kept(text, known, frequent.__contains__)


@pytest.mark.parametrize(
    "data",
    [
        "02921 103-4711",
        "(02921) 103",
        "+49 2921/103",
        "4711",
        "3.5.1961",
        "03. 05. 61",
        "3.5.61",
        "1961-05-03",
        "3. Mai 1961",
        "12 märz",
        "DE12345678",
        "59494",
        "erna.zwirnfeld@example.org",
        "erna@",
        "SO-AB 123",
        "so-ab123e",
        "so ab 123",
        "SO-Ä 12",
        "02,92,11,03",
        "0170—12",
        "3:5:61",
        "1\u200b9\u200b6\u200b1",
        "01_70_12",
        "02 92 1",
        "Frl. Zwirnfeld",
        "Frau von der Müller",
        "Herr W. Müller",
        "Frau Dr. med. Müller",
        "Frau Erna von Müller",
        "Herr Zwirnfeld",
        "Frau Dr. Erna Zwirnfeld",
        "Frau Müller",
        "familie zwirnfeld",
        "fam. Aydın",
    ],
)
def test_what_is_plainly_somebodys_is_dropped_and_the_rest_kept(data):
    assert of(f"perso {data} verloren") == "perso verloren"
    assert of(data) == ""


@pytest.mark.parametrize(
    "said",
    [
        "perso weg",
        "sperrmüll anmelden",
        "hartz 4",
        "§ 34a",
        "bauamt müller",
        "bürgerbüro",
        "kfz ummelden",
        "tempo 30",
        "frauenhaus",
        "balkonkraftwerk",
        "e-bike",
        "wo ist das bauamt",
        "115",
        "b196",
        "u25 ticket",
        "bahnhofstraße",
    ],
)
def test_what_teaches_stays_as_people_write_it(said):
    assert of(said) == said
    assert of(said.upper().replace("SS", "ß")) == said


def test_a_word_that_nobody_knows_is_held_back_until_it_is_not_one_callers():
    assert of("erna zwirnfeld ummelden") == f"{HELD} ummelden"
    assert of("zwirnfeld") == HELD
    assert of("knifte anmelden") == f"{HELD} anmelden"
    assert of("knifte anmelden", "knifte") == "knifte anmelden"
    assert of("zwirnfeld-müller") == HELD


@pytest.mark.parametrize("code", ["L01X00T47", "c3jt7r2k9", "soab123"])
def test_letters_and_digits_together_are_held_back_like_any_unknown_word(code):
    assert of(f"{code} verloren") == f"{HELD} verloren"
    assert of(f"{code} verloren", code.lower()) == f"{code.lower()} verloren"


@pytest.mark.parametrize("house", ["12", "7 b", "7b", "101"])
@pytest.mark.parametrize("street", ["Bahnhofstraße", "Bahnhofstr.", "Bahnhofsplatz", "Bahnhofsweg", "Bahnhofsallee"])
def test_a_street_is_kept_without_the_house(street, house):
    assert of(f"{street} {house} anmelden").endswith(" anmelden")
    assert of(f"{street} {house} anmelden") == of(f"{street} anmelden")


def test_who_is_asked_whether_a_word_is_frequent_learns_of_unknown_ones_only():
    asked: list[str] = []
    kept("frau zwirnfeld perso knifte 4711", known, lambda word: bool(asked.append(word)))
    assert asked == ["knifte"]


@example("000A0")
@given(st.text(max_size=400))
def test_any_text_is_bounded_and_has_no_four_digits(text):
    found = of(text)
    assert len(found.split()) <= privacy.MOST_WORDS
    assert len(found) <= privacy.LONGEST * 3
    assert "@" not in found
    assert not any(sum(sign.isdigit() for sign in word) >= 4 for word in found.split())
    assert of(found) == of(of(found))
