"""The engine that is always there. Two round trips: what the words of the query mean to the vocabulary, then the search itself."""

import json
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils import timezone

from knowledge.search import lexicon
from knowledge.search.plan import Plan, plan
from knowledge.search.slots import Query, Slot, slots
from knowledge.search.vocabulary import Noted, Wanted

MOST_ROUNDS = 4  # words, their corrections, the halves of a compound
VOCABULARY = "SELECT * FROM public.pool_vocabulary(%s, %s, %s)"
SEARCH = "SELECT * FROM public.pool_search(%s::jsonb, %s, %s::bigint, %s, %s, %s)"


@dataclass(frozen=True, slots=True)
class Row:
    """A hit as the database gives it; `others` as (municipality, key)."""

    municipality: int
    kind: str
    key: str
    title: str
    subtitle: str
    ext: str
    score: float
    matched: list[str]
    others: list[tuple[int, str]]


def found(asked: Query, *, called: int | None, named: bool, at_most: int) -> list[Row]:
    """The best `at_most` articles and the best `at_most` contacts, in one list. Inside a transaction of a login that may search."""
    read, instructions, mean = understood(asked)
    typed = [slot.word for slot in read if slot.weight == 1.0]
    with connection.cursor() as cursor:
        arguments: list[Any] = [json.dumps(instructions.as_json()), mean, called, named, at_most, timezone.localdate()]
        cursor.execute(SEARCH, arguments)
        return [_row(row, typed) for row in cursor.fetchall()]


def understood(asked: Query) -> tuple[list[Slot], Plan, float]:
    """The query's slots, the plan for them, and the mean length of titles. Asks the vocabulary until nothing is unknown."""
    noted = Noted()
    for _round in range(MOST_ROUNDS):
        read = slots(asked, noted, lexicon.shared_synonyms())
        instructions = plan(read, noted)
        if not noted.wanted:
            break
        _fetch(noted)
    return read, instructions, noted.mean_length


def _fetch(noted: Noted) -> None:
    wanted, noted.wanted = noted.wanted, Wanted()
    noted.counts |= dict.fromkeys(wanted.lexemes, (0, 0))
    noted.begun |= dict.fromkeys(wanted.beginnings, 0)
    noted.similar |= {word: [] for word in wanted.alike}
    with connection.cursor() as cursor:
        cursor.execute(VOCABULARY, [list(wanted.lexemes), list(wanted.beginnings), list(wanted.alike)])
        for kind, word, other, titles, bodies in cursor.fetchall():
            if kind == "l":
                noted.counts[word] = (titles, bodies)
            elif kind == "b":
                noted.begun[word] = titles
            elif kind == "a":
                noted.similar[word].append((other, titles))
            else:
                noted.entries, noted.mean_length = max(titles, 1), bodies / max(titles, 1)


def _row(row: tuple[Any, ...], typed: list[str]) -> Row:
    municipality, kind, key, title, subtitle, ext, score, matched, others = row
    others = json.loads(others) if isinstance(others, str) else others
    return Row(
        municipality=municipality,
        kind=kind,
        key=key,
        title=title,
        subtitle=subtitle,
        ext=ext,
        score=float(score),
        matched=list(dict.fromkeys(typed[at - 1] for at in matched)),
        others=[(pk, other) for pk, other in others],
    )
