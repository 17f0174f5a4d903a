"""What of a search may be kept: neither numbers nor dates nor addresses, and no word that may be a citizen's name (docs/adr/0100).

kept("Frau Zwirnfeld geb. 3.5.1961 perso weg", …)  ->  "geb perso weg"
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import cache

from knowledge.search import lexicon
from knowledge.search.compounds import splitter
from knowledge.search.documents import FORM
from knowledge.search.folding import fold
from knowledge.search.stems import stem
from knowledge.search.vocabulary import Vocabulary

HELD = "…"  # stands for a word that is held back
LONGEST = 200  # characters that are read
MOST_WORDS = 12
_MONTHS = r"(?:jan|feb|m(?:ä|ae)r|apr|mai|jun|jul|aug|sep|okt|nov|dez)[a-zäöü]*"
_DATA = re.compile(
    r"\S*@\S*"  # e-mail
    rf"|\b\d{{1,2}}\.?\s*{_MONTHS}\b\.?\s*\d{{0,4}}"  # 3. Mai 61
    r"|\w*[+(]?\d(?:[\W_]*\d){3,}\w*"  # 02921 103, 3.5.1961, DE12…: four digits or more, whatever signs stand between
    r"|\b[a-zäöü]{1,3}-[a-zäöü]{1,2}[ -]?\d{1,4}[eh]?\b"  # number plate
    r"|\b[a-zäöü]{1,3}\s+[a-zäöü]{1,2}\s+\d{2,4}[eh]?\b",  # as it is typed in haste: so ab 123
    re.IGNORECASE,
)
_STREETS = r"str(?:\.|aße|asse)?|weg|platz|allee|gasse|ring|damm|ufer"
_HOUSE = re.compile(rf"((?:{_STREETS})\s*)\d{{1,3}}\s?[a-z]?\b")  # Ulmenweg 7 b
_WORD = re.compile(r"§|[^\W_]+(?:['’-][^\W_]+)*")
_ADDRESSED = {
    *("herr", "herrn", "hr", "hrn", "frau", "fr", "frl", "fraeulein"),
    *("familie", "fam", "eheleute", "ehepaar", "dr", "prof"),
}
# Between a form of address and a name there is more of the name to come: Frau von der Linde, Dr. med. Wolf.
_BETWEEN = {
    *("von", "van", "vom", "de", "der", "den", "zu", "zur", "del", "di", "el", "al"),
    *("med", "rer", "nat", "jur", "phil", "ing", "dipl"),
}
_SHORT = 2  # letters; no name
_LONGEST_CODE = 4  # letters and digits together: b196, u25; what is longer may be an identity card's number, or a plate


def readable(text: str) -> list[str]:
    """The words as people read them, in small letters, without what is plainly somebody's data."""
    text = text[:LONGEST].encode("utf-8", "ignore").decode("utf-8")
    plain = unicodedata.normalize("NFKC", text).replace("\0", " ").lower()
    return _WORD.findall(_HOUSE.sub(r"\1", _DATA.sub(" ", plain)))[:MOST_WORDS]


def kept(text: str, known: Callable[[str], bool], frequent: Callable[[str], bool]) -> str:
    """What is kept of a search. A word that nobody knows is held back until `frequent` says that it is not one caller's."""
    words = [
        word if word == HELD or known(word) or frequent(word) else HELD for word in unaddressed(readable(text), known)
    ]
    return " ".join(word for at, word in enumerate(words) if word != HELD or words[at - 1 : at] != [HELD])


def without_held(text: str) -> str:
    """The words that were kept, without the sign for those that were not."""
    return " ".join(text.replace(HELD, " ").split())


def unaddressed(words: Iterable[str], known: Callable[[str], bool]) -> Iterator[str]:
    """Without forms of address and the names behind them, "Frau Dr. Erna Zwirnfeld": the first word, even where the directory has such a
    name, and the second if nobody knows it."""
    names = 0  # how many more words may be names
    for word in words:
        if fold(word) in _ADDRESSED or (names and (fold(word) in _BETWEEN or len(word) == 1)):
            names = 2
        elif names == 2 and not is_silent(word):
            names = 1
        elif names == 1 and not known(word):
            names = 0
        else:
            names = 0
            yield word


def is_silent(word: str) -> bool:
    """Whether it says nothing: the, how, please."""
    return fold(word) in lexicon.silent()


def is_known(word: str, vocabulary: Vocabulary) -> bool:
    """Whether the analyser's lists or published entries have the word, names of the directory included; with hyphens, all its parts."""
    return all(is_listed(part) or is_published(part, vocabulary) for part in parts(word))


def parts(word: str) -> list[str]:
    """What stands between hyphens, folded."""
    return [part for part in re.split("['’-]", fold(word)) if part]


def is_listed(part: str) -> bool:
    """Whether the analyser's own lists know it, a form of it, or all words that it is made of. Short words and numbers are no names."""
    if len(part) <= _SHORT or is_silent(part):
        return True
    if re.search(r"\d", part):
        return part.isdigit() or len(part) <= _LONGEST_CODE
    return part in _nouns() or stem(part) in _stems() or bool(splitter().split(part))


def lexemes(part: str) -> tuple[str, str]:
    """Under which it would be in the vocabulary of what is published."""
    return stem(part), FORM + part


def is_published(part: str, vocabulary: Vocabulary) -> bool:
    """Whether published entries have it."""
    stemmed, form = lexemes(part)
    return bool(vocabulary.titles(stemmed) or vocabulary.bodies(stemmed) or vocabulary.titles(form))


def _nouns() -> frozenset[str]:
    return lexicon.listed("nouns") | lexicon.listed("starts")


@cache
def _stems() -> frozenset[str]:
    said = {
        word for source, targets in lexicon.shared_synonyms().items() for text in (source, *targets) for word in text
    }
    return frozenset(stem(word) for word in lexicon.listed("nouns")) | said
