"""`rufverbund bench search`: the engines by themselves and the desk's search over HTTP, with many invented entries and the judged queries."""

import http.client
import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode

import click

from config.commands import bench_opensearch
from knowledge.demo import judged_queries
from telephony_bridge.bench import load, stage
from tenants.errors import Refusal

AGENTS = 30
MUST_HOLD = {  # milliseconds, with 105,000 entries of 15 municipalities
    "engine_keystrokes_p95_ms": 5.0, "engine_keystrokes_p99_ms": 10.0, "http_p95_ms": 25.0, "http_30_agents_p95_ms": 80.0,
}  # fmt: skip
SLUGS = ("soest", "kreis")
WARM_UP = 20
FIRST = 200  # queries of a process that has just begun: it meets most words of the entries for the first time, and its connections plan
BETWEEN = 0.3  # seconds between two queries of somebody who types without a break


@click.command()
@click.option("--entries", type=click.IntRange(1000, 2_000_000), default=105_000, show_default=True, help="Einträge.")
@click.option("--requests", "count", type=click.IntRange(20, 5000), default=440, show_default=True, help="Anfragen.")
@click.option("--json", "as_json", is_flag=True, help="Ergebnis als JSON.")
def search(entries: int, count: int, *, as_json: bool) -> None:
    """Wie lange eine Suche dauert: die Suchmaschine allein, bei jedem Tastendruck, und die ganze Anfrage des Arbeitsplatzes.

    Richtet sich dafür eine eigene, vorübergehende Installation ein, mit einer Kommune je 7000 erfundenen Einträgen. Zum Vergleich werden
    der deutsche Volltext und die Trigramme von PostgreSQL allein gemessen. Wo OPENSEARCH_URL einen Server nennt, wird auch er gemessen, mit
    einem Index, der danach wieder entfernt wird.
    """
    click.echo("Die Messung richtet sich ein …", err=True)
    with stage.running(AGENTS) as place:
        stock = _manage(place, "bench_entries", "fill", str(entries))
        engines = _manage(place, "bench_entries", "measure")
        click.echo(f"{count} Anfragen, dann {AGENTS} Arbeitsplätze auf einmal …", err=True)
        cold = load.spread_of(_ask(place, place.sessions[0], _typed(FIRST)))
        alone = load.spread_of(_ask(place, place.sessions[0], _typed(count)))
        together = load.spread_of(_together(place, _typed(count)))
        beside = bench_opensearch.measured(place.home)
    keystrokes = engines["postgres"]["keystrokes"]
    measured = {
        "engine_keystrokes_p95_ms": keystrokes["p95_ms"], "engine_keystrokes_p99_ms": keystrokes["p99_ms"],
        "http_p95_ms": alone["p95_ms"], "http_30_agents_p95_ms": together["p95_ms"], **beside["measured"],
    }  # fmt: skip
    must_hold, engines = MUST_HOLD | beside["must_hold"], engines | beside["engines"]
    result = {
        "bench": "search", "stock": stock, "engines": engines, "http_cold": cold, "http": alone, "http_30_agents": together, "measured": measured,
        "must_hold": must_hold, "holds": all(measured[name] <= limit for name, limit in must_hold.items()), "machine": load.machine(),
    }  # fmt: skip
    click.echo(
        json.dumps(result, ensure_ascii=False) if as_json else "\n".join(f"{k:<15} {v}" for k, v in result.items())
    )


def _manage(place: stage.Stage, *arguments: str) -> dict[str, Any]:
    """What a command inside the measurement's installation tells."""
    return stage.told(place.home, *arguments, refusal="Die Messung konnte nicht eingerichtet werden; siehe oben.")


def _typed(count: int) -> list[tuple[str, str]]:
    """(query, called): beginnings of the judged queries, as the field sends them while somebody types."""
    queries = judged_queries()
    every = [
        (query["query"][:end], SLUGS[number % len(SLUGS)])
        for number, query in enumerate(queries)
        for end in range(len(query["query"]), 1, -3)
    ]
    return [every[number * 7 % len(every)] for number in range(WARM_UP + count)]


def _ask(place: stage.Stage, session: str, typed: Sequence[tuple[str, str]], *, pause: float = 0.0) -> list[float]:
    """Milliseconds of each request on one connection that stays open, as a browser has it; the first ones warm up."""
    headers = {
        "Host": f"desk.localhost:{place.port}",
        "Cookie": f"{place.cookie}={session}",
        "X-Requested-With": "fetch",
    }
    connection = http.client.HTTPConnection("127.0.0.1", place.port, timeout=30)
    took = []
    for query, called in typed:
        time.sleep(pause)
        started = time.perf_counter()
        connection.request("GET", f"/suche?{urlencode({'q': query, 'called': called})}", headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        took.append((time.perf_counter() - started) * 1000)
        if answer.status != http.client.OK or b"<html" in body:
            raise Refusal(f"Die Suche antwortet mit {answer.status} statt mit Treffern.")
    connection.close()
    return took[WARM_UP:]


def _together(place: stage.Stage, typed: Sequence[tuple[str, str]]) -> list[float]:
    """Everybody types at once and without a break."""
    with ThreadPoolExecutor(AGENTS) as pool:
        runs = [
            pool.submit(_ask, place, session, [*typed[at:], *typed[:at]][: WARM_UP + 20], pause=BETWEEN)
            for at, session in enumerate(place.sessions[:AGENTS])
        ]
        return [took for run in runs for took in run.result()]
