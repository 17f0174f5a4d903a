"""Which correction of a query is offered; no database."""

import pytest

from knowledge.search import lexicon
from knowledge.search.marking import Part
from knowledge.search.slots import read, slots
from knowledge.search.suggesting import corrected
from tests.search.test_slots import Words

SYNONYMS = lexicon.read_synonyms(["perso, personalausweis", "kiste => sarg"])
KNOWN = ("personalausweis", "verloren", "hund", "steuer", "hundesteuer", "fuehrerschein", "kasten", "sarg")


def of(query: str, *texts: str) -> list[Part]:
    return corrected(query, slots(read(query), Words(*KNOWN), SYNONYMS), texts)


@pytest.mark.parametrize(
    ("query", "text", "wanted"),
    [
        ("personalauswies", "Personalausweis beantragen", "Personalausweis"),
        (
            "Personalauswies verloren ",
            "Verlust des Personalausweises, Personalausweis weg",
            "Personalausweis verloren ",
        ),
        ("personalauswies ", "Verlust des Personalausweises", "Personalausweis "),
        ("fürerschein", "des Führerscheins", "Führerschein"),  # as it is written, not as it is looked up
        ("verlohren, personalauswies!", "Personalausweis verloren", "verloren, Personalausweis!"),
        ("hundestuer", "Hundesteuer anmelden", "Hundesteuer"),
    ],
)
def test_a_word_that_nobody_wrote_is_put_right(query: str, text: str, wanted: str) -> None:
    parts = of(query, text)
    assert "".join(part.text for part in parts) == wanted
    assert any(part.marked for part in parts)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("personalausweis", "Personalausweis beantragen"),
        ("person", "Personalausweis beantragen"),  # a beginning
        ("personalauswies", "Reisepass beantragen"),  # the correction led nowhere
        ("kiste ", "Sarg, Kasten"),  # was understood as a synonym
        ("", "Personalausweis"),
    ],
)
def test_what_was_understood_is_not_corrected(query: str, text: str) -> None:
    assert of(query, text) == []


def test_without_hits_nothing_is_offered() -> None:
    assert of("personalauswies") == []
