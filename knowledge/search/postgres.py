"""The engine that is always there. Two round trips: what the words of the query mean to the vocabulary, then the search itself."""

import json
from typing import Any

from django.db import connection
from django.utils import timezone

from knowledge.search.engine import Answer, Asked, Details, Row
from knowledge.search.lexicon import Synonyms
from knowledge.search.plan import Plan, plan
from knowledge.search.slots import Query, Slot, rarity, size, slots
from knowledge.search.vocabulary import Noted, Wanted

MOST_ROUNDS = 4  # words, their corrections, the halves of a compound
VOCABULARY = "SELECT * FROM public.pool_vocabulary(%s, %s, %s, %s)"
SEARCH = "SELECT * FROM public.pool_search(%s::jsonb, %s, %s::bigint, %s, %s, %s)"


def found(asked: Asked) -> Answer:
    """The best articles and the best contacts, in one list. Inside a transaction of a login that may search."""
    read, instructions, mean = understood(asked.query, asked.synonyms)
    typed = [slot.word for slot in read if slot.weight == 1.0]
    with connection.cursor() as cursor:
        arguments: list[Any] = [json.dumps(instructions.as_json()), mean, asked.called, asked.named, asked.at_most]
        cursor.execute(SEARCH, [*arguments, timezone.localdate()])
        return Answer([as_row(row, typed) for row in cursor.fetchall()], read)


def understood(asked: Query, synonyms: Synonyms) -> tuple[list[Slot], Plan, float]:
    """The query's slots, the plan for them, and the mean length of titles. Asks the vocabulary until nothing is unknown."""
    noted = Noted()
    for _round in range(MOST_ROUNDS):
        read = slots(asked, noted, synonyms)
        for slot in read:
            size(slot.alternatives, noted)
        if not noted.wanted:
            break
        fetch(noted)
    for slot in read:
        slot.rarity = rarity(slot, noted)
    return read, plan(read, noted), noted.mean_length


def fetch(noted: Noted) -> None:
    """Ask the database for everything that is wanted, in one round trip."""
    wanted, noted.wanted = noted.wanted, Wanted()
    noted.counts |= dict.fromkeys(wanted.lexemes, (0, 0))
    noted.begun |= dict.fromkeys(wanted.beginnings, 0)
    noted.similar |= {word: [] for word in wanted.alike}
    with connection.cursor() as cursor:
        alike = [list(wanted.alike), list(wanted.alike.values())]
        cursor.execute(VOCABULARY, [list(wanted.lexemes), list(wanted.beginnings), *alike])
        for kind, word, other, titles, bodies in cursor.fetchall():
            if kind == "l":
                noted.counts[word] = (titles, bodies)
            elif kind == "b":
                noted.begun[word] = titles
            elif kind == "a":
                noted.similar[word].append((other, titles))
            elif kind == "m":
                noted.municipalities = max(titles, 1)
            else:
                noted.entries, noted.mean_length = max(titles, 1), bodies / max(titles, 1)


def as_row(row: tuple[Any, ...], typed: list[str]) -> Row:
    """A row of pool_search or pool_reread; `typed` are the words that its numbers mean."""
    municipality, kind, key, title, subtitle, ext, score, matched, others, body, synonyms, hours, phone = row
    others = json.loads(others)
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
        details=Details(body, synonyms, hours or "", phone or ""),
    )
