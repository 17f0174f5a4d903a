"""The part of `rufverbund bench search` that needs an OpenSearch: the one that OPENSEARCH_URL names, with a prefix that is gone afterwards."""

import os
import secrets
from pathlib import Path
from typing import Any

import click

from telephony_bridge.bench import stage


def measured(home: Path) -> dict[str, Any]:
    """`engines`, `measured` and `must_hold`, as bench_search has them; nothing in them where no OpenSearch is named."""
    if not os.environ.get("OPENSEARCH_URL"):
        click.echo("OPENSEARCH_URL ist nicht gesetzt: OpenSearch wird nicht gemessen.", err=True)
        return {"engines": {}, "measured": {}, "must_hold": {}}
    from knowledge.bench.opensearch import MUST_HOLD

    found = _figures(home)
    figures = {
        "opensearch_round_trip_p95_ms": found["round_trip"]["p95_ms"], "opensearch_rebuild_s": found["rebuild_s"],
        "opensearch_findable_p95_s": found["findable"]["p95_s"],
    }  # fmt: skip
    return {"engines": {"opensearch": found}, "measured": figures, "must_hold": MUST_HOLD}


def _figures(home: Path) -> dict[str, Any]:
    own = {name: value for name, value in os.environ.items() if name.startswith("OPENSEARCH_")}
    prefix = f"rufverbund-messung-{secrets.token_hex(4)}"
    return stage.told(
        home,
        "bench_opensearch",
        refusal="OpenSearch konnte nicht gemessen werden; siehe oben.",
        more={**own, "OPENSEARCH_PREFIX": prefix},
    )
