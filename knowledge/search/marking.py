"""Which words of a text a query means, for <mark>; and the passage of a body that shows best why an entry was found.

Words are marked whole: half a word in another weight is hard to read, and screen readers say it as two. Texts come back in parts, never
as HTML; whoever shows them escapes them.
"""

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from knowledge.search.documents import FORM, SOUND, Source, analysed
from knowledge.search.folding import LONGEST_WORD
from knowledge.search.slots import Slot

LONGEST_TEXT = 3000  # characters in which words are looked for
LONGEST_TITLE = 200
PASSAGE = 140  # characters
LEAD = 40  # characters before the first marked word: what is shown in one line may be cut off at its end
MOST_PASSAGES = 100  # that are compared
CUT = "…"
# A word with its accents; E-Bike and Kfz-Zulassung are one, and so is Bahnhofstr. with its dot.
_LETTERS = r"[^\W_]+(?:[\u0300-\u036f]+[^\W_]*)*"
_WORD = re.compile(rf"(?<!\w)[^\W_]{{1,3}}-{_LETTERS}|{_LETTERS}(?:(?<=[Ss]tr)\.)?")
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[^\W\d_a-zäöü])|\n\s*")  # what is between two
_SPACE = re.compile(r"\s+")


class Part(NamedTuple):
    """A piece of a text, and whether it is marked."""

    text: str
    marked: bool = False


class Word(NamedTuple):
    """A word of a text with what it is to search: its stems, forms, parts and sound."""

    start: int
    end: int
    text: str
    lexemes: frozenset[str]


class Found(NamedTuple):
    """A word of a text that the query means: slot -> how well, 0 to 1."""

    start: int
    end: int
    slots: dict[int, float]


@lru_cache(20_000)
def _lexemes(word: str) -> frozenset[str]:
    return frozenset(analysed(Source(kind="person", title=word)).title)


def words_of(text: str) -> Sequence[Word]:
    """The words of a text where they stand, with the lexemes that search knows them by."""
    return _title_words(text) if len(text) <= LONGEST_TITLE else _words_of(text)


def _words_of(text: str) -> Sequence[Word]:
    return [
        Word(match.start(), match.end(), match[0], _lexemes(match[0][:LONGEST_WORD]))
        for match in _WORD.finditer(text[:LONGEST_TEXT])
    ]


_title_words = lru_cache(5000)(_words_of)  # who types on sees much the same titles again


class Marker:
    """Finds the words of a query in texts. `slots` are those of the search's answer: what may stand for each word, and why."""

    def __init__(self, slots: Sequence[Slot]) -> None:
        """Reads the alternatives once, for all texts."""
        self.slots = slots
        self.typed = {at for at, slot in enumerate(slots) if slot.weight == 1.0}
        self._single: dict[str, dict[int, float]] = defaultdict(dict)
        self._whole: list[tuple[frozenset[str], int, float]] = []
        self._begun: list[tuple[str, int, float]] = []
        # A title is asked for twice: what is marked, what is missing.
        self._known: dict[tuple[str, bool], list[Found]] = {}
        for at, slot in enumerate(slots):
            self._read(at, slot)

    def _read(self, at: int, slot: Slot) -> None:
        for alternative, meaning in slot.alternatives.items():
            first, weight = alternative.words[0], meaning.weight * slot.weight
            if alternative.kind == "beginning":
                self._begun.append((FORM + first, at, weight))
            elif alternative.kind == "sound":
                self._single[SOUND + first][at] = weight
            elif len(alternative.words) == 1:
                self._single[first][at] = max(weight, self._single[first].get(at, 0))
            else:
                self._whole.append((frozenset(alternative.words), at, weight))

    def found(self, text: str, *, by_sound: bool = False) -> list[Found]:
        """The words that are meant, in order. What stands for a word only together must all be there. Names are also known by sound."""
        if (text, by_sound) not in self._known:
            self._known[text, by_sound] = self._found(text, by_sound=by_sound)
        return self._known[text, by_sound]

    def _found(self, text: str, *, by_sound: bool) -> list[Found]:
        every = words_of(text)
        there = frozenset().union(*(word.lexemes for word in every)) if self._whole else frozenset()
        whole = [(lexemes, at, weight) for lexemes, at, weight in self._whole if lexemes <= there]
        meant = [(word, self._meant(word.lexemes, whole, by_sound=by_sound)) for word in every]
        return [Found(word.start, word.end, slots) for word, slots in meant if slots]

    def _meant(
        self, lexemes: frozenset[str], whole: Iterable[tuple[frozenset[str], int, float]], *, by_sound: bool
    ) -> dict[int, float]:
        rated: dict[int, float] = {}
        for lexeme in lexemes & self._single.keys():
            if by_sound or not lexeme.startswith(SOUND):
                for at, weight in self._single[lexeme].items():
                    rated[at] = max(weight, rated.get(at, 0))
        begun = ((at, weight) for start, at, weight in self._begun if any(one.startswith(start) for one in lexemes))
        together = ((at, weight) for several, at, weight in whole if not several.isdisjoint(lexemes))
        for at, weight in (*begun, *together):
            rated[at] = max(weight, rated.get(at, 0))
        return rated

    def parts(self, text: str, *, by_sound: bool = False) -> list[Part]:
        """The whole text with the meant words marked."""
        return _parted(text, self.found(text, by_sound=by_sound), 0, len(text))

    def missing(self, *texts: str, by_sound: bool = False) -> set[int]:
        """The slots of typed words that none of the texts has."""
        return self.typed - {at for text in texts for word in self.found(text, by_sound=by_sound) for at in word.slots}

    def passage(self, body: str, wanted: Iterable[int] | None = None) -> list[Part]:
        """A sentence or two, at most PASSAGE characters, with the most and rarest of the meant words, some of `wanted` (slots) among
        them; empty when there are none."""
        text = body[:LONGEST_TEXT]
        found = self.found(text)
        looked_for = self.typed if wanted is None else set(wanted)
        anchors = [word for word in found if looked_for & word.slots.keys()]
        if not anchors:
            return []
        breaks = [match.span() for match in _SENTENCE.finditer(text)]
        windows = [_window(text, word, breaks) for word in anchors[:MOST_PASSAGES]]
        begin, end = max(windows, key=lambda window: (self._worth(found, *window), -window[0]))
        return _shown(text, _parted(text, found, begin, end), begin, end, breaks)

    def _worth(self, found: Sequence[Found], begin: int, end: int) -> float:
        best: dict[int, float] = {}
        for word in found[bisect_left(found, begin, key=lambda word: word.start) :]:
            if word.end > end:
                break
            for at, weight in word.slots.items():
                best[at] = max(weight, best.get(at, 0))
        return sum(weight * self.slots[at].rarity for at, weight in best.items())


def _parted(text: str, found: Iterable[Found], begin: int, end: int) -> list[Part]:
    parts, at = [], begin
    for word in found:
        if begin <= word.start and word.end <= end:
            parts += [Part(text[at : word.start]), Part(text[word.start : word.end], marked=True)]
            at = word.end
    return [part for part in (*parts, Part(text[at:end])) if part.text]


def _window(text: str, word: Found, breaks: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Where a passage around a word begins and ends: with its sentence if that began shortly before, and with the sentence after it,
    or else where a word does."""
    following = bisect_right(breaks, word.start, key=lambda gap: gap[1])
    sentence = breaks[following - 1][1] if following else 0
    begin = sentence if word.start - sentence <= LEAD else _after_space(text, word.start - LEAD, word.start)
    limit = begin + PASSAGE - 2 * len(CUT + " ")
    if len(text) <= limit:
        return begin, len(text)
    near = [before for before, _after in breaks[following : following + 2] if word.end <= before <= limit]
    return begin, near[-1] if near else _before_space(text, word.end, limit)


def _after_space(text: str, begin: int, end: int) -> int:
    """The first beginning of a word in a stretch, else its end."""
    space = _SPACE.search(text, begin, end)
    return space.end() if space else end


def _before_space(text: str, least: int, limit: int) -> int:
    """The last end of a word in a stretch, else its end."""
    return max((space.start() for space in _SPACE.finditer(text, least, limit + 1)), default=limit)


def _shown(text: str, parts: list[Part], begin: int, end: int, breaks: Sequence[tuple[int, int]]) -> list[Part]:
    """On one line, and with signs where it was cut within a sentence."""
    cut_before = begin > 0 and begin not in {after for _before, after in breaks}
    cut_after = end < len(text.rstrip()) and end not in {before for before, _after in breaks}
    line = [Part(_SPACE.sub(" ", part.text), part.marked) for part in parts]
    return [*([Part(f"{CUT} ")] if cut_before else []), *line, *([Part(f" {CUT}")] if cut_after else [])]
