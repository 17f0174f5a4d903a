"""What the database says about a centre's exchange: its telephones, and whose numbers, hours and texts there are."""

from datetime import date
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _

from telephony_bridge.announcement_queries import recorded_audio, recordings_of
from telephony_bridge.asterisk import announcements
from telephony_bridge.asterisk.announcements import Key, Said
from telephony_bridge.asterisk.configuration import Folders, Numbers, Place, Station, Trunk, Wanted, escaping
from telephony_bridge.asterisk.configuration.folder import Folder, Options
from telephony_bridge.models import Telephone
from tenants import scope
from tenants.errors import Refusal
from tenants.models import Municipality, NumberPrefix, ServiceCentre
from tenants.queries import hours_of, hours_of_centre

DEFAULT = "0-zentrale"  # who is meant when nobody knows whom; no municipality's slug begins with a digit
MODULES = "/usr/lib/asterisk/modules"


def centre_of(slug: str) -> ServiceCentre:
    """The centre. Raises Refusal."""
    with scope.telephony():
        found = ServiceCentre.objects.filter(slug=slug).first()
        known = ", ".join(ServiceCentre.objects.order_by("slug").values_list("slug", flat=True)[:20])
    if found is None:
        raise Refusal(
            _("Das Servicecenter „%(slug)s“ gibt es nicht. Bekannt sind: %(known)s.")
            % {"slug": slug, "known": known or _("noch keine")}
        )
    return found


def telephones_of(centre: ServiceCentre) -> list[Telephone]:
    """By their names."""
    with scope.telephony():
        return list(Telephone.objects.filter(centre=centre).order_by("user"))


def said_of(centre: ServiceCentre) -> dict[Key, Said]:
    """What is to be heard, by (slug, "emergency" or "closed"); nothing where a municipality has neither recorded nor written it."""
    with scope.telephony():
        towns = list(_live(centre))
        recorded = recordings_of(town.pk for town in towns)
    said = {
        (town.slug, kind): Said(text.strip(), recorded.get((town.pk, kind), ""))
        for town in towns
        for kind, text in (("emergency", str(town.emergency)), ("closed", str(town.closed_text)))
    }
    return {key: one for key, one in said.items() if one != Said()}


def audio_of(key: Key) -> bytes:
    """The recording of a municipality. Raises Refusal where it has none (any more), or it is not what it was."""
    with scope.telephony():
        return recorded_audio(Municipality.objects.get(slug=key[0]).pk, key[1])


def places_of(centre: ServiceCentre, sounds: dict[Key, str]) -> list[Place]:
    """The municipalities that are live, with their confirmed numbers. Who has entered no hours has those of the centre."""
    with scope.telephony(), transaction.atomic():
        return [
            Place(
                slug=town.slug,
                name=town.name,
                numbers=tuple(
                    Numbers(row.prefix, row.max_length, row.is_did)
                    for row in NumberPrefix.objects.filter(municipality=town, confirmed_at__isnull=False).order_by("prefix")
                ),
                hours=hours_of(town) if town.hours else hours_of_centre(centre),
                emergency=sounds.get((town.slug, "emergency"), ""),
                closed=sounds.get((town.slug, "closed"), ""),
            )
            for town in _live(centre)
        ]  # fmt: skip


def _live(centre: ServiceCentre) -> list[Municipality]:
    return list(Municipality.objects.filter(centre=centre, status=Municipality.STATES.live).order_by("slug"))


def wanted_of(folder: Folder, options: Options, today: date) -> Wanted:
    """Everything for an exchange's files. Raises Refusal where something is missing."""
    centre = centre_of(options.centre)
    return Wanted(
        centre=centre.name,
        folders=_folders(folder, options),
        trunk=Trunk(
            options.trunk,
            options.trunk_port,
            options.trunk_user,
            folder.secret("trunk") if options.trunk_user else "",
            options.trunk_sources,
        ),
        default=Place(DEFAULT, centre.name, hours=hours_of_centre(centre)),
        ari_secret=folder.secret("asterisk"),
        ami_secret=folder.secret("asterisk"),
        today=today,
        stations=[
            Station(one.user, one.label, one.extension, folder.secret(f"telephone-{escaping.name(one.user)}"))
            for one in telephones_of(centre)
        ],
        places=places_of(centre, announcements.there(folder, said_of(centre))),
        sip=(options.sip, options.sip_port),
        external=options.external,
        http=options.http,
        manager=options.manager,
    )


def _folders(folder: Folder, options: Options) -> Folders:
    found = sorted(Path("/usr/lib").glob("*/asterisk/modules"))
    modules = Path(options.modules) if options.modules else found[0] if found else Path(MODULES)
    if not options.state:
        return Folders.of_debian(folder.path, modules, folder.path)
    within = Folders.within(Path(options.state), modules, Path(options.data or "/usr/share/asterisk"))
    own = {"etc": folder.path, "music": folder.path / "music", "sounds": folder.path / "sounds"}
    return Folders(**{name: own.get(name, getattr(within, name)) for name in Folders.__slots__})


def environment_of(folder: Folder, wanted: Wanted, centre: str) -> str:
    """What `rufverbund bridge` needs to serve this exchange, as a file that a shell and systemd read."""
    values = {
        "": f"http://127.0.0.1:{wanted.http}",
        "_CENTRE": centre,
        "_PASSWORD_FILE": folder.path / "secrets" / "asterisk",
        "_MANAGER": wanted.manager,
        "_CEL": wanted.folders.log / "cel-custom" / "Master.csv",
        "_SOUNDS": wanted.folders.sounds,
    }
    return "".join(f'RUFVERBUND_ASTERISK{name}="{value}"\n' for name, value in values.items())
