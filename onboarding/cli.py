"""`rufverbund import …` and `rufverbund export …`: a municipality's entries in and out."""

import json
from pathlib import Path

import click
from django.utils.translation import gettext as _

from knowledge import demo
from knowledge.pool import upkeep
from onboarding.entry_lines import Source
from onboarding.imports import Options, Report, export_entries, import_entries
from tenants import scope
from tenants.audit import SYSTEM
from tenants.errors import Refusal
from tenants.models import Municipality

SHOWN_BAD_LINES = 50


@click.group("import")
def import_() -> None:
    """Einträge einer Kommune einlesen."""


@click.group("export")
def export() -> None:
    """Einträge einer Kommune ausgeben."""


@import_.command("entries")
@click.argument("slug")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Nur prüfen und berichten.")
@click.option("--publish", is_flag=True, help="Jeden eingelesenen Eintrag veröffentlichen.")
@click.option("--skip-bad", is_flag=True, help="Fehlerhafte Zeilen auslassen statt abzubrechen.")
@click.option("--json", "as_json", is_flag=True, help="Bericht als JSON.")
@click.pass_context
def entries(
    ctx: click.Context,
    slug: str,
    file: Path,
    dry_run: bool,
    publish: bool,
    skip_bad: bool,
    as_json: bool,
) -> None:
    """Artikel, Personen und Abteilungen aus FILE (ein JSON-Objekt je Zeile) in die Kommune SLUG einlesen."""
    options = Options(publish=publish, dry_run=dry_run, skip_bad=skip_bad)
    source: Source = file
    report = import_entries(municipality_by(slug), source, acting_user=SYSTEM, options=options, progress=_progress)
    if report.written and report.published:
        upkeep.run()
    if as_json:
        click.echo(json.dumps(report.as_json(), ensure_ascii=False))
    else:
        _print(report)
    if report.bad and not skip_bad:
        click.echo(_("Nichts eingelesen: %(count)d Zeilen sind fehlerhaft. Berichtigen Sie sie oder nehmen Sie --skip-bad.")
                   % {"count": len(report.bad)}, err=True)  # fmt: skip
        ctx.exit(1)


@import_.command("demo")
@click.argument("slug")
def import_demo(slug: str) -> None:
    """Die Beispieldaten der Kommune SLUG einlesen und veröffentlichen."""
    _print(
        import_entries(
            municipality_by(slug),
            demo.lines_of(slug),
            acting_user=SYSTEM,
            options=Options(publish=True),
            progress=_progress,
        )
    )


@export.command("entries")
@click.argument("slug")
def export_(slug: str) -> None:
    """Alle Einträge (Entwürfe) der Kommune SLUG, ein JSON-Objekt je Zeile."""
    for line in export_entries(municipality_by(slug)):
        click.echo(line)


def municipality_by(slug: str) -> Municipality:
    """The municipality with this short name; raises Refusal for an unknown one, or for one without a schema."""
    with scope.operator():
        municipality: Municipality | None = Municipality.objects.filter(slug=slug).first()
        if municipality is None:
            known = ", ".join(Municipality.objects.order_by("slug").values_list("slug", flat=True)[:20])
            raise Refusal(
                _("Die Kommune „%(slug)s“ gibt es nicht. Bekannt sind: %(known)s.")
                % {"slug": slug, "known": known or "–"}
            )
    if municipality.status in {"provisioning", "left"}:
        raise Refusal(_("%(name)s ist nicht eingerichtet oder ausgetreten.") % {"name": municipality.name})
    return municipality


def _progress(done: int, total: int) -> None:
    if done % 250 == 0 or done == total:
        click.echo(_("%(done)d von %(total)d Zeilen") % {"done": done, "total": total}, err=True)


def _print(report: Report) -> None:
    counts = _("%(created)d neu, %(changed)d geändert, %(unchanged)d unverändert, %(published)d veröffentlicht") % {
        "created": report.created, "changed": report.changed, "unchanged": report.unchanged, "published": report.published,
    }  # fmt: skip
    tried = _("Probe, nichts gespeichert: ") if report.dry_run else ""
    click.echo(f"{tried}{report.municipality}: {counts}")
    for key, count in report.ignored.most_common():
        click.echo(
            _("Unbekannter Schlüssel „%(key)s“ in %(count)d Zeilen überlesen") % {"key": key[:80], "count": count}
        )
    for bad in report.bad[:SHOWN_BAD_LINES]:
        click.echo(_("Zeile %(number)d: %(reason)s") % {"number": bad.number, "reason": bad.reason})
    if len(report.bad) > SHOWN_BAD_LINES:
        click.echo(
            _("… und %(count)d weitere fehlerhafte Zeilen (alle mit --json)")
            % {"count": len(report.bad) - SHOWN_BAD_LINES}
        )
