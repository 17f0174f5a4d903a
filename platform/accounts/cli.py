"""`rufverbund person`: people and invitations from the command line, for a first admin or when nobody can sign in any more."""

import json
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

import click
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from accounts import actions
from accounts.models import ROLES, Membership, Person, Place
from tenants import scope
from tenants.audit import SYSTEM
from tenants.errors import Refusal
from tenants.models import Municipality, ServiceCentre


def with_role(command: Callable[..., None]) -> Callable[..., None]:
    """Options --email, --name, --role, and --municipality or --centre, which arrive as `place`."""

    @click.option("--email", required=True, help="E-Mail-Adresse, mit der sich die Person anmeldet.")
    @click.option("--name", required=True, help="Name, wie er angezeigt wird.")
    @click.option("--role", required=True, type=click.Choice([role for role, _label in ROLES]), help="Rolle.")
    @click.option("--municipality", "town", metavar="SLUG", help="Kommune der Rolle.")
    @click.option("--centre", metavar="SLUG", help="Servicecenter der Rolle (agent, supervisor).")
    @click.option("--json", "as_json", is_flag=True, help="Ergebnis als JSON.")
    @wraps(command)
    def with_place(*, town: str | None, centre: str | None, **options: Any) -> None:
        command(place=place_of(town, centre), **options)

    return with_place


@click.group()
def person() -> None:
    """Personen anlegen, einladen, auflisten und sperren."""


@person.command()
@with_role
@click.option(
    "--password-stdin",
    is_flag=True,
    help="Passwort von der Standardeingabe lesen; ohne wird mit „Passwort vergessen“ eines festgelegt.",
)
def add(*, email: str, name: str, role: str, place: Place, password_stdin: bool, as_json: bool) -> None:
    """Eine Person mit einer Rolle anlegen; eine vorhandene bekommt die Rolle dazu."""
    password = _read_password(email, name) if password_stdin else None
    made = actions.add_person(email=email, name=name, password=password, role=role, place=place, acting_user=SYSTEM)
    if as_json:
        click.echo(json.dumps({"id": made.pk, "email": made.email, "role": role}))
    else:
        click.echo(f"{made.name} ({made.email}) hat jetzt die Rolle {role}.")


@person.command()
@with_role
@click.option(
    "--base-url", help="Anfang des Links, zum Beispiel https://soest.example.de; sonst aus RUFVERBUND_DOMAIN."
)
def invite(*, email: str, name: str, role: str, place: Place, base_url: str | None, as_json: bool) -> None:
    """Jemanden einladen; der Link gilt sieben Tage und einmal und wird nur jetzt ausgegeben."""
    with scope.operator():
        invitation, link = actions.invite(
            email=email, name=name, role=role, place=place, base_url=base_url or address_of(place), acting_user=SYSTEM
        )
    if as_json:
        click.echo(
            json.dumps(
                {"email": invitation.email, "role": role, "link": link, "expires_at": invitation.expires_at.isoformat()}
            )
        )
    else:
        click.echo(f"Einladung für {invitation.email}, gültig sieben Tage:\n{link}")


@person.command("list")
@click.option("--json", "as_json", is_flag=True, help="Ergebnis als JSON.")
def list_(*, as_json: bool) -> None:
    """Alle Personen mit ihren Rollen."""
    people = everybody()
    if as_json:
        click.echo(json.dumps(people, ensure_ascii=False))
        return
    for entry in people:
        held = ", ".join(
            f"{r['role']}@{r['municipality'] or r['centre'] or settings.RUFVERBUND_DOMAIN}" for r in entry["roles"]
        )
        click.echo(f"{entry['email']}\t{entry['name']}\t{held}{'' if entry['active'] else ' (gesperrt)'}")


@person.command()
@click.argument("email")
def deactivate(email: str) -> None:
    """Eine Person sperren: keine Anmeldung mehr, alle Sitzungen enden sofort."""
    found = known(email)
    actions.deactivate_person(found, acting_user=SYSTEM)
    click.echo(f"{found.name} ist gesperrt, alle Sitzungen sind beendet.")


@person.command("reset-factor")
@click.argument("email")
def reset_factor(email: str) -> None:
    """Den zweiten Faktor löschen, wenn App, Schlüssel und Codes verloren sind; alle Sitzungen enden. Prüfen Sie vorher, wer darum bittet."""
    found = known(email)
    actions.reset_second_factor(found, acting_user=SYSTEM)
    click.echo(
        f"{found.name} richtet bei der nächsten Anmeldung einen neuen zweiten Faktor ein; alle Sitzungen sind beendet."
    )


def known(email: str) -> Person:
    """The person with an address. Raises Refusal."""
    with scope.front():
        found = Person.objects.filter(email=email.strip().lower()).first()
    if found is None:
        raise Refusal(f"Es gibt keine Person mit der Adresse {email}. `rufverbund person list` zeigt alle.")
    return found


def everybody() -> list[dict[str, Any]]:
    """id, email, name, active and roles ([{"role", "municipality", "centre"}], slugs) of all people."""
    with scope.front():
        roles: dict[int, list[dict[str, str | None]]] = {}
        for member in Membership.objects.select_related("municipality", "centre"):
            town, centre = member.municipality, member.centre
            entry = {
                "role": str(member.role),
                "municipality": town.slug if town else None,
                "centre": centre.slug if centre else None,
            }
            roles.setdefault(member.person_id, []).append(entry)
        return [
            {"id": p.pk, "email": p.email, "name": p.name, "active": p.is_active, "roles": roles.get(p.pk, [])}
            for p in Person.objects.all()
        ]


def place_of(town: str | None, centre: str | None) -> Place:
    """The municipality or centre of the options; None for the platform. Raises Refusal for an unknown name."""
    if town and centre:
        raise click.UsageError("Nennen Sie --municipality oder --centre, nicht beides.")
    with scope.front():
        found: Place = None
        if town:
            found = Municipality.objects.select_related("centre").filter(slug=town).first()
        elif centre:
            found = ServiceCentre.objects.filter(slug=centre).first()
    if found is None and (town or centre):
        raise Refusal(f"„{town or centre}“ gibt es nicht. `rufverbund municipality list` zeigt alle Kommunen.")
    return found


def address_of(place: Place) -> str:
    """Scheme and host where somebody with a role there works."""
    scheme, domain = ("https" if settings.HTTPS else "http"), settings.RUFVERBUND_DOMAIN
    if isinstance(place, Municipality):
        return f"{scheme}://{place.slug}.{domain}"
    return f"{scheme}://{'desk.' if place else ''}{domain}"


def _read_password(email: str, name: str) -> str:
    password = sys.stdin.readline().rstrip("\n")
    try:
        validate_password(password, Person(email=email, name=name))
    except ValidationError as error:
        raise Refusal(" ".join(error.messages)) from error
    return password
