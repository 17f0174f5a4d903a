"""What is wrong with an exchange, in one German sentence each; and what is right, so that nobody wonders what was looked at."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from django.utils.translation import gettext as _
from websockets.exceptions import InvalidStatus, WebSocketException

from telephony_bridge.asterisk.ami import Ami, AmiError, Answer, ManagerAccess, WrongPasswordError
from telephony_bridge.asterisk.configuration import Wanted
from telephony_bridge.routing.ari import Access, Ari, AriError

LOAD = re.compile(r"^load=(\S+)\.so", re.MULTILINE)
LATE = 2.0  # seconds by which clocks may differ
OLD = 60  # days after which the days that are written should be written anew
LOOKING = "rufverbund-pruefung"  # an application of our own: the bridge's must not be disturbed
UNAUTHORISED = 401
THERE = "Reachable"
UNKNOWN = ("NonQualified", "Unknown", "Created")  # it was not asked yet
ANSWERS_WITHIN = 4.0  # seconds; Asterisk itself waits for three


class Status(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence."""

    status: Status
    message: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """What is to be checked: how it should be, its files as they would be written, and how they are (names of those that differ)."""

    wanted: Wanted
    files: Mapping[str, str]
    differing: tuple[str, ...]
    today: date
    host: str = "127.0.0.1"

    @property
    def manager(self) -> ManagerAccess:
        """Its AMI."""
        return ManagerAccess(self.host, self.wanted.manager, "bridge", self.wanted.ami_secret)

    @property
    def ari(self) -> Access:
        """Its ARI."""
        return Access(self.host, self.wanted.http, "bridge", self.wanted.ari_secret, app=LOOKING)


async def findings(exchange: Exchange, app: str = "rufverbund") -> AsyncIterator[Finding]:
    """Everything, in an order in which the first error explains the later ones."""
    for finding in _files(exchange):
        yield finding
    async for finding in _ari(exchange, app):
        yield finding
    try:
        async with Ami.connected(exchange.manager, listen=False) as ami:
            for part in (_modules, _clock, _trunk, _telephones, _numbers):
                async for finding in part(ami, exchange):
                    yield finding
    except WrongPasswordError:
        yield _error(
            _(
                "Asterisk weist das Kennwort seiner Verwaltung (AMI) ab: Es läuft mit anderen Dateien; schreiben Sie sie und starten Sie es neu."
            )
        )
    except (OSError, AmiError, TimeoutError):
        yield _error(
            _("Die Verwaltung von Asterisk (AMI) antwortet nicht auf %(host)s:%(port)s: Läuft es, mit diesen Dateien?")
            % {"host": exchange.host, "port": exchange.wanted.manager}
        )  # fmt: skip


def _error(message: str) -> Finding:
    return Finding(Status.ERROR, message)


def _files(exchange: Exchange) -> Iterator[Finding]:
    if exchange.differing:
        names = ", ".join(exchange.differing)
        yield _error(
            _("Diese Dateien sind anders, als die Datenbank es will: %(names)s. Schreiben Sie sie neu: rufverbund telephony config.")
            % {"names": names}
        )  # fmt: skip
    else:
        yield Finding(Status.OK, _("Alle %(count)s Dateien sind, wie die Datenbank es will.") % {"count": len(exchange.files)})  # fmt: skip
    age = (exchange.today - exchange.wanted.today).days
    if age > OLD:
        yield Finding(
            Status.WARNING,
            _("Feiertage und besondere Tage stehen seit %(days)s Tagen unverändert in den Dateien; schreiben Sie sie neu.")
            % {"days": age},
        )  # fmt: skip


async def _ari(exchange: Exchange, app: str) -> AsyncIterator[Finding]:
    where = {"host": exchange.host, "port": exchange.wanted.http}
    try:
        async with Ari.connected(exchange.ari) as ari:
            names = [one["name"] for one in await ari("GET", "applications")]
    except InvalidStatus as error:
        if error.response.status_code == UNAUTHORISED:
            yield _error(_("Asterisk weist das Kennwort von ARI ab: Es läuft mit anderen Dateien; schreiben Sie sie und starten Sie es neu."))  # fmt: skip
        else:
            yield _error(_("Auf %(host)s:%(port)s antwortet etwas anderes als ARI.") % where)
    except (OSError, EOFError, WebSocketException, AriError, TimeoutError):
        yield _error(_("Asterisk (ARI) antwortet nicht auf %(host)s:%(port)s: Läuft es, mit diesen Dateien?") % where)
    else:
        if app in names:
            yield Finding(Status.OK, _("Eine Verteilung ist angemeldet; eine zweite würde ihr den Namen „%(app)s“ nehmen.") % {"app": app})  # fmt: skip
        else:
            yield Finding(Status.WARNING, _("Keine Verteilung ist angemeldet: Anrufe gehen in die Notfallverteilung (rufverbund bridge starten)."))  # fmt: skip


async def _modules(ami: Ami, exchange: Exchange) -> AsyncIterator[Finding]:
    missing = []
    wanted = LOAD.findall(exchange.files["modules.conf"])
    for name in wanted:
        try:
            await ami("ModuleCheck", Module=f"{name}.so")
        except AmiError as error:
            if "No such" not in str(error) and "not loaded" not in str(error).lower():
                raise
            missing.append(name)
    if missing:
        yield _error(
            _("Asterisk hat diese Module nicht geladen: %(names)s. Starten Sie es neu; fehlen sie dann noch, fehlt ein Paket.")
            % {"names": ", ".join(missing)}
        )  # fmt: skip
    else:
        yield Finding(Status.OK, _("Alle %(count)s Module sind geladen.") % {"count": len(wanted)})


async def _clock(ami: Ami, _exchange: Exchange) -> AsyncIterator[Finding]:
    differs = abs(float((await ami("Ping")).fields["Timestamp"]) - time.time())
    if differs > LATE:
        yield _error(_("Die Uhr von Asterisk geht um %(seconds)s Sekunden anders als diese.") % {"seconds": round(differs)})  # fmt: skip
    else:
        yield Finding(Status.OK, _("Die Uhren gehen gleich."))
    hour = (await ami("Getvar", Variable="STRFTIME(0,Europe/Berlin,%H)")).fields.get("Value")
    if hour != "01":  # the first of January 1970 began at one o'clock in Berlin
        yield _error(_("Auf dem Rechner von Asterisk fehlen die Zeitzonen: Öffnungszeiten gelten dort falsch (Paket tzdata)."))  # fmt: skip


async def _trunk(ami: Ami, exchange: Exchange) -> AsyncIterator[Finding]:
    trunk = exchange.wanted.trunk
    if trunk.user:
        told = await _list(ami, "PJSIPShowRegistrationsOutbound")
        states = [e.get("Status", "") for e in told.events if e.get("ObjectName") == "trunk"]
        if "Registered" not in states:
            yield _error(
                _("Der Anschluss ist bei %(host)s nicht angemeldet (%(state)s): Stimmen Benutzername und Kennwort, und ist der Anbieter erreichbar?")
                % {"host": trunk.host, "state": states[0] if states else _("nicht eingerichtet")}
            )  # fmt: skip
            return
        yield Finding(Status.OK, _("Der Anschluss ist bei %(host)s angemeldet.") % {"host": trunk.host})
        return
    state = await _asked(ami, "trunk")
    if state is None:
        yield _error(_("Der Anschluss ist in Asterisk nicht eingerichtet: Es läuft nicht mit diesen Dateien."))
    elif state == THERE:
        yield Finding(Status.OK, _("Der Anschluss %(host)s antwortet.") % {"host": trunk.host})
    else:
        yield _error(_("Der Anschluss %(host)s antwortet nicht.") % {"host": trunk.host})


async def _asked(ami: Ami, name: str) -> str | None:
    """The state of an address after it was asked whether it is there; None: Asterisk does not know it."""
    if await _state(ami, name) is None:
        return None
    await ami("PJSIPQualify", Endpoint=name)
    until = time.monotonic() + ANSWERS_WITHIN
    while (state := await _state(ami, name)) in UNKNOWN and time.monotonic() < until:  # noqa: ASYNC110  nobody tells
        await asyncio.sleep(0.2)
    return state


async def _telephones(ami: Ami, exchange: Exchange) -> AsyncIterator[Finding]:
    stations = exchange.wanted.stations
    states = {station.user: await _state(ami, station.user) for station in stations}
    away = [station for station in stations if states[station.user] not in {THERE, *UNKNOWN}]
    for station in away:
        yield Finding(Status.WARNING, _("Das Telefon %(label)s (%(user)s) ist nicht angemeldet.") % {"label": station.label, "user": station.user})  # fmt: skip
    if not stations:
        yield Finding(Status.WARNING, _("Das Servicecenter hat noch kein Telefon: rufverbund telephony telephone add."))
    elif not away:
        yield Finding(Status.OK, _("Alle Telefone (%(count)s) sind angemeldet.") % {"count": len(stations)})


async def _numbers(ami: Ami, exchange: Exchange) -> AsyncIterator[Finding]:
    told = await _list(ami, "ShowDialPlan", Context="numbers")
    known = {event.get("Extension", "") for event in told.events}
    numbers = [(place, one.prefix) for place in exchange.wanted.places for one in place.numbers]
    unknown = [(place, prefix) for place, prefix in numbers if f"_{prefix}" not in known]
    for place, prefix in unknown:
        yield _error(
            _("Die Nummer %(number)s (%(place)s) kennt der Wählplan nicht: Anrufe dort gelten in der Notfallverteilung als die des Servicecenters.")
            % {"number": prefix, "place": place.name}
        )  # fmt: skip
    for place in exchange.wanted.places:
        if not place.numbers:
            yield Finding(Status.WARNING, _("%(place)s ist live und hat keine bestätigte Rufnummer.") % {"place": place.name})  # fmt: skip
    if numbers and not unknown:
        yield Finding(Status.OK, _("Der Wählplan kennt alle Rufnummern (%(count)s).") % {"count": len(numbers)})


async def _state(ami: Ami, name: str) -> str | None:
    """The state of an endpoint's address: "" without one, None where Asterisk does not know the endpoint."""
    try:
        told = await ami("PJSIPShowEndpoint", Endpoint=name)
    except AmiError as error:
        if "endpoint" not in str(error):
            raise
        return None
    return next((e.get("Status", "") for e in told.events if e.get("Event") == "ContactStatusDetail"), "")


async def _list(ami: Ami, action: str, **fields: str) -> Answer:
    """A list, which for some actions is an error where it is empty."""
    try:
        return await ami(action, **fields)
    except AmiError as error:
        if isinstance(error, WrongPasswordError) or not re.search(r"[Nn]o |not find|exist", str(error)):
            raise
        return Answer({})


async def reload(manager: ManagerAccess) -> None:
    """Have Asterisk read its files. Raises OSError, AmiError, TimeoutError."""
    async with Ami.connected(manager, listen=False) as ami:
        await ami("Reload")
