"""How good a search is on judged queries: success@1 and @3, nDCG@5, MRR@10, in all and by category, with what was missed.

A judged query is {"qid", "query", "called", "category", "relevant": [ids], "grades": {id: 0 to 3}}. Measures as in Järvelin and Kekäläinen,
ACM TOIS 20 (2002), with gains 2^grade - 1.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

FIRST, DEPTH, FAR = 3, 5, 10
Ranked = Callable[[str, str | None], Sequence[str]]  # query, called -> ids, best first


@dataclass(frozen=True, slots=True)
class Figures:
    """Means over some queries, each from 0 to 1."""

    queries: int
    success_at_1: float
    success_at_3: float
    ndcg_at_5: float
    mrr_at_10: float

    def as_json(self) -> dict[str, Any]:
        """Three places."""
        return {
            "queries": self.queries,
            "success@1": round(self.success_at_1, 3),
            "success@3": round(self.success_at_3, 3),
            "ndcg@5": round(self.ndcg_at_5, 3),
            "mrr@10": round(self.mrr_at_10, 3),
        }


@dataclass(frozen=True, slots=True)
class Missed:
    """A query none of whose relevant entries stood among the first three."""

    qid: str
    query: str
    wanted: list[str]
    found: list[str]


@dataclass(slots=True)
class Judgement:
    """What came out."""

    total: Figures
    categories: dict[str, Figures]
    missed: list[Missed] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """What `rufverbund search judge --json` prints."""
        return {
            "total": self.total.as_json(),
            "categories": {name: figures.as_json() for name, figures in sorted(self.categories.items())},
            "missed": [
                {"qid": one.qid, "query": one.query, "wanted": one.wanted, "found": one.found} for one in self.missed
            ],
        }


def judge(queries: Iterable[dict[str, Any]], ranked: Ranked) -> Judgement:
    """Ask every query and measure. Raises ValueError when there is none."""
    rows: dict[str, list[tuple[float, float, float, float]]] = defaultdict(list)
    missed = []
    for query in queries:
        found = list(ranked(query["query"], query.get("called")))[:FAR]
        relevant, grades = set(query["relevant"]), query.get("grades") or dict.fromkeys(query["relevant"], 1)
        rows[str(query.get("category", ""))].append(_measured(found, relevant, grades))
        if not relevant & set(found[:FIRST]):
            missed.append(Missed(str(query.get("qid", "")), query["query"], sorted(relevant), found[:FIRST]))
    if not rows:
        raise ValueError("no judged queries")
    return Judgement(
        total=_mean([row for group in rows.values() for row in group]),
        categories={name: _mean(group) for name, group in rows.items()},
        missed=missed,
    )


def _measured(found: Sequence[str], relevant: set[str], grades: dict[str, int]) -> tuple[float, float, float, float]:
    good = [entry in relevant for entry in found]
    ideal = _gain(sorted(grades.values(), reverse=True)[:DEPTH])
    ndcg = _gain([grades.get(entry, 0) for entry in found[:DEPTH]]) / ideal if ideal else 0.0
    first = next((place for place, hit in enumerate(good, start=1) if hit), 0)
    return float(any(good[:1])), float(any(good[:FIRST])), ndcg, 1 / first if first else 0.0


def _gain(grades: Sequence[int]) -> float:
    return math.fsum((2**grade - 1) / math.log2(place + 1) for place, grade in enumerate(grades, start=1))


def _mean(rows: Sequence[tuple[float, float, float, float]]) -> Figures:
    return Figures(len(rows), *(fmean(column) for column in zip(*rows, strict=True)))
