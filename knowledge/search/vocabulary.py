"""What the published entries say about words: how many entries have a lexeme, which words there are, which are alike."""

from dataclasses import dataclass, field
from typing import Protocol


class Vocabulary(Protocol):
    """Asked by slots and plan."""

    entries: int
    municipalities: int
    mean_length: float

    def titles(self, lexeme: str) -> int:
        """In how many entries' titles, search words and the like the lexeme stands."""

    def bodies(self, lexeme: str) -> int:
        """In how many bodies."""

    def beginning(self, start: str) -> int:
        """How often words of titles and search words begin so."""

    def alike(self, word: str, stem: str = "") -> list[tuple[str, int]] | None:
        """Words that resemble it, with their entries; distance is the caller's matter. Of a word that is known, by its stem or as it stands, none;
        None as long as it has not been looked up."""


@dataclass
class Wanted:
    """What was asked for and is not known yet."""

    lexemes: set[str] = field(default_factory=set)
    beginnings: set[str] = field(default_factory=set)
    alike: dict[str, str] = field(default_factory=dict)  # word -> stem: unless that is known

    def __bool__(self) -> bool:
        return bool(self.lexemes or self.beginnings or self.alike)


@dataclass
class Noted:
    """A vocabulary that answers from what was fetched and notes what is missing, so that one round trip fetches everything at once."""

    entries: int = 1
    municipalities: int = 1
    mean_length: float = 1.0
    counts: dict[str, tuple[int, int]] = field(default_factory=dict)
    begun: dict[str, int] = field(default_factory=dict)
    similar: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    wanted: Wanted = field(default_factory=Wanted)

    def titles(self, lexeme: str) -> int:
        """See Vocabulary; 0 while it is not known."""
        return self._count(lexeme)[0]

    def bodies(self, lexeme: str) -> int:
        """See Vocabulary; 0 while it is not known."""
        return self._count(lexeme)[1]

    def _count(self, lexeme: str) -> tuple[int, int]:
        if lexeme not in self.counts:
            self.wanted.lexemes.add(lexeme)
            return 0, 0
        return self.counts[lexeme]

    def beginning(self, start: str) -> int:
        """See Vocabulary; 0 while it is not known."""
        if start not in self.begun:
            self.wanted.beginnings.add(start)
            return 0
        return self.begun[start]

    def alike(self, word: str, stem: str = "") -> list[tuple[str, int]] | None:
        """See Vocabulary. With a stem it is looked up at once, and only if it is unknown; without, when all counts are there and leave no other way."""
        if word not in self.similar and (stem or not (self.wanted.lexemes or self.wanted.beginnings)):
            self.wanted.alike[word] = stem
        return self.similar.get(word)
