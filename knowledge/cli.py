"""`rufverbund search`: one query, or a file of them, over all live municipalities. JSON keys are a contract with scripts."""

import json
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import click
from django.utils.translation import gettext as _

from knowledge.explained import explained
from knowledge.search import judging
from knowledge.search.finding import LIMIT, SearchResult
from knowledge.search.finding import search as find
from knowledge.search.judging import judge
from tenants import scope
from tenants.errors import Refusal
from tenants.models import Municipality

Ask = Callable[..., SearchResult]


@click.command("search")
@click.argument("query", nargs=-1)
@click.option("--called", help="Kurzname der angerufenen Kommune.")
@click.option("--limit", type=click.IntRange(1, LIMIT), default=10, show_default=True, help="Höchstzahl der Treffer.")
@click.option(
    "--batch", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path), help="Datei mit Suchen."
)
@click.option(
    "--backend",
    type=click.Choice(["postgres", "opensearch"]),
    help="Suchmaschine; sonst die, die eingerichtet ist.",
)
@click.option("--explain", is_flag=True, help="Zu jedem Treffer sagen, warum er da steht.")
@click.option("--json", "as_json", is_flag=True, help="Ausgabe als JSON.")
def search(
    query: tuple[str, ...],
    called: str | None,
    limit: int,
    batch: Path | None,
    backend: str | None,
    explain: bool,
    as_json: bool,
) -> None:
    """Veröffentlichte Einträge aller Kommunen suchen, die das Servicecenter bedient.

    `search judge DATEI` misst mit beurteilten Suchen, wie gut gefunden wird.
    """
    if bool(query) == (batch is not None):
        raise click.UsageError(_("Nennen Sie entweder eine Suche oder --batch DATEI."))
    ask = partial(find, backend=backend)
    with scope.worker():
        places = dict(Municipality.objects.filter(status__in=("live", "leaving")).values_list("slug", "name"))
        if batch is not None:
            _answer_all(batch, limit, places, ask)
            return
        _check_called(called, places)
        if len(query) == 2 and query[0] == "judge":
            _judge(Path(query[1]), called, ask, as_json=as_json)
            return
        result = ask(" ".join(query), called=called, limit=limit)
        why = {hit.id: sentences for hit, sentences in explained(result)} if explain else {}
    if as_json:
        shown = result.as_json()
        for hit in shown["hits"] if explain else ():
            hit["why"] = why.get(hit["id"], [])
        click.echo(json.dumps(shown, ensure_ascii=False))
        return
    _print(result, why)


def _check_called(called: str | None, places: dict[str, str]) -> None:
    if called is not None and called not in places:
        known = ", ".join(sorted(places)) or "–"
        raise Refusal(
            _("Die Kommune „%(slug)s“ ist nicht live. Live sind: %(known)s.") % {"slug": called, "known": known}
        )


def _answer_all(batch: Path, limit: int, places: dict[str, str], ask: Ask) -> None:
    """A result line per query line, as soon as it is known. A municipality that is not live counts for nothing, and that is said once."""
    strangers: set[str] = set()
    for number, line in _queries(batch):
        called = line.get("called")
        if called is not None and called not in places and called not in strangers:
            strangers.add(called)
            click.echo(
                _("Die Kommune „%(slug)s“ ist nicht live; gesucht wird ohne sie.") % {"slug": called[:40]}, err=True
            )
        result = ask(line["query"], called=called, limit=limit)
        found = {
            "qid": line.get("qid", str(number)),
            "hits": result.ranking(limit),
            "took_ms": result.took_ms,
        }
        click.echo(json.dumps(found, ensure_ascii=False))


def _judge(file: Path, called: str | None, ask: Ask, *, as_json: bool) -> None:
    """Figures by category, then what was missed. With `called`, only its queries count."""
    if not file.is_file():
        raise Refusal(_("Die Datei „%(file)s“ gibt es nicht.") % {"file": file})
    lines = [line for _number, line in _queries(file) if called is None or line.get("called") == called]
    if bad := next((line for line in lines if not isinstance(line.get("relevant"), list)), None):
        raise Refusal(_("Der Suche „%(query)s“ fehlt „relevant“.") % {"query": bad["query"][:60]})
    if not lines:
        raise Refusal(_("Keine Suche der Datei zählt."))
    found = judge(lines, lambda query, place: ask(query, called=place, limit=judging.FAR).ranking(judging.FAR))
    if as_json:
        click.echo(json.dumps(found.as_json(), ensure_ascii=False))
        return
    rows = {**found.categories, _("Alle"): found.total}
    wide = max(map(len, rows))
    head = _("Anzahl")
    click.echo(f"{'':{wide}}  {head:>7}  S@1   S@3   nDCG@5  MRR@10")
    for name, one in rows.items():
        shown = f"{one.success_at_1:.3f} {one.success_at_3:.3f} {one.ndcg_at_5:.3f}   {one.mrr_at_10:.3f}"
        click.echo(f"{name:{wide}}  {one.queries:>7}  {shown}")
    for miss in found.missed:
        click.echo(
            _("verfehlt: „%(query)s“ – gesucht %(wanted)s, gefunden %(found)s")
            % {"query": miss.query, "wanted": ", ".join(miss.wanted), "found": ", ".join(miss.found) or "–"}
        )


def _queries(batch: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    file = sys.stdin if str(batch) == "-" else batch.open(encoding="utf-8-sig", errors="replace")
    with file:
        for number, text in enumerate(file, start=1):
            if not text.strip():
                continue
            try:
                line = json.loads(text)
            except (ValueError, RecursionError):
                line = None
            if (
                not isinstance(line, dict)
                or not isinstance(line.get("query"), str)
                or not isinstance(line.get("called"), str | None)
            ):
                raise Refusal(
                    _('Zeile %(number)d ist keine Suche der Form {"qid", "query", "called"}.') % {"number": number}
                )
            yield number, line


def _print(result: SearchResult, why: dict[str, list[str]]) -> None:
    if not result.hits:
        click.echo(_("Nichts gefunden."))
    for place, hit in enumerate(result.hits, start=1):
        more = f" (+{len(hit.others)})" if hit.others else ""
        click.echo(
            f"{place:>2}. {hit.title}{more} – {hit.municipality.name}{f', Durchwahl {hit.ext}' if hit.ext else ''}  [{hit.id}]"
        )
        for sentence in why.get(hit.id, ()):
            click.echo(f"      {sentence}")
