"""The demo's centre and municipalities, made and filled through the same actions and the same import as real ones."""

from typing import NamedTuple

from django.db import transaction

from accounts.demo import ensure_demo_people
from knowledge import demo
from knowledge.models import Article
from onboarding.actions import add_and_provision
from onboarding.imports import Options, import_entries
from tenants import actions, own_actions, provisioning, scope
from tenants.audit import SYSTEM
from tenants.models import Municipality, ServiceCentre

CENTRE = ("soest", "Servicecenter Hellweg")
OPERATOR = "kreis"


class Place(NamedTuple):
    """A municipality of the demo; `mark` is its colour and pattern."""

    slug: str
    name: str
    kind: str
    ags: str
    number: str
    inhabitants: int
    mark: tuple[str, str]
    live: bool


PLACES = (
    Place("kreis", "Kreis Soest", "kreis", "05974000", "+49292130", 306_068, ("ocker", "punkte"), live=True),
    Place("soest", "Stadt Soest", "stadt", "05974040", "+492921103", 48_543, ("beere", "schraeg"), live=True),
    Place("lippstadt", "Stadt Lippstadt", "stadt", "05974028", "+492941980", 66_936, ("himmel", "karo"), live=False),
)
GREETING = "Guten Tag, Servicecenter {of}, mein Name ist {{agent}}. Was kann ich für Sie tun?"
EMERGENCY = "Lebensgefahr, Feuer, Unfall: 112. Überfall oder Einbruch: 110. Ärztlicher Bereitschaftsdienst: 116 117."
CLOSED = (
    "Das Servicecenter {of} ist montags bis mittwochs 8–17 Uhr, donnerstags 8–18 Uhr und freitags 8–13 Uhr erreichbar."
)


def fill() -> None:
    """Whatever of it is missing; a second run changes nothing, and what people changed in the demo stays."""
    centre = _centre()
    for place in PLACES:
        municipality = _municipality(place, centre)
        if not _has_entries(municipality):
            _fill(municipality, place)
        if place.slug == OPERATOR and centre.operator_id is None:
            actions.name_operator(centre, municipality, acting_user=SYSTEM)
    ensure_demo_people()


def _centre() -> ServiceCentre:
    with scope.operator():
        found = ServiceCentre.objects.filter(slug=CENTRE[0]).first()
    return found or actions.add_centre(slug=CENTRE[0], name=CENTRE[1], acting_user=SYSTEM)


def _municipality(place: Place, centre: ServiceCentre) -> Municipality:
    """Found or made; what was interrupted is taken up again."""
    with scope.operator():
        found: Municipality | None = Municipality.objects.filter(slug=place.slug).first()
    if found is None:
        colour, pattern = place.mark
        return add_and_provision(
            slug=place.slug,
            name=place.name,
            kind=place.kind,
            ags=place.ags,
            inhabitants=place.inhabitants,
            colour=colour,
            pattern=pattern,
            centre=centre,
            numbers=[place.number],
            acting_user=SYSTEM,
        )
    if found.status == "provisioning":
        provisioning.provision(found)
    return found


def _has_entries(municipality: Municipality) -> bool:
    with scope.municipality(municipality.schema_name), transaction.atomic():
        return Article.objects.exists()


def _fill(municipality: Municipality, place: Place) -> None:
    of = f"{'des' if place.kind == 'kreis' else 'der'} {place.name.replace('Kreis', 'Kreises')}"
    texts = {"greeting": GREETING.format(of=of), "emergency": EMERGENCY, "closed_text": CLOSED.format(of=of)}
    with scope.municipality(municipality.schema_name), transaction.atomic():
        own_actions.change_texts(municipality, texts, acting_user=SYSTEM)
    import_entries(municipality, demo.lines_of(place.slug), acting_user=SYSTEM, options=Options(publish=True))
    if place.live and municipality.status == "joining":
        actions.set_state(municipality, "live", acting_user=SYSTEM)
