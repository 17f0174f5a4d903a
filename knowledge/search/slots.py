"""A query as slots: for each word that was typed, what may stand for it in an entry, and how much that is worth.

    slots("perso weg", vocabulary)  ->  [Slot("perso", {Stems(("perso",)): 1.0, Stems(("personalausweis",)): .75, …}), …]

Weights: the word itself 1, a beginning .9, a typing error .85, the parts of a compound .8, a synonym .75, a sound .6.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from rapidfuzz.distance import OSA

from knowledge.search import lexicon
from knowledge.search.compounds import splitter
from knowledge.search.documents import FORM, SOUND
from knowledge.search.folding import joined, sound, with_whole_numbers, words
from knowledge.search.lexicon import Lexemes, Synonyms
from knowledge.search.stems import stem
from knowledge.search.vocabulary import Vocabulary

LONGEST_QUERY = 200  # characters that are read; nobody types more while a caller speaks
MOST_WORDS = 8
MOST_ALTERNATIVES = 24  # per word
MOST_TYPOS = 4
LONGEST_SYNONYM = 4  # words
PART_ALONE = 0.45  # weight of a slot for one part of a rare compound
RARE = 3  # entries
_PARTICIPLES = (
    re.compile(r"(an|ab|um|ein|aus|auf|zu|vor|nach|mit|weg|los)?ge(.{3,}?)e?t$"),  # angemeldet -> anmelden
    re.compile(r"(ver|be|ent|er|zer|ueber|unter)(.{3,}?)e?t$"),  # verlängert -> verlängern
)


@dataclass(frozen=True, slots=True)
class Alternative:
    """Something that may stand for a word: all of some stems, a beginning, or a sound."""

    kind: Literal["stems", "beginning", "sound"]
    words: Lexemes


@dataclass(frozen=True, slots=True)
class Meaning:
    """How much an alternative is worth (0 to 1), and why it is one: `typed`, `beginning`, `typo`, `parts`, `synonym`, `form`, `sound`, `number`."""

    weight: float
    reason: str


@dataclass(slots=True)
class Slot:
    """A word of the query, as it was typed and folded, with its alternatives; `weight` is below 1 for a part of a compound alone.
    `rarity` is filled in when all is known. `meant` are words, as entries have them, that may have been misspelt."""

    word: str
    alternatives: dict[Alternative, Meaning] = field(default_factory=dict)
    weight: float = 1.0
    rarity: float = 1.0
    meant: list[str] = field(default_factory=list)

    def put(self, alternative: Alternative, weight: float, reason: str) -> None:
        """Add an alternative, or raise its worth."""
        known = self.alternatives.get(alternative)
        if known is None and len(self.alternatives) >= MOST_ALTERNATIVES:
            return
        if known is None or known.weight < weight:
            self.alternatives[alternative] = Meaning(weight, reason)

    def stems(self, found: Lexemes, weight: float, reason: str) -> None:
        """Add stems that must all be there."""
        if found:
            self.put(Alternative("stems", found), weight, reason)


@dataclass(frozen=True, slots=True)
class Query:
    """What was typed, read once: the words that count, and whether the last is still being typed."""

    words: tuple[str, ...]
    last: str
    hyphened: tuple[str, ...]


def read(text: str) -> Query:
    """The words that are looked for: folded, without those that say nothing, unless nothing else is said or the last may go on."""
    text = text[:LONGEST_QUERY]
    every = words(with_whole_numbers(text))
    last = every[-1] if every else ""
    typing = 1 < len(every) < 4 and len(last) < 4 and not text.endswith(" ")  # "an" may become "anmelden"
    kept = [word for at, word in enumerate(every) if word not in lexicon.silent() or (typing and at == len(every) - 1)]
    return Query(tuple(dict.fromkeys(kept or every))[:MOST_WORDS], last, tuple(joined(text)))


def slots(query: Query, vocabulary: Vocabulary, synonyms: Synonyms) -> list[Slot]:
    """One slot per word, and weak ones for the parts of rare compounds."""
    kept = [*query.words, *(word for word in query.hyphened if vocabulary.titles(FORM + word))][:MOST_WORDS]
    stems = tuple(stem(word) for word in kept)
    found: list[Slot] = []
    for at, word in enumerate(kept):
        slot = Slot(word)
        slot.stems((stems[at],), 1.0, "typed")
        parts = tuple(stem(part) for part in splitter().split(word))
        slot.stems(parts, 0.8, "parts")
        last = word == query.last
        if last and len(word) >= 2 and not word.isdigit():
            slot.put(Alternative("beginning", (word,)), 0.9 if len(word) >= 4 else 0.8, "beginning")
        _put_forms(slot, word, vocabulary)
        _put_synonyms(slot, at, stems, parts, synonyms)
        if word.isdigit():
            _put_extensions(slot, word)
        elif not (
            vocabulary.titles(stems[at]) or vocabulary.titles(FORM + word) or (last and vocabulary.beginning(word))
        ):
            _put_typos(slot, word, parts, vocabulary, synonyms)
        if word.isalpha() and len(word) >= 3 and len(sound(word)) >= 2:
            slot.put(Alternative("sound", (sound(word),)), 0.6, "sound")
        found.append(slot)
        if len(parts) > 1 and vocabulary.titles(stems[at]) <= RARE:
            found += _alone(word, parts, synonyms)
    return found


def _put_forms(slot: Slot, word: str, vocabulary: Vocabulary) -> None:
    """A participle stands for its verb, when somebody wrote the verb."""
    for pattern in _PARTICIPLES:
        if match := pattern.match(word):
            verb = stem((match[1] or "") + match[2] + "en")
            if vocabulary.titles(verb):
                slot.stems((verb,), 0.8, "form")
            return


def _put_synonyms(slot: Slot, at: int, stems: Lexemes, parts: Lexemes, synonyms: Synonyms) -> None:
    """Of every run of words that the slot's word belongs to, and of the parts of a compound."""
    for start in range(max(0, at - LONGEST_SYNONYM + 1), at + 1):
        for end in range(at + 1, min(len(stems), start + LONGEST_SYNONYM) + 1):
            for other in synonyms.get(stems[start:end], ()):
                slot.stems(other, 0.75, "synonym")
    for place, part in enumerate(parts):
        rest = parts[:place] + parts[place + 1 :]
        for other in synonyms.get((part,), ()):
            slot.stems(other + rest, 0.6, "synonym")


def _put_extensions(slot: Slot, digits: str) -> None:
    """The extension at the end of a whole number."""
    for length in (5, 4, 3):
        if len(digits) > length + 1:
            slot.stems((digits[-length:],), 0.4 + 0.1 * length, "number")


def _put_typos(slot: Slot, word: str, parts: Lexemes, vocabulary: Vocabulary, synonyms: Synonyms) -> None:
    """What a word that nobody wrote may have been meant to be."""
    if len(word) < 4 or not word.isalpha():
        return
    if (alike := vocabulary.alike(word, stem(word))) is None:
        return
    meant = nearest(word, alike)
    slot.meant += meant
    for other in meant:
        slot.stems((stem(other),), 0.85, "typo")
        for also in synonyms.get((stem(other),), ()):
            slot.stems(also, 0.6, "typo")
    if meant or len(word) < 8 or (parts and all(vocabulary.titles(part) for part in parts)):
        return
    slot.stems(tuple(stem(part) for part in _typo_in_compound(word, vocabulary)), 0.7, "typo")


def nearest(word: str, alike: Sequence[tuple[str, int]]) -> list[str]:
    """The nearest of some words, at most MOST_TYPOS: one edit, two from seven letters on; a wrong first letter is unlikely."""
    most = 1 if len(word) < 7 else 2
    rated = []
    for other, entries in alike:
        distance = OSA.distance(other, word, score_cutoff=most)
        if distance <= most and other:
            rated.append((distance + (other[0] != word[0]) / 2, -entries, other))
    rated.sort()
    return [other for rate, _, other in rated if rate == rated[0][0]][:MOST_TYPOS]


def _typo_in_compound(word: str, vocabulary: Vocabulary) -> Lexemes:
    """One half is known, the other nearly: (first half, second half), or nothing."""
    halves = [(word[:at], word[at:]) for at in range(len(word) - 4, 3, -1)]

    def known(half: str) -> bool:
        return vocabulary.titles(FORM + half) > 0

    for first, second in halves:
        if known(first) or splitter().is_part(first):
            if known(second):
                return first, second
            if meant := nearest(second, vocabulary.alike(second) or ()):
                return first, meant[0]
    for first, second in reversed(halves):
        if known(second) and (meant := nearest(first, vocabulary.alike(first) or ())):
            return meant[0], second
    return ()


def _alone(word: str, parts: Lexemes, synonyms: Synonyms) -> Iterator[Slot]:
    for part in parts:
        slot = Slot(word, weight=PART_ALONE)
        slot.stems((part,), 1.0, "parts")
        for other in synonyms.get((part,), ()):
            slot.stems(other, 0.75, "synonym")
        yield slot


def rarity(slot: Slot, vocabulary: Vocabulary) -> float:
    """Inverse document frequency of the slot, not of each alternative: a rare synonym must not beat the word itself."""

    def most(least: float) -> int:
        return max(
            (
                vocabulary.titles(alternative.words[0])
                for alternative, meaning in slot.alternatives.items()
                if alternative.kind == "stems" and len(alternative.words) == 1 and meaning.weight >= least
            ),
            default=0,
        )

    return slot.weight * math.log(1 + vocabulary.entries / max(most(0.85) or most(0), 1))


def size(alternatives: Mapping[Alternative, Meaning], vocabulary: Vocabulary) -> int:
    """How many entries have one of the alternatives in title or search words, at most."""
    total = 0
    for alternative in alternatives:
        if alternative.kind == "beginning":
            total += vocabulary.beginning(alternative.words[0])
        elif alternative.kind == "sound":
            total += vocabulary.titles(SOUND + alternative.words[0])
        else:
            total += min(vocabulary.titles(word) for word in alternative.words)
    return total
