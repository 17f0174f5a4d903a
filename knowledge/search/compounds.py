"""German compounds into their parts: Personalausweisverlust -> personal, ausweis, verlust."""

from collections.abc import Iterator
from functools import cache, lru_cache

from knowledge.search import lexicon

LINKS = ("", "s", "es", "n", "en", "e", "er")  # between two parts: Geburt-s-urkunde
CASES = ("s", "es", "n", "en", "e")  # after the last part: des Ausweis-es
SHORTEST = 7  # letters of a compound
LONGEST = 40  # letters; a longer word is junk or a joke, and splitting it costs time
DEEPEST = 4  # parts beyond the first
Parts = tuple[str, ...]
Rated = tuple[float, Parts]


class Splitter:
    """Splits words that are made of known ones. Listed nouns stay whole, and so do words that nothing explains."""

    def __init__(self, nouns: frozenset[str], short: frozenset[str]) -> None:
        """`nouns` may be any part; `short` ones too, although they have fewer than four letters or are not nouns."""
        self.whole, self.nouns, self.short = nouns, nouns - lexicon.listed("never_parts"), short
        self.split = lru_cache(100_000)(self._split)

    def is_part(self, word: str) -> bool:
        """Whether a word may stand at the beginning of a compound."""
        return (len(word) >= 4 and word in self.nouns) or word in self.short

    def is_head(self, word: str) -> bool:
        """Whether a word may stand at the end of one, in any case."""
        if self.is_part(word):
            return True
        return len(word) > 4 and any(word.endswith(end) and self.is_part(word[: -len(end)]) for end in CASES)

    def _split(self, word: str) -> Parts:
        if not SHORTEST <= len(word) <= LONGEST or not word.isalpha() or word in self.whole:
            return ()
        best = self._best(word, 0)
        return best[1] if best else ()

    def _best(self, word: str, depth: int) -> Rated | None:
        """Few parts, and long ones: the first of the best."""
        best: Rated | None = None
        for base, rest, link in self._cuts(word) if depth < DEEPEST else ():
            for tail in self._tails(rest, depth):
                parts = (base, *tail)
                score = 0.25 * min(map(len, parts)) - 2.2 * len(parts) - 0.3 * (link in ("e", "er", "es"))
                if best is None or score > best[0]:
                    best = score, parts
        return best

    def _cuts(self, word: str) -> Iterator[tuple[str, str, str]]:
        """(first part, rest, link) for every place where a known part may end."""
        for at in range(3, len(word) - 2):
            begin, rest = word[:at], word[at:]
            for link in LINKS:
                if not begin.endswith(link):
                    continue
                base = begin[: at - len(link)]
                if self.is_part(base):
                    yield base, rest, link
                elif not link and len(base) >= 4 and self.is_part(base + "e"):  # Schul-, Straßen-
                    yield base + "e", rest, link

    def _tails(self, rest: str, depth: int) -> Iterator[Parts]:
        if self.is_head(rest):
            yield (rest,)
        if len(rest) >= SHORTEST and (deeper := self._best(rest, depth + 1)):
            yield deeper[1]


@cache
def splitter() -> Splitter:
    """The one that entries and queries are split with."""
    nouns = lexicon.listed("nouns")
    return Splitter(nouns, lexicon.listed("starts") | {word for word in nouns if len(word) == 3})
