"""`rufverbund search-index`: how the index of OpenSearch stands, building it anew, comparing it. JSON keys are a contract with scripts."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tenants.errors import Refusal

as_json_option = click.option("--json", "as_json", is_flag=True, help="Ausgabe als JSON.")


@click.group("search-index")
def search_index() -> None:
    """Den Suchindex in OpenSearch ansehen, neu aufbauen, mit der Datenbank abgleichen."""


@contextmanager
def reachable() -> Iterator[None]:
    """What goes wrong with OpenSearch, in one sentence."""
    if not settings.OPENSEARCH:
        raise Refusal(_("OpenSearch ist nicht eingerichtet. Setzen Sie OPENSEARCH_URL."))
    from opensearchpy.exceptions import OpenSearchException

    from knowledge.search.engine import Unfit
    from knowledge.search.trouble import in_words

    try:
        yield
    except (OpenSearchException, Unfit) as error:
        raise Refusal(
            _("OpenSearch antwortet nicht, wie es soll: %(reason)s. Gesucht wird solange in PostgreSQL.")
            % {"reason": in_words(error)}
        ) from error


@search_index.command()
@as_json_option
def status(*, as_json: bool) -> None:
    """Welcher Index dient, wie viele Einträge er hat und wie weit er zurückliegt."""
    with reachable():
        from knowledge.pool import rebuilding

        found = rebuilding.status()
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
    else:
        click.echo("\n".join(f"{name:<14} {_shown(value)}" for name, value in found.items()))


def _shown(value: Any) -> str:
    if isinstance(value, list):  # what is being built
        return ", ".join(f"{build['index']} {build['done']} / {build['of']}" for build in value) or "–"
    return "–" if value is None else str(value)


@search_index.command()
@as_json_option
def rebuild(*, as_json: bool) -> None:
    """Neben dem laufenden Index einen neuen aufbauen, vergleichen und tauschen; unterbrochen geht es beim nächsten Mal weiter."""
    with reachable():
        from knowledge.pool import rebuilding

        name = rebuilding.rebuild(_progress())
        found = {"index": name, "documents": rebuilding.status()["documents"]}
    said = _("Der Index %(name)s dient jetzt; Einträge: %(number)d.") % {"name": name, "number": found["documents"]}
    click.echo(json.dumps(found) if as_json else said)


@search_index.command()
@as_json_option
def reconcile(*, as_json: bool) -> None:
    """Den Index Eintrag für Eintrag mit der Datenbank vergleichen und richtigstellen. Status 1, wenn nur ein Neuaufbau hilft."""
    with reachable():
        from knowledge.pool import rebuilding

        name = rebuilding.serving()
        if name is None:
            raise Refusal(_("Es gibt keinen Index. Führen Sie rufverbund search-index rebuild aus."))
        found = rebuilding.reconcile(name, _progress())
    if as_json:
        click.echo(json.dumps({"index": name, **found.as_json()}))
    else:
        click.echo(
            _("Verglichen: %(checked)d. Gefehlt: %(missing)d, veraltet: %(stale)d, überzählig: %(extra)d.")
            % found.as_json()
        )
    if found.ahead:
        forged = ngettext(
            "%(number)d Eintrag hat nie jemand veröffentlicht. Führen Sie rufverbund search-index rebuild aus.",
            "%(number)d Einträge hat nie jemand veröffentlicht. Führen Sie rufverbund search-index rebuild aus.",
            found.ahead,
        )
        raise Refusal(forged % {"number": found.ahead})


def _progress() -> Callable[[int, int], None]:
    """Says on standard error how far it is, at each tenth."""
    said = [-1]

    def report(done: int, total: int) -> None:
        tenth = 10 * done // max(total, 1)
        if tenth != said[0]:
            said[0] = tenth
            click.echo(f"{done} / {total}", err=True)

    return report
