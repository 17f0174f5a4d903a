"""`rufverbund bench search`: the desk's search over HTTP, with the demo's entries and the judged queries."""

import http.client
import json
import subprocess
import time
from urllib.parse import urlencode

import click

from knowledge.demo import judged_queries
from telephony_bridge.bench import load, stage
from tenants.errors import Refusal

SEARCH_P95 = 40.0  # milliseconds that must hold
SLUGS = ("soest", "kreis")
WARM_UP = 20


@click.command()
@click.option("--requests", "count", type=click.IntRange(20, 5000), default=440, show_default=True, help="Anfragen.")
@click.option("--json", "as_json", is_flag=True, help="Ergebnis als JSON.")
def search(count: int, *, as_json: bool) -> None:
    """Wie lange eine Suchanfrage des Arbeitsplatzes dauert, vom Absenden bis zur ganzen Antwort.

    Richtet sich dafür eine eigene, vorübergehende Installation mit den Einträgen der Vorführung ein.
    """
    click.echo("Die Messung richtet sich ein …", err=True)
    with stage.running(1) as place:
        for slug in SLUGS:
            _import(place, slug)
        click.echo(f"{count} Anfragen …", err=True)
        took = _ask(place, count)
    spread = load.spread_of(took)
    result = {
        "bench": "search", "requests": count, "http": spread, "must_hold": {"http_p95_ms": SEARCH_P95},
        "holds": spread["p95_ms"] <= SEARCH_P95, "machine": load.machine(),
    }  # fmt: skip
    click.echo(
        json.dumps(result, ensure_ascii=False) if as_json else "\n".join(f"{k:<12} {v}" for k, v in result.items())
    )


def _import(place: stage.Stage, slug: str) -> None:
    done = subprocess.run(
        stage.command("import", "demo", slug),
        env=stage.environment(place.home),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Refusal(f"Die Einträge konnten nicht eingelesen werden: {done.stderr.strip().splitlines()[-1:]}")


def _ask(place: stage.Stage, count: int) -> list[float]:
    """Milliseconds of each request on one connection that stays open, as a browser has it."""
    queries = [query for query in judged_queries() if query["called"] in SLUGS]
    headers = {
        "Host": f"desk.localhost:{place.port}",
        "Cookie": f"{place.cookie}={place.sessions[0]}",
        "X-Requested-With": "fetch",
    }
    connection = http.client.HTTPConnection("127.0.0.1", place.port, timeout=30)
    took = []
    for number in range(WARM_UP + count):
        query = queries[number % len(queries)]
        started = time.perf_counter()
        connection.request(
            "GET", f"/suche?{urlencode({'q': query['query'], 'called': query['called']})}", headers=headers
        )
        answer = connection.getresponse()
        body = answer.read()
        took.append((time.perf_counter() - started) * 1000)
        if answer.status != http.client.OK or b"<html" in body:
            raise Refusal(f"Die Suche antwortet mit {answer.status} statt mit Treffern.")
    connection.close()
    return took[WARM_UP:]
