"""A query's words and what may stand for them, and the plan that follows; no database."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.search import lexicon
from knowledge.search.folding import sound
from knowledge.search.plan import either, plan, tsquery
from knowledge.search.slots import MOST_ALTERNATIVES, MOST_WORDS, Alternative, Slot, nearest, rarity, read, size, slots
from knowledge.search.stems import stem
from knowledge.search.vocabulary import Noted, Wanted

SYNONYMS = lexicon.read_synonyms(
    ["perso, personalausweis", "lappen => führerschein", "fahrzeugschein => zulassungsbescheinigung teil eins"]
)


class Words(Noted):
    """A vocabulary of titles; everything else is known not to be there."""

    def __init__(self, *entries: str, **counted: int) -> None:
        super().__init__(entries=1000, mean_length=3.0)
        self.words = dict.fromkeys(entries, 1) | counted
        for word, number in self.words.items():
            self.counts[stem(word)] = self.counts["_" + word] = (number, number)

    def _count(self, lexeme: str) -> tuple[int, int]:
        return self.counts.get(lexeme, (0, 0))

    def beginning(self, start: str) -> int:
        return sum(number for word, number in self.words.items() if word.startswith(start))

    def alike(self, word: str, stem: str = "") -> list[tuple[str, int]]:
        return list(self.words.items())


def worth(slot: Slot) -> dict[tuple[str, ...], float]:
    """Alternatives of stems with their weights."""
    return {found.words: meaning.weight for found, meaning in slot.alternatives.items() if found.kind == "stems"}


def of(text: str, *words: str, **counted: int) -> list[Slot]:
    return slots(read(text), Words(*words, **counted), SYNONYMS)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("wo ist der hund ", ("hund",)),
        ("wo ist der ", ("wo", "ist", "der")),
        ("hund an", ("hund", "an")),
        ("hund an ", ("hund",)),
        ("hund hund Hund", ("hund",)),
        ("02921 / 103-4711", ("029211034711",)),
        ("Mitarbeiter:innen", ("mitarbeiter",)),
        ("", ()),
        ("🐕 \0 \ud800", ()),
    ],
)
def test_what_counts_of_what_was_typed(text: str, words: tuple[str, ...]) -> None:
    assert read(text).words == words


def test_the_word_itself_a_beginning_and_its_sound() -> None:
    (slot,) = of("hund", "hund", "hunde")
    assert worth(slot) == {(stem("hund"),): 1.0}
    assert slot.alternatives[Alternative("beginning", ("hund",))].weight == 0.9
    assert slot.alternatives[Alternative("sound", (sound("hund"),))].weight == 0.6


def test_only_the_last_word_may_go_on() -> None:
    first, last = of("hund anmel", "hund", "anmelden")
    assert not [found for found in first.alternatives if found.kind == "beginning"]
    assert Alternative("beginning", ("anmel",)) in last.alternatives
    assert not [
        meaning for meaning in last.alternatives.values() if meaning.reason == "typo"
    ]  # somebody wrote words that begin so


def test_synonyms_of_one_word_and_of_several() -> None:
    (slot,) = of("perso", "personalausweis")
    assert worth(slot)[(stem("personalausweis"),)] == 0.75
    slot, *_alone = of("fahrzeugschein")
    assert worth(slot)[tuple(map(stem, ("zulassungsbescheinigung", "teil", "eins")))] == 0.75
    slot, *_alone = of("führerschein", "fuehrerschein")
    assert ("lapp",) not in worth(slot)
    assert (stem("lappen"),) not in worth(slot)


def test_a_compound_s_parts_stand_for_it_together_and_weakly_alone() -> None:
    whole, *alone = of("wohngeldantrag", "wohngeld")
    assert worth(whole)[("wohn", "geld", "antrag")] == 0.8
    assert [slot.weight for slot in alone] == [0.45] * 3


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("hudn", "hund"),
        ("wohngled", "wohngeld"),
        ("personalausweiss", "personalausweis"),
        ("verlaengrung", "verlaengerung"),
    ],
)
def test_typing_errors_are_corrected_against_the_vocabulary(typed: str, meant: str) -> None:
    (slot, *_alone) = of(typed + " ", meant, "zaun")
    assert worth(slot)[(stem(meant),)] == 0.85
    assert (stem("zaun"),) not in worth(slot)


def test_a_word_that_somebody_wrote_is_no_typing_error() -> None:
    (slot,) = of("hand ", "hand", "hund")
    assert (stem("hund"),) not in worth(slot)


def test_half_of_a_compound_may_be_wrong() -> None:
    (slot, *_alone) = of("hundestuer ", "hunde", "steuer")
    assert worth(slot)[(stem("hunde"), stem("steuer"))] == 0.7


def test_a_participle_stands_for_a_verb_that_is_there() -> None:
    (slot,) = of("angemeldet ", "anmelden")
    assert worth(slot)[(stem("anmelden"),)] == 0.8
    (slot,) = of("angemeldet ")
    assert (stem("anmelden"),) not in worth(slot)


def test_the_end_of_a_number_may_be_the_extension() -> None:
    (slot,) = of("02921 103 4711")
    assert {("4711",), ("34711",), ("711",)} < set(worth(slot))


def test_the_nearest_word_wins_and_a_wrong_first_letter_is_unlikely() -> None:
    assert nearest("haus", [("maus", 1), ("hase", 1), ("hauz", 1)]) == ["hauz"]
    assert nearest("abc", [("xyz", 1)]) == []


def test_rarity_is_that_of_the_word_not_of_a_rare_synonym() -> None:
    common, rare = of("perso ", perso=100, personalausweis=1), of("lappen ", lappen=1)
    assert rarity(common[0], Words(perso=100, personalausweis=1)) < rarity(rare[0], Words(lappen=1))
    assert size(common[0].alternatives, Words(perso=100, personalausweis=1)) == 202  # the last word's beginning, too


def test_lexemes_are_quoted_and_scoped() -> None:
    assert tsquery(Alternative("stems", ("a'b", "c\\d"))) == "'a''b' & 'c\\\\d'"
    assert tsquery(Alternative("beginning", ("sp",)), "@") == "'@^sp'"
    assert tsquery(Alternative("beginning", ("sper",)), "@") == "'@_sper':*"
    assert tsquery(Alternative("sound", ("81",)), "@") == "'@=81'"
    assert either([]) == ""


def test_candidates_come_from_the_rarest_words() -> None:
    words = Words(antrag=4000, hund=3)
    made = plan(slots(read("antrag hund "), words, SYNONYMS), words)
    assert "hund" in made.some
    assert not made.many
    words = Words(antrag=4000, hund=1000)
    made = plan(slots(read("antrag hund "), words, SYNONYMS), words)
    assert "antrag" not in made.some
    words = Words(antrag=9000)
    assert plan(slots(read("antrag "), words, SYNONYMS), words).many


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=250))
def test_any_query_is_bounded(text: str) -> None:
    query, words = read(text), Words("hund", "haus")
    assert len(query.words) <= MOST_WORDS
    if query.words:
        found = slots(query, words, SYNONYMS)
        assert all(0 < len(slot.alternatives) <= MOST_ALTERNATIVES for slot in found)
        assert plan(found, words).as_json()["slots"]


def test_what_a_word_was_meant_to_be_is_asked_at_once_its_halves_when_nothing_else_helps() -> None:
    noted = Noted()
    plan(slots(read("wohngled "), noted, SYNONYMS), noted)
    assert noted.wanted.lexemes
    assert noted.wanted.alike == {"wohngled": "wohngled"}
    noted.counts |= dict.fromkeys(noted.wanted.lexemes, (0, 0))
    noted.begun |= dict.fromkeys(noted.wanted.beginnings, 0)
    noted.wanted = Wanted()
    slots(read("wohngled "), noted, SYNONYMS)
    assert "wohngled" in noted.wanted.alike
