"""PostgreSQL and OpenSearch rank with the same numbers, which each says in its own language."""

from pathlib import Path

import pytest

from knowledge.search.opensearch_query import ANYWHERE, BODY, COVERED, KINDS, KREIS, NAMED, OTHERS, OWN

SQL = (Path(__file__).resolve().parents[2] / "knowledge/pool/sql/search.sql").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "said",
    [
        f"WHEN e.municipality_id = $2 THEN {NAMED}::float8",
        f"WHEN e.municipality_id = $2 THEN {OWN}\n",
        f"WHEN e.municipality_id = ANY ($3) THEN {KREIS}",
        f"WHEN 'department' THEN {KINDS['department']}::float8 WHEN 'person' THEN {KINDS['person']}",
        f"CASE WHEN covered THEN {COVERED:g} ELSE 1 END",
        f"= words THEN {ANYWHERE}::float8",
        f"{BODY}::float8*(0%1$s)*place",
        f"{1 - OTHERS:g}::float8*greatest(%s)+{OTHERS}::float8*(%s)",
    ],
)
def test_a_weight_stands_in_the_sql_too(said):
    assert SQL.count(said) == 1
