"""What a search engine is asked and what it answers; postgres.py is the one that is always there."""

import json
from dataclasses import dataclass

from knowledge.search.lexicon import Synonyms
from knowledge.search.slots import Query, Slot


@dataclass(frozen=True, slots=True)
class Asked:
    """A query as engines get it. `called`: number of the municipality that comes first; `named`: the query itself names it; `at_most` articles
    and as many contacts are wanted. `visible`: municipalities whose entries may be found; `kreise`: which of them are Kreise."""

    query: Query
    synonyms: Synonyms
    called: int | None
    named: bool
    at_most: int
    visible: tuple[int, ...] = ()
    kreise: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Details:
    """What a list of hits shows of an entry beside its title: the beginning of its text and its search words (`words` is JSON, which few
    hits need), hours and number, empty for none."""

    body: str
    words: str
    hours: str
    phone: str

    @property
    def synonyms(self) -> list[str]:
        """The search words."""
        return [str(word) for word in json.loads(self.words)]


@dataclass(frozen=True, slots=True)
class Row:
    """A hit; `others` are the same service elsewhere as (municipality, key), `matched` the words of the query that it has."""

    municipality: int
    kind: str
    key: str
    title: str
    subtitle: str
    ext: str
    score: float
    matched: list[str]
    others: list[tuple[int, str]]
    details: Details


@dataclass(frozen=True, slots=True)
class Answer:
    """Rows, best first, and how the words of the query were understood."""

    rows: list[Row]
    slots: list[Slot]


def in_short(error: BaseException) -> str:
    """The first line of what a server or its client says, for a sentence or a log."""
    return (str(error).splitlines() or [""])[0][:200]


class Unfit(Exception):
    """An engine cannot be used now, for this reason. `instead` is what another one has found already."""

    def __init__(self, reason: str, instead: Answer | None = None) -> None:
        super().__init__(reason)
        self.instead = instead
