"""What a synonym would change before it is saved: for the newest searches of the municipality, and for the judged queries that ship.

Runs in the scope of whoever asks and within SECONDS; what was not compared by then is said.
"""

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from knowledge import demo
from knowledge.pool.models import LoggedSearch, SearchEntry, Synonym
from knowledge.search import finding, postgres, synonyms
from knowledge.search.judging import FAR, judge
from knowledge.search.lexicon import Synonyms
from knowledge.search.privacy import without_held
from knowledge.search.slots import Alternative, Meaning, Query, read

MOST_SEARCHES = 200
SECONDS = 6.0


@dataclass(frozen=True, slots=True)
class Change:
    """A search whose first hit would be another one; titles, empty for nothing."""

    words: str
    times: int
    before: str
    after: str


@dataclass(slots=True)
class Effect:
    """`searches` were compared. `judged` queries found what was wanted among the first three in `good_before` and `good_after` cases."""

    searches: int = 0
    changes: list[Change] = field(default_factory=list)
    judged: int = 0
    good_before: int = 0
    good_after: int = 0
    complete: bool = True

    @property
    def found(self) -> list[Change]:
        """Those that would find something for the first time."""
        return [change for change in self.changes if not change.before]

    @property
    def moved(self) -> list[Change]:
        """Those that would have another first hit."""
        return [change for change in self.changes if change.before]


class _TooLongError(Exception):
    pass


@dataclass(frozen=True, slots=True)
class Trial:
    """Both tables of a municipality."""

    called: str
    before: Synonyms
    after: Synonyms

    def touches(self, words: str) -> bool:
        """Whether the words would be understood differently; only then it is searched."""
        asked = read(words)
        return bool(asked.words) and slots_of(asked, self.before) != slots_of(asked, self.after)

    def search(self, words: str, table: Synonyms, limit: int = 1) -> finding.SearchResult:
        """Who called here is answered so."""
        return finding.search(words, called=self.called, limit=limit, tried=table)


class Trials(dict[str, Trial]):
    """Those of the municipalities that are asked about, each read when it is wanted: a centre may have a hundred and fifty."""

    def __init__(self, synonym: Synonym) -> None:
        super().__init__()
        self.synonym = synonym

    def __missing__(self, slug: str) -> Trial:
        after = synonyms.tried(slug, without=self.synonym.pk, lines=[self.synonym.line])
        trial = self[slug] = Trial(slug, synonyms.tried(slug), after)
        return trial


def slots_of(asked: Query, table: Synonyms) -> list[tuple[str, dict[Alternative, Meaning]]]:
    """How words are understood, as far as it can be compared."""
    return [(slot.word, slot.alternatives) for slot in postgres.understood(asked, table)[0]]


def effect(synonym: Synonym, called: Collection[str]) -> Effect:
    """What a synonym that is not saved yet, or is changed, would do to calls for these municipalities (slugs)."""
    told, trials, until = Effect(), Trials(synonym), time.monotonic() + SECONDS
    try:
        if synonym.municipality_id and len(called) == 1:
            _compare(told, trials[next(iter(called))], newest_searches(synonym.municipality_id), until)
        _judge(told, [query for query in demo.judged_queries() if query["called"] in called], trials, until)
    except _TooLongError:
        told.complete = False
    return told


def newest_searches(municipality: int) -> Counter[str]:
    """Words of the newest searches, with how often they were searched; the desk may not read them."""
    rows = LoggedSearch.objects.filter(municipality=municipality).order_by("-hour", "-pk")
    newest = rows.values_list("words", flat=True)[:MOST_SEARCHES]
    return Counter(words for text in newest if (words := without_held(text)))


def _compare(told: Effect, trial: Trial, searches: Counter[str], until: float) -> None:
    for words, times in searches.most_common():
        _check(until)
        told.searches += times
        if not trial.touches(words):
            continue
        before, after = (trial.search(words, table).hits for table in (trial.before, trial.after))
        ids = [hits[0].id if hits else "" for hits in (before, after)]
        if ids[0] != ids[1]:
            told.changes.append(Change(words, times, *(hits[0].title if hits else "" for hits in (before, after))))


def _judge(told: Effect, queries: Iterable[dict[str, Any]], trials: Trials, until: float) -> None:
    """Queries whose wanted entries are published here: in an installation with other entries there are none."""
    fitting = list(_fitting(queries))
    if not fitting:
        return
    touched = {(query["query"], query["called"]) for query in fitting if _touched(query, trials, until)}

    def after_where_touched(trial: Trial, words: str) -> Synonyms:
        return trial.after if (words, trial.called) in touched else trial.before

    before = after = judge(fitting, _ranked(trials, until, lambda trial, _words: trial.before)).missed
    if touched:
        after = judge(fitting, _ranked(trials, until, after_where_touched)).missed
    told.judged = len(fitting)
    told.good_before, told.good_after = told.judged - len(before), told.judged - len(after)


def _touched(query: dict[str, Any], trials: Trials, until: float) -> bool:
    _check(until)
    return trials[query["called"]].touches(query["query"])


def _ranked(
    trials: Trials, until: float, choose: Callable[[Trial, str], Synonyms]
) -> Callable[[str, str | None], list[str]]:
    def ranked(words: str, called: str | None) -> list[str]:
        _check(until)
        trial = trials[called or ""]
        return trial.search(words, choose(trial, words), FAR).ranking(FAR)

    return ranked


def _fitting(queries: Iterable[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    """Those of which an entry that is wanted can be found in this scope."""
    queries = list(queries)
    wanted = {name.partition(":")[2] for query in queries for name in query["relevant"]}
    rows = SearchEntry.objects.filter(key__in=wanted).values_list("municipality__slug", "key")
    there = {f"{slug}:{key}" for slug, key in rows}
    return (query for query in queries if there & set(query["relevant"]))


def _check(until: float) -> None:
    if time.monotonic() > until:
        raise _TooLongError
