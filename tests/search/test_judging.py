"""Figures of judged queries, computed by hand."""

import pytest

from knowledge.search.judging import judge


def test_figures_by_category_and_what_was_missed() -> None:
    queries = [
        {"qid": "a", "query": "eins", "relevant": ["x"], "grades": {"x": 3, "y": 1}, "category": "k"},
        {"qid": "b", "query": "zwei", "relevant": ["x"], "grades": {"x": 3}, "category": "m"},
    ]
    ranked = {"eins": ["y", "x"], "zwei": ["p", "q", "r", "x"]}
    found = judge(queries, lambda query, _called: ranked[query])
    one = found.categories["k"]
    assert (one.success_at_1, one.success_at_3, one.mrr_at_10) == (0, 1, 0.5)
    assert one.ndcg_at_5 == pytest.approx((1 + 7 / 1.584963) / (7 + 1 / 1.584963), abs=1e-4)
    assert (found.total.queries, found.total.success_at_3, found.total.mrr_at_10) == (2, 0.5, 0.375)
    assert [(miss.qid, miss.found) for miss in found.missed] == [("b", ["p", "q", "r"])]
    assert found.as_json()["total"]["success@3"] == 0.5


def test_nothing_to_judge_is_an_error() -> None:
    with pytest.raises(ValueError, match="no judged queries"):
        judge([], lambda _query, _called: [])
