"""The people of a demonstration, and what makes signing in as them with one click harmless: loopback only, demo mode only.

Passwords and second factors are random for each installation and kept in RUFVERBUND_HOME/secrets (0600).
"""

import ipaddress
import json
import os
import secrets
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.mfa.utils import decrypt
from cryptography.fernet import InvalidToken
from django.conf import settings
from django.core import signing
from django.db import transaction
from django.http import HttpRequest
from django.http.request import split_domain_port
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.addresses import port_of
from accounts.models import CENTRE_ROLES, ROLES, Membership, Person
from tenants import scope
from tenants.errors import Refusal
from tenants.models import Municipality, ServiceCentre

SALT = "accounts.demo"
TOKEN_LIFE = 3600  # seconds that a front page may stay open
FILE = "demo_people.json"
PLAIN = {
    ord(letter): plain
    for letter, plain in {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ı": "i", "ş": "s", " ": "."}.items()
}


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Somebody fictional. `place` is the slug of a municipality, for agents and supervisors of a centre, "" for the operator."""

    email: str
    name: str
    role: str
    place: str
    what: str | Promise

    @property
    def host(self) -> str:
        """Where they work, without a port."""
        if self.role in CENTRE_ROLES:
            return f"desk.{settings.RUFVERBUND_DOMAIN}"
        return f"{self.place}.{settings.RUFVERBUND_DOMAIN}" if self.place else str(settings.RUFVERBUND_DOMAIN)


def _person(name: str, role: str, place: str, what: str | Promise) -> DemoPerson:
    return DemoPerson(f"{name.lower().translate(PLAIN)}@rufverbund.example", name, role, place, what)


def demo_people() -> list[DemoPerson]:
    """Everybody, the one to begin with first in each role."""
    at_the_phone = _("nimmt Anrufe für alle Kommunen an")
    writes, manages = _("schreibt Wissen, beantwortet Wissenslücken"), _("verwaltet Nummern, Zeiten und Mitglieder")
    return [
        *[
            _person(n, ROLES.agent, "soest", at_the_phone)
            for n in ("Jana Köster", "Murat Aydın", "Beate Hüsing", "Lars Pohl", "Gül Şahin")
        ],
        _person("Petra Wille", ROLES.supervisor, "soest", _("sieht Warteschlange, Team und Zahlen")),
        _person("Heike Brand", ROLES.editor, "soest", writes),
        _person("Nils Ebert", ROLES.editor, "kreis", writes),
        _person("Petra Funke", ROLES.editor, "lippstadt", writes),
        _person("Ulrike Sander", ROLES.tenant_admin, "soest", manages),
        _person("Thomas Rüther", ROLES.tenant_admin, "kreis", manages),
        _person("Stefan Droste", ROLES.tenant_admin, "lippstadt", _("bereitet den Start vor")),
        _person("Anja Meyer", ROLES.department_reader, "soest", _("liest die Artikel des Bürgerbüros")),
        _person("Olaf Becker", ROLES.department_reader, "kreis", _("liest die Artikel der Führerscheinstelle")),
        _person("Claudia Rennert", ROLES.operator, "", _("nimmt Kommunen auf, überwacht die Plattform")),
    ]


def demo_accounts() -> list[dict[str, str]]:
    """role, host, email, password and totp_secret of everybody (contract of `rufverbund demo accounts --json`)."""
    kept = _kept_secrets()
    return [
        {"role": person.role, "host": person.host, "email": person.email, **kept[person.email]}
        for person in demo_people()
    ]


def ensure_demo_people() -> int:
    """Make whoever is missing and set everybody's password and second factor as the secrets say; returns how many were new.

    Municipalities and the centre must be there already; who has no place yet is left out. Raises Refusal outside demo mode.
    """
    if not settings.DEMO:
        raise Refusal("Personen der Vorführung gibt es nur mit RUFVERBUND_DEMO=1.")
    kept, new = _kept_secrets(), 0
    with scope.front(), transaction.atomic():
        places: dict[str, Any] = {m.slug: {"municipality": m} for m in Municipality.objects.all()}
        centres: dict[str, Any] = {c.slug: {"centre": c} for c in ServiceCentre.objects.all()}
        for person in demo_people():
            found = {"": {}, **(centres if person.role in CENTRE_ROLES else places)}.get(person.place)
            if found is not None:
                new += _ensure(person, found, kept[person.email])
    return new


def _ensure(wanted: DemoPerson, place: dict[str, Any], kept: dict[str, str]) -> bool:
    """One person; unchanged when everything is as it should be, so that sessions survive a restart of the demo."""
    # Simulated colleagues answer there, and who leads the team fetches callers to it.
    at_the_phone = wanted.email.partition("@")[0] if wanted.role in CENTRE_ROLES else ""
    made = {"name": wanted.name, "is_demo": True, "phone_user": at_the_phone}
    person, new = Person.objects.get_or_create(email=wanted.email, defaults=made)
    if new:
        EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    if not person.is_demo:
        raise Refusal(f"{wanted.email} gehört schon einem wirklichen Konto.")
    if not person.check_password(kept["password"]):
        person.set_password(kept["password"])
        person.save(update_fields=["password"])
    _ensure_factor(person, kept["totp_secret"])
    Membership.objects.get_or_create(
        person=person,
        role=wanted.role,
        municipality=place.get("municipality"),
        centre=place.get("centre"),
        defaults={"person_name": person.name, "person_email": person.email},
    )
    return new


def _ensure_factor(person: Person, secret: str) -> None:
    factor = Authenticator.objects.filter(user=person, type=Authenticator.Type.TOTP).first()
    with suppress(InvalidToken):  # encrypted with a SECRET_KEY that is gone: as good as none
        if factor is not None and decrypt(factor.data["secret"]) == secret:
            return
    Authenticator.objects.filter(user=person, type=Authenticator.Type.TOTP).delete()
    TOTP.activate(person, secret)


def _kept_secrets() -> dict[str, dict[str, str]]:
    """Passwords and second factors by address; who has none gets some, and the file is replaced as a whole."""
    path = Path(settings.RUFVERBUND_HOME) / "secrets" / FILE
    kept: dict[str, dict[str, str]] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    missing = [person.email for person in demo_people() if person.email not in kept]
    if missing:
        kept |= {
            email: {"password": secrets.token_urlsafe(12), "totp_secret": generate_totp_secret()} for email in missing
        }
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{FILE}-")  # mkstemp creates with 0600
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(kept, file, indent=1)
        Path(draft).replace(path)
    return kept


# Signing in with one click


def demo_entries(request: HttpRequest) -> list[dict[str, Any]]:
    """For the front page: groups of {"head", "people": [{"person", "role", "municipality" or None, "url", "token"}]}; [] outside demo mode.

    The address names the host of the role and the port of this request. The token stands in for the CSRF token, whose cookie belongs to
    another host; only a page that this installation has made holds one.
    """
    if not settings.DEMO:
        return []
    with scope.front():
        towns = {m.slug: m for m in Municipality.objects.exclude(status__in=["provisioning", "left"])}
    people = [
        person for person in demo_people() if person.role in CENTRE_ROLES or not person.place or person.place in towns
    ]
    heads = {
        _("Servicecenter"): CENTRE_ROLES,
        _("Kommunen"): ("editor", "tenant_admin", "department_reader"),
        _("Betreiber"): (ROLES.operator,),
    }
    return [
        {"head": head, "people": [_entry(request, person, towns) for person in people if person.role in roles]}
        for head, roles in heads.items()
    ]


def _entry(request: HttpRequest, person: DemoPerson, towns: dict[str, Municipality]) -> dict[str, Any]:
    return {
        "person": person,
        "role": dict(ROLES)[person.role],
        "municipality": towns.get(person.place) if person.role not in CENTRE_ROLES else None,
        "url": f"{request.scheme}://{person.host}{port_of(request)}/demo/anmelden/",
        "token": signing.dumps(person.email, salt=SALT),
    }


def email_of(token: str) -> str | None:
    """The address in a token of the front page; None when it is not one of ours or too old."""
    try:
        return str(signing.loads(token, salt=SALT, max_age=TOKEN_LIFE))
    except signing.BadSignature:
        return None


def comes_from_here(request: HttpRequest) -> bool:
    """Whether a request was sent on this machine to this machine, by a page of ours."""
    origin = request.headers.get("Origin", "")
    origin = "" if origin == "null" else origin  # what a browser sends from our front page under its Referrer-Policy
    named = _hostname(origin.partition("://")[2] if origin else request.get_host())
    return (
        is_loopback(str(request.META.get("REMOTE_ADDR", "")))
        and _is_local(_hostname(request.get_host()))
        and _is_local(named)
    )


def is_loopback(address: str) -> bool:
    """Whether an address to listen on or to come from is this machine's own: 127.0.0.0/8, ::1, localhost."""
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address.strip("[]")).is_loopback
    except ValueError:
        return False


def refuse_other_than_loopback(address: str) -> None:
    """For whoever starts a server: demo mode listens on this machine only. Raises Refusal."""
    if settings.DEMO and not is_loopback(address):
        raise Refusal(
            f"Die Vorführung läuft nur auf diesem Rechner, nicht auf {address}: Wer sie erreicht, meldet sich ohne Passwort an. "
            "Nehmen Sie 127.0.0.1 oder schalten Sie RUFVERBUND_DEMO aus."
        )


def _hostname(host: str) -> str:
    return split_domain_port(host)[0]


def _is_local(name: str) -> bool:
    return name == "localhost" or name.endswith(".localhost") or is_loopback(name)
