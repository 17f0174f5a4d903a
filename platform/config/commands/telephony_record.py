"""`rufverbund telephony record`: the exchange's own log into the records of calls, by hand."""

from pathlib import Path

import click
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tenants.errors import Refusal


@click.command()
@click.option(
    "--file",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Das Ereignisprotokoll, etwa /var/log/asterisk/cel-custom/Master.csv.",
)
@click.option("--centre", "slug", required=True, metavar="SLUG", help="Servicecenter, dessen Anlage das ist.")
def record(file: Path, slug: str) -> None:
    """Das Ereignisprotokoll einer Telefonanlage einlesen und mit den Anrufen am Arbeitsplatz vergleichen.

    Die Brücke tut das von selbst. Von Hand hilft es, wenn sie länger nicht lief oder eine alte Datei nachzuholen ist; was schon gelesen
    ist, zählt nicht noch einmal.
    """
    from telephony_bridge import record as records  # Django is set up by now
    from telephony_bridge.actions.exchanging import asterisk_source
    from tenants import scope
    from tenants.models import ServiceCentre

    with scope.telephony():
        centre = ServiceCentre.objects.filter(slug=slug).first()
        if centre is None:
            known = ", ".join(ServiceCentre.objects.order_by("slug").values_list("slug", flat=True)[:20])
            raise Refusal(_("Das Servicecenter „%(slug)s“ gibt es nicht. Bekannt sind: %(known)s.") % {
                "slug": slug, "known": known or _("noch keine"),
            })  # fmt: skip
        source, lines = asterisk_source(centre.pk), 0
        while read := records.follow(source, file):
            lines += read
        differing = records.compare(source)
    read_text = ngettext("%(n)s Zeile gelesen", "%(n)s Zeilen gelesen", lines) % {"n": lines}
    differ_text = ngettext("%(n)s Anruf weicht ab", "%(n)s Anrufe weichen ab", differing) % {"n": differing}
    click.echo(f"{read_text}, {differ_text}.")
