"""The demonstration: one service centre, Soest and the Kreis live, Lippstadt joining, filled through the real actions and the real import.

All names and entries are invented or in our own words. `ensure()` may run at every start; it does what is missing and leaves alone what
somebody has changed since.
"""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from accounts.demo import ensure_demo_people
from knowledge import demo as corpus
from knowledge.pool.models import SearchEntry
from onboarding import demo_life
from onboarding.imports import Options, import_entries
from tenants import actions, own_actions, provisioning, scope
from tenants.audit import SYSTEM
from tenants.errors import Refusal
from tenants.models import Municipality, ServiceCentre

Report = Callable[[str], None]
GREETING = "Guten Tag, Servicecenter {place}, mein Name ist {{agent}}. Was kann ich für Sie tun?"
EMERGENCY = "Lebensgefahr, Feuer, Unfall: 112. Überfall oder Einbruch: 110. Ärztlicher Bereitschaftsdienst: 116 117."
CLOSED = "Guten Tag. Sie haben {place} außerhalb der Servicezeiten erreicht. Wir sind montags bis mittwochs von 8 bis 17 Uhr, donnerstags bis 18 Uhr und freitags bis 13 Uhr für Sie da."
SITUATION = "Wasserrohrbruch Jakobistraße. Wasser ist bis etwa 15 Uhr abgestellt, Tankwagen am Marktplatz."


@dataclass(frozen=True, slots=True)
class Member:
    """A municipality of the demonstration (contracts.md, domain.md)."""

    slug: str
    name: str
    kind: str
    ags: str
    prefix: str
    inhabitants: int
    mark: tuple[str, str, str]  # initials, colour, pattern
    place: str  # as the greeting says it
    live: bool
    area_codes: tuple[str, ...] = ("02921",)


MEMBERS = (
    Member(
        "soest",
        "Stadt Soest",
        "stadt",
        "05974040",
        "+492921103",
        48543,
        ("SO", "beere", "schraeg"),
        "der Stadt Soest",
        live=True,
        area_codes=("02921", "02928"),
    ),
    Member(
        "kreis",
        "Kreis Soest",
        "kreis",
        "05974000",
        "+49292130",
        306068,
        ("KS", "ocker", "punkte"),
        "des Kreises Soest",
        live=True,
    ),
    Member(
        "lippstadt",
        "Stadt Lippstadt",
        "stadt",
        "05974028",
        "+492941980",
        66936,
        ("LP", "himmel", "karo"),
        "der Stadt Lippstadt",
        live=False,
        area_codes=("02941", "02945", "02948"),
    ),
)


def ensure(report: Report = lambda line: None) -> None:
    """Make what is missing. Raises Refusal outside demo mode, so that no real installation gets invented people."""
    if not settings.DEMO:
        raise Refusal(
            "Die Vorführung läuft nur mit RUFVERBUND_DEMO=1; so gelangt nichts Erfundenes in einen echten Betrieb."
        )
    with _alone():
        centre = _centre()
        new = [_municipality(centre, member, report) for member in MEMBERS]
        ensure_demo_people()
        for municipality in filter(None, new):
            demo_life.add_work(municipality)
            demo_life.add_gaps(municipality)
            demo_life.add_searches(municipality)


@contextmanager
def _alone() -> Iterator[None]:
    """One at a time: who starts a second demonstration on the same data waits, and finds everything there."""
    home = Path(settings.RUFVERBUND_HOME)
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (home / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _centre() -> ServiceCentre:
    with scope.operator():
        found = ServiceCentre.objects.filter(slug="soest").first()
    return found or actions.add_centre(slug="soest", name="Servicecenter Soest", acting_user=SYSTEM)


def _municipality(centre: ServiceCentre, member: Member, report: Report) -> Municipality | None:
    """One member. What an interrupted start has left undone is finished; a finished one is not touched. Returned when it was filled now."""
    with scope.operator():
        found = Municipality.objects.select_related("centre").filter(slug=member.slug).first()
    municipality = found or _add(centre, member)
    if str(municipality.status) == "provisioning":
        report(f"{member.name} wird eingerichtet")
        provisioning.provision(municipality)
    new = _is_empty(municipality)
    if new:
        report(f"{member.name}: Wissen und Verzeichnis werden eingelesen")
        import_entries(municipality, corpus.lines_of(member.slug), acting_user=SYSTEM, options=Options(publish=True))
        demo_life.add_details(municipality)
        _situation(municipality)
    if member.live and municipality.went_live_at is None:
        actions.set_state(municipality, "live", acting_user=SYSTEM)
    if member.kind == "kreis" and centre.operator_id is None:
        actions.name_operator(centre, municipality, acting_user=SYSTEM)
    return municipality if new else None


def _add(centre: ServiceCentre, member: Member) -> Municipality:
    initials, colour, pattern = member.mark
    texts: dict[str, Any] = {
        "greeting": GREETING.format(place=member.place),
        "closed_text": CLOSED.format(place=member.name),
        "emergency": EMERGENCY if member.live else "",
    }
    return actions.add_municipality(
        slug=member.slug,
        name=member.name,
        kind=member.kind,
        ags=member.ags,
        centre=centre,
        numbers=[member.prefix],
        inhabitants=member.inhabitants,
        initials=initials,
        colour=colour,
        pattern=pattern,
        area_codes=list(member.area_codes),
        acting_user=SYSTEM,
        **texts,
    )


def _is_empty(municipality: Municipality) -> bool:
    with scope.operator(), transaction.atomic():
        return not SearchEntry.objects.filter(municipality=municipality).exists()


def _situation(municipality: Municipality) -> None:
    """Something is always going on in Soest."""
    if municipality.slug == "soest":
        with scope.municipality(municipality.schema_name):
            own_actions.change_situation(municipality, SITUATION, acting_user=SYSTEM)
