"""An entry as the search engines keep it: its lexemes by field. What an entry gets depends on nothing but the entry and the lists."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache

from knowledge.search import lexicon
from knowledge.search.compounds import splitter
from knowledge.search.folding import joined, sound, with_whole_numbers, words
from knowledge.search.stems import stem

REVISION = 1  # raise it when this module or one below changes what an entry gets
MOST_BODY_WORDS = 1200
FORM, BEGINNING, SOUND = "_", "^", "="  # marks of lexemes: a word as it stands, its first letters, how a name sounds
TITLE, KEYWORD, HEAD, PART = "A", "B", "C", "D"  # weights of PostgreSQL, and names of the fields
BODY, BODY_PART = "A", "D"
Field = dict[str, set[str]]


@cache
def version() -> str:
    """Names the analyser, 10 characters at most: entries that another one analysed are analysed again."""
    return f"{REVISION}.{lexicon.digest()[:6]}"


@dataclass(frozen=True, slots=True)
class Source:
    """What of an entry is searched. `also` are the search words of a contact's department; `numbers` as people write them."""

    kind: str
    title: str
    keywords: Sequence[str] = ()
    body: str = ""
    department: str = ""
    function: str = ""
    numbers: Sequence[str] = ()
    also: Sequence[str] = ()


@dataclass(slots=True)
class Lexemes:
    """Lexeme -> fields in which it stands, for title (and all that names the entry) and body; `length` of the title in words."""

    title: Field = field(default_factory=lambda: defaultdict(set))
    body: Field = field(default_factory=lambda: defaultdict(set))
    length: int = 1


def analysed(source: Source) -> Lexemes:
    """The lexemes of an entry."""
    found = Lexemes()
    _put(found.title, source.title, TITLE)
    for keyword in source.keywords:
        _put(found.title, keyword, KEYWORD)
    if source.kind == "person":
        _put_person(found.title, source)
    for number in source.numbers:
        for word in words(with_whole_numbers(number)):
            found.title[word].add(KEYWORD)
            _put_form(found.title, word, KEYWORD)
    silent = lexicon.listed("stopwords")
    for word in words(source.body)[:MOST_BODY_WORDS]:
        if word not in silent and len(word) > 1:
            found.body[stem(word)].add(BODY)
            for part in splitter().split(word):
                found.body[stem(part)].add(BODY_PART)
    found.length = max(1, sum(word not in silent for word in words(source.title)))
    return found


def _put_person(into: Field, source: Source) -> None:
    _put(into, source.department, HEAD, head=PART)
    _put(into, source.function, KEYWORD, head=PART)
    for keyword in source.also:
        _put(into, keyword, PART, head=PART)
    for word in words(source.title):
        if len(sound(word)) >= 2:
            into[SOUND + sound(word)].add(HEAD)


def _put(into: Field, text: str, where: str, *, head: str = HEAD) -> None:
    """The words of a text, as stems and as they stand, and the parts of its compounds."""
    for word in words(text) + joined(text):
        into[stem(word)].add(where)
        _put_form(into, word, where)
        _put_parts(into, word, head, top=True)


def _put_form(into: Field, word: str, where: str) -> None:
    into[FORM + word].add(where)
    if where in (TITLE, KEYWORD):  # short beginnings have lexemes of their own: no scan of all words that begin so
        into[BEGINNING + word[:2]].add(where)
        into[BEGINNING + word[:3]].add(where)


def _put_parts(into: Field, word: str, head: str, *, top: bool) -> None:
    """The last part says what it is, the others what kind: Hunde|steuer is a tax. Middle ones may belong together: schwer|behinderten|ausweis."""
    found = splitter().split(word)
    for at, part in enumerate(found):
        last = top and at == len(found) - 1
        into[stem(part)].add(head if last else PART)
        _put_parts(into, part, head if last else PART, top=last)
    if top:
        for at in range(1, len(found) - 1):
            into[stem("".join(found[at:]))].add(head)


def vector(lexemes: Field) -> str:
    """As PostgreSQL reads a tsvector: one position per field, the best first."""
    return " ".join(f"{quoted(lexeme)}:{_positions(fields)}" for lexeme, fields in lexemes.items())


def _positions(fields: Iterable[str]) -> str:
    return ",".join(f"{ord(letter) - ord('A') + 1}{letter}" for letter in sorted(fields))


def quoted(lexeme: str) -> str:
    """A lexeme in a tsvector or tsquery."""
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'"
