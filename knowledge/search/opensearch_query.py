"""Slots as a query of OpenSearch that ranks as PostgreSQL does (knowledge/pool/sql/search.sql).

Titles and the like: a constant for each field that has an alternative, with the rarity of the slot; the best of a slot counts whole, the
others a little. Bodies: BM25. Then the same factors: length, all words there, kind, municipality.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from knowledge.search.index import FIELDS, FORMS
from knowledge.search.plan import ALL_WORTH, SOUND_WORTH
from knowledge.search.slots import Alternative, Slot

OTHERS = 0.3  # what the weaker alternatives and fields of a slot add
BODY = 0.15
COVERED, ANYWHERE = 2.0, 1.5  # all words stand in titles and the like, or somewhere
OWN, KREIS, NAMED = 1.5, 1.4, 5.0
KINDS = {"department": 1.05, "person": 0.95}
WHOLE = "whole"  # the name under which a hit says that it has all words
SOUND_FIELD = 0.7  # names stand there as compounds' heads do
Clause = dict[str, Any]


class Place(NamedTuple):
    """Whose entries are asked for, and which come first."""

    homes: Sequence[int]
    called: int | None
    kreise: Sequence[int]
    named: bool


@dataclass(slots=True)
class Clauses:
    """What a slot becomes: scores of title and body, and whether it is there at all."""

    title: list[Clause]
    body: list[Clause]
    there: list[Clause]
    in_body: list[Clause]


def question(slots: Sequence[tuple[Slot, float]], place: Place, today: date) -> Clause:
    """The query for slots, each with its rarity."""
    made = [(slot, _clauses(slot, rarity)) for slot, rarity in slots]
    typed = [clauses for slot, clauses in made if slot.weight == 1.0]
    covered = [_any(clauses.there) for clauses in typed]
    anywhere = [_any(clauses.there + clauses.in_body) for clauses in typed]
    titles = [{"dis_max": {"queries": clauses.title, "tie_breaker": OTHERS}} for _slot, clauses in made]
    bodies = [{"dis_max": {"queries": clauses.body, "boost": BODY}} for _slot, clauses in made if clauses.body]
    shortened: list[Clause] = [
        {"field_value_factor": {"field": "brevity", "missing": 1}},
        {"filter": _all(covered), "weight": COVERED},
    ]
    either = [_times({"bool": {"should": titles}}, shortened), *bodies]
    whole = {"constant_score": {"filter": _all(anywhere), "boost": 0.0, "_name": WHOLE}}  # adds nothing but its name
    wanted = {"bool": {"filter": _shown(place, today), "minimum_should_match": 1, "should": [*either, whole]}}
    return _times(wanted, [{"filter": _all(anywhere), "weight": ANYWHERE}, *_first(place)])


def _times(query: Clause, functions: list[Clause]) -> Clause:
    both = {"score_mode": "multiply", "boost_mode": "multiply"}
    return {"function_score": {**both, "query": query, "functions": functions}}


def _shown(place: Place, today: date) -> list[Clause]:
    late = {"bool": {"must_not": [{"range": {"valid_from": {"gt": today.isoformat()}}}]}}
    over = {"bool": {"must_not": [{"range": {"valid_to": {"lt": today.isoformat()}}}]}}
    return [{"terms": {"municipality": list(place.homes)}}, late, over]


def _first(place: Place) -> list[Clause]:
    factors = [{"filter": {"term": {"kind": kind}}, "weight": weight} for kind, weight in KINDS.items()]
    if place.called is not None:
        worth = NAMED if place.named else OWN
        factors.append({"filter": {"term": {"municipality": place.called}}, "weight": worth})
    beside = [] if place.named else [pk for pk in place.kreise if pk != place.called]
    return factors + ([{"filter": {"terms": {"municipality": beside}}, "weight": KREIS}] if beside else [])


def _clauses(slot: Slot, rarity: float) -> Clauses:
    made = Clauses([], [], [], [])
    single: dict[float, list[str]] = defaultdict(list)
    for alternative, meaning in slot.alternatives.items():
        weight = round(rarity * meaning.weight, 4)
        if alternative.kind == "beginning":
            _put_beginning(made, alternative, weight)
        elif alternative.kind == "sound":
            clause = {"term": {"sounds": alternative.words[0]}}
            made.there.append(clause)
            made.title.append(_constant(clause, weight * SOUND_WORTH * SOUND_FIELD))
        elif len(alternative.words) > 1:
            in_title, in_body = (_every(field, alternative.words) for field in ("any", "body"))
            made.there.append(in_title)
            made.in_body.append(in_body)
            made.title.append(_constant(in_title, weight * ALL_WORTH))
            made.body.append(_constant(in_body, weight * ALL_WORTH))
        else:
            single[meaning.weight].append(alternative.words[0])
    for worth, stems in single.items():
        made.there.append({"terms": {"any": stems}})
        made.in_body.append({"terms": {"body": stems}})
        made.title += [_constant({"terms": {name: stems}}, rarity * worth * field) for name, field in FIELDS.items()]
        made.body += [{"term": {"body": {"value": word, "boost": worth}}} for word in stems]
    return made


def _put_beginning(made: Clauses, alternative: Alternative, weight: float) -> None:
    start = alternative.words[0]
    made.there.append({"prefix": {"any_forms": start}})
    made.title += [_constant({"prefix": {name: start}}, weight * field) for name, field in FORMS.items()]


def _constant(clause: Clause, score: float) -> Clause:
    return {"constant_score": {"filter": clause, "boost": round(score, 4)}}


def _every(field: str, words: Iterable[str]) -> Clause:
    return _all([{"term": {field: word}} for word in words])


def _all(clauses: list[Clause]) -> Clause:
    return {"bool": {"filter": clauses}}


def _any(clauses: list[Clause]) -> Clause:
    return {"bool": {"should": clauses, "minimum_should_match": 1}}
