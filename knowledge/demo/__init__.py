"""Invented entries of the demo municipalities, and judged queries to measure the search with."""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
CORPUS = FOLDER / "corpus.jsonl"
QUERIES = FOLDER / "queries.jsonl"


def lines_of(slug: str) -> list[bytes]:
    """The demo entries of one municipality, as the import reads them."""
    return [
        line for line in CORPUS.read_bytes().splitlines(keepends=True) if json.loads(line)["id"].startswith(f"{slug}:")
    ]


def judged_queries() -> list[dict[str, Any]]:
    """Queries with `called` and `grades` (id -> 1, 2 or 3; 3 is what the caller wants)."""
    return [json.loads(line) for line in QUERIES.read_text(encoding="utf-8").splitlines()]
