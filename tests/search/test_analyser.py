"""Words to lexemes: the same for entries and queries, bounded for any text."""

import string
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.search import documents, lexicon
from knowledge.search.compounds import splitter
from knowledge.search.documents import Source, analysed
from knowledge.search.folding import LONGEST_WORD, fold, joined, sound, with_whole_numbers, words
from knowledge.search.stems import stem

TEXTS = st.text(max_size=300) | st.text(
    st.sampled_from(string.ascii_letters + "äöüÄÖÜß*:/-_().§ 0123456789"), max_size=300
)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Straßenlaterne", ["strassenlaterne"]),
        ("STRASSENLATERNE", ["strassenlaterne"]),
        ("Bu\u0308rgerbu\u0308ro", ["buergerbuero"]),  # composed of letter and dots
        ("Café Señor Łódź", ["cafe", "senor", "lodz"]),
        ("BAföG", ["bafoeg"]),
        ("KFZ Kfz", ["kfz", "kfz"]),
        ("§ 34a GewO", ["34a", "gewo"]),
        ("Mitarbeiter*innen", ["mitarbeiter"]),
        ("Mitarbeiter:innen", ["mitarbeiter"]),
        ("Mitarbeiter_innen", ["mitarbeiter"]),
        ("Mitarbeiter/-innen", ["mitarbeiter"]),
        ("MitarbeiterInnen", ["mitarbeiter"]),
        ("Bürger(innen)", ["buerger"]),
        ("Mieter/in", ["mieter"]),
        ("Verlust/in Arbeit", ["verlust", "arbeit"]),
        ("Bahnhofstr. 5", ["bahnhofstrasse", "5"]),
        ("E-Bike", ["e", "bike"]),
        ("Собака", ["собака"]),
        ("½", ["1", "2"]),
    ],
)
def test_a_text_becomes_words(text: str, wanted: list[str]) -> None:
    assert words(text) == wanted


def test_stems_are_the_same_when_many_ask_at_once() -> None:
    asked = [f"{word}{end}" for word in sorted(lexicon.listed("nouns"))[::12] for end in ("en", "ungen")]
    alone = [stem.__wrapped__(word) for word in asked]
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # seconds: threads change places as often as they can
    try:
        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(lambda _turn: [stem.__wrapped__(word) for word in asked], range(4))) == [alone] * 4
    finally:
        sys.setswitchinterval(before)


def test_short_first_parts_are_joined_too() -> None:
    assert joined("P-Schein und E-Bike, Kfz-Zulassung") == ["pschein", "ebike", "kfzzulassung"]


def test_a_number_is_one_word() -> None:
    assert words(with_whole_numbers("02921 / 103-4711")) == ["029211034711"]


@settings(max_examples=400, deadline=None)
@given(TEXTS)
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert fold(text).upper().lower() == fold(fold(text).upper()) or not fold(text).isascii()


@settings(max_examples=400, deadline=None)
@given(TEXTS)
def test_a_word_has_a_stem_and_fits(text: str) -> None:
    for word in words(text):
        assert 0 < len(word) <= LONGEST_WORD
        assert stem(word)
        assert not set(word) & set("'\\_^=@ \0")


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_parts_are_known_words_and_never_empty(text: str) -> None:
    for word in words(text):
        parts = splitter().split(word)
        assert len(parts) != 1
        assert all(len(part) >= 3 for part in parts)


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ("personalausweisverlust", ("personal", "ausweis", "verlust")),
        ("hundesteuer", ("hunde", "steuer")),
        ("geburtsurkunde", ("geburts", "urkunde")),
        ("strassenlaterne", ("strassen", "laterne")),
        ("sperrmuell", ("sperr", "muell")),
        ("wohngeldantrag", ("wohn", "geld", "antrag")),
        ("abfallkalender", ("abfall", "kalender")),
        ("anmelden", ()),
        ("haus", ()),
    ],
)
def test_compounds_are_split(word: str, parts: tuple[str, ...]) -> None:
    assert splitter().split(word) == parts


@pytest.mark.parametrize("junk", ["x" * 10_000, "haus" * 2_500, "ä" * 10_000, "1" * 10_000, "a b " * 2_500, "\ud800" * 10_000, "\u0301" * 10_000,
                                  "donaudampfschifffahrtsgesellschaftskapitaensmuetze" * 200])  # fmt: skip
def test_junk_of_ten_kilobytes_is_bounded(junk: str) -> None:
    begun = time.process_time()
    found = analysed(Source(kind="article", title=junk[:200], keywords=[junk[:200]] * 20, body=junk))
    assert len(found.body) <= documents.MOST_BODY_WORDS * 6
    assert time.process_time() - begun < 5  # seconds of this process alone; it takes 0.1


@pytest.mark.parametrize(
    ("one", "other"),
    [("meier", "maier"), ("schmidt", "schmitt"), ("mueller", "muehler"), ("yilmaz", "yilmas"), ("filips", "phillips")],
)
def test_names_that_sound_alike_have_one_code(one: str, other: str) -> None:
    assert sound(one) == sound(other) != ""


def test_every_lexeme_fits_into_the_vocabulary() -> None:
    found = analysed(Source(kind="person", title="x" * 200, keywords=["x" * 200, "haus" * 50], body="x" * 200))
    assert max(map(len, [*found.title, *found.body])) <= 64  # characters of pool_term.lexeme


def test_codes_are_those_of_the_paper() -> None:
    """Examples from Postel 1969 and of the method's description."""
    assert sound("wikipedia") == "3412"
    assert sound(fold("Müller-Lüdenscheidt")) == "65752682"


def test_an_entry_s_fields() -> None:
    found = analysed(
        Source(
            kind="article",
            title="Schwerbehindertenausweis verlängern",
            keywords=["Verlängerung"],
            body="Der Ausweis wird verlängert.",
        )
    )
    assert found.length == 2
    assert found.title["_verlaengern"] == {"A"}
    assert found.title["^ver"] == {"A", "B"}
    assert {"A", "B"} <= found.title[stem("verlaengern")]  # Verlängerung has the same stem
    assert found.title[stem("ausweis")] == {"C"}
    assert stem("der") not in found.body
    assert documents.vector(found.title).count("'") == 2 * len(found.title)


def test_a_person_is_found_by_sound_department_and_number() -> None:
    found = analysed(
        Source(
            kind="person",
            title="Öztürk, Ayşe",
            department="Bauordnungsamt",
            function="Sachbearbeitung",
            numbers=["4711", "02921 103-4711"],
            also=["Baugenehmigung"],
        )
    )
    assert found.title["=" + sound("oeztuerk")] == {"C"}
    assert "B" in found.title["4711"] & found.title["029211034711"]
    assert found.title[stem("bauordnungsamt")] == {"C"}
    assert found.title[stem("baugenehmigung")] == {"D"}


@settings(max_examples=200, deadline=None)
@given(st.lists(TEXTS, max_size=4), TEXTS)
def test_any_entry_is_a_vector(keywords: list[str], text: str) -> None:
    found = analysed(
        Source(kind="person", title=text, keywords=keywords, body=text, department=text, function=text, numbers=[text])
    )
    for lexemes in (found.title, found.body):
        for lexeme, fields in lexemes.items():
            assert lexeme
            assert fields
            assert len(lexeme.encode()) < 2046  # PostgreSQL's limit


def test_synonyms_are_read_both_ways_or_one() -> None:
    table = lexicon.read_synonyms(
        ["perso, personalausweis", "lappen => führerschein", "teil eins => zulassungsbescheinigung"]
    )
    assert table[("perso",)] == [(stem("personalausweis"),)]
    assert table[(stem("personalausweis"),)] == [("perso",)]
    assert (stem("fuehrerschein"),) not in table
    assert table[tuple(map(stem, ["teil", "eins"]))] == [(stem("zulassungsbescheinigung"),)]


def test_the_version_names_the_lists() -> None:
    assert documents.version() == f"{documents.REVISION}.{lexicon.digest()[:6]}"
    assert len(documents.version()) <= 10
