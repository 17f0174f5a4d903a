"""The lists that the analyser knows: nouns, first parts, words that say nothing, synonyms. All are data files of this project."""

import hashlib
from collections import defaultdict
from functools import cache
from pathlib import Path

from knowledge.search.folding import fold, words
from knowledge.search.stems import stem

FOLDER = Path(__file__).parent / "data"
Lexemes = tuple[str, ...]
Synonyms = dict[Lexemes, list[Lexemes]]


def _lines(name: str) -> list[str]:
    text = (FOLDER / name).read_text(encoding="utf-8")
    return [line.split("#")[0].strip() for line in text.splitlines() if line.split("#")[0].strip()]


@cache
def listed(name: str) -> frozenset[str]:
    """The folded words of a list: `nouns`, `starts`, `never_parts`, `stopwords` or `asking`."""
    return frozenset(fold(word) for line in _lines(f"{name}.txt") for word in line.split())


@cache
def silent() -> frozenset[str]:
    """Words that say nothing in a query: the, how, please."""
    return listed("stopwords") | listed("asking")


@cache
def digest() -> str:
    """Names the lists; entries that were analysed with others are analysed again."""
    found = hashlib.sha256()
    for name in ("nouns", "starts", "never_parts", "stopwords"):
        found.update((FOLDER / f"{name}.txt").read_bytes())
    return found.hexdigest()[:8]


def read_synonyms(lines: list[str]) -> Synonyms:
    """Stems -> stems that mean the same. A line "a, b" works both ways, "a => b, c" from a only; several words stand for one another whole."""
    table: dict[Lexemes, dict[Lexemes, None]] = defaultdict(dict)
    for line in lines:
        left, arrow, right = line.partition("=>")
        targets = [_stems(text) for text in (right if arrow else left).split(",")]
        for source in filter(None, (_asked(text) for text in left.split(","))):
            table[source].update(dict.fromkeys(target for target in targets if target and target != source))
    return {source: list(targets) for source, targets in table.items() if targets}


def synonym_line(words: str, meaning: str, *, both_ways: bool) -> str:
    """As read_synonyms reads it; each side may be several, with commas between them."""
    return f"{words}, {meaning}" if both_ways else f"{words} => {meaning}"


def _stems(text: str) -> Lexemes:
    return tuple(stem(word) for word in words(text))


def _asked(text: str) -> Lexemes:
    """As a query has it: without the words that say nothing, unless nothing else is said."""
    return tuple(stem(word) for word in words(text) if word not in silent()) or _stems(text)


@cache
def shared_synonyms() -> Synonyms:
    """What is said for what in every town hall (synonyms.txt)."""
    return read_synonyms(_lines("synonyms.txt"))
