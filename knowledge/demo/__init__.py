"""Invented entries of the demo municipalities, and judged queries to measure the search with."""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
CORPUS = FOLDER / "corpus.jsonl"
QUERIES = FOLDER / "queries.jsonl"
# Of some contacts, by id; the corpus is for measuring the search, which does not read them.
HOURS = FOLDER / "hours.json"
# Contacts who have an account in the demonstration (accounts/demo.py): calls that are put through to them stand on their own page.
EMAILS = {"soest:p_meyer": "anja.meyer@rufverbund.example", "kreis:p_becker": "olaf.becker@rufverbund.example"}


def lines_of(slug: str) -> list[bytes]:
    """The demo entries of one municipality, as the import reads them."""
    hours = json.loads(HOURS.read_text(encoding="utf-8"))
    entries = [json.loads(line) for line in CORPUS.read_text(encoding="utf-8").splitlines()]
    own = [entry for entry in entries if entry["id"].startswith(f"{slug}:")]
    besides = {"hours": hours, "email": EMAILS}
    whole = [entry | {name: of[entry["id"]] for name, of in besides.items() if entry["id"] in of} for entry in own]
    return [json.dumps(entry, ensure_ascii=False).encode() + b"\n" for entry in whole]


def judged_queries() -> list[dict[str, Any]]:
    """Queries with `called` and `grades` (id -> 1, 2 or 3; 3 is what the caller wants)."""
    return [json.loads(line) for line in QUERIES.read_text(encoding="utf-8").splitlines()]
