"""Who may open which address: tests/permissions.toml, read against every URL that the three areas have. An address without a row fails."""

import tomllib
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import NamedTuple

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.urls.resolvers import RoutePattern

TABLE = tomllib.loads((Path(__file__).parent / "permissions.toml").read_text(encoding="utf-8"))
HOSTS = {"front": "localhost", "desk": "desk.localhost", "municipality": "soest.localhost"}
VISITORS = {  # word in the table -> person of tests/template.py
    "anonymous": None,
    "nobody": "nobody",
    "agent": "agent",
    "supervisor": "supervisor",
    "editor": "editor",
    "tenant_admin": "admin",
    "department_reader": "reader",
    "operator": "operator",
    "foreign_editor": "editor.kreis",
    "foreign_agent": "agent.unna",
}
INSIDE = {  # who belongs to an area at all
    "front": {"operator"},
    "desk": {
        "agent",
        "supervisor",
        "foreign_agent",
    },  # whose municipalities they see there is row-level security's matter
    "municipality": {"editor", "tenant_admin", "department_reader"},
}
STRANGER = {"front": 403, "desk": 403, "municipality": 404}  # a municipality does not exist for strangers
DUMMY = {"int": 999_999_999, "uuid": "00000000-0000-0000-0000-000000000000"}


class Address(NamedTuple):
    """A named URL of an area, with arguments that fit and exist nowhere."""

    area: str
    name: str
    arguments: dict[str, object]

    def __str__(self) -> str:
        return f"{self.area}-{self.name}"

    @property
    def path(self) -> str:
        """The address itself."""
        return reverse(self.name, urlconf=f"config.urls.{self.area}", kwargs=self.arguments)


def patterns_of(resolver: URLResolver, inherited: dict[str, object]) -> Iterator[tuple[URLPattern, dict[str, object]]]:
    """Every pattern below a resolver, with dummy arguments for all converters on the way."""
    for entry in resolver.url_patterns:
        arguments = inherited | arguments_of(entry)
        if isinstance(entry, URLResolver):
            yield from patterns_of(entry, arguments)
        else:
            yield entry, arguments


def arguments_of(entry: URLPattern | URLResolver) -> dict[str, object]:
    """What to fill in: by converter, or by named group."""
    pattern = entry.pattern
    if isinstance(pattern, RoutePattern):
        kinds = {
            name: type(converter).__name__.removesuffix("Converter").lower()
            for name, converter in pattern.converters.items()
        }
        return {name: DUMMY.get(kind, "unbekannt") for name, kind in kinds.items()}
    return dict.fromkeys(pattern.regex.groupindex, "unbekannt")


def addresses() -> list[Address]:
    """All areas, in the order of their URL configurations."""
    found = []
    for area in HOSTS:
        for pattern, arguments in patterns_of(get_resolver(f"config.urls.{area}"), {}):
            assert pattern.name, f"{pattern} of {area} has no name"
            found.append(Address(area, pattern.name, arguments))
    return found


def section_of(address: Address) -> str:
    """Which part of the table: `account` for what every host has, else the area's."""
    return "account" if address.name in TABLE["account"] else address.area


def rules_of(address: Address) -> dict[str, dict[str, int]]:
    """method -> visitor -> status, as the rows of an address say; or an error that tells what to write."""
    rows = TABLE[section_of(address)].get(address.name)
    if rows is None:
        pytest.fail(
            f"no row for {address.name} ({address.path}): add one to [{address.area}] of tests/permissions.toml"
        )
    rules: dict[str, dict[str, int]] = {}
    for row in [rows] if isinstance(rows, str) else rows:
        methods, status, *words = row.split()
        for method in methods.split("+"):
            rules.setdefault(method, {}).update(dict.fromkeys(visitors_of(words, address.area), int(status)))
    return rules


def visitors_of(words: list[str], area: str) -> set[str]:
    """The visitors that words and groups name."""
    groups = {"everyone": set(VISITORS), "signed_in": set(VISITORS) - {"anonymous"}, "inside": INSIDE[area]}
    unknown = set(words) - groups.keys() - VISITORS.keys()
    assert not unknown, f"{unknown} are no visitors"
    return set().union(*(groups.get(word, {word}) for word in words))


def visitors_for(address: Address) -> list[str]:
    """Everybody; where every host has the same page, all of them on one host and one of a kind on the others."""
    repeated = section_of(address) == "account" and address.area != "municipality"
    return ["anonymous", "nobody", "operator" if address.area == "front" else "agent"] if repeated else list(VISITORS)


def refused(address: Address, visitor: str, path: str) -> tuple[int, str]:
    """The status, and the begin of the location, of somebody who is not allowed."""
    if visitor == "anonymous":
        return 302, f"/konto/login/?next={path}"
    inside = visitor in INSIDE[address.area]
    return (403 if inside else STRANGER[address.area]), ""


def reads(address: Address) -> bool:
    """Whether the table says what GET does, or nothing at all (which the first test reports)."""
    rows = TABLE[section_of(address)].get(address.name, "GET")
    return any("GET" in row.split()[0].split("+") for row in ([rows] if isinstance(rows, str) else rows))


ADDRESSES = addresses()


def wrong_for(client: Client, visitor: str, address: Address) -> Iterator[str]:
    """What somebody gets who should not, and the other way round."""
    rules = rules_of(address)
    for method, statuses in rules.items():
        response = client.generic(method, address.path, content_type="application/x-www-form-urlencoded")
        status, location = response.status_code, response.headers.get("location", "")
        want, at = (statuses[visitor], "") if visitor in statuses else refused(address, visitor, address.path)
        by_mistake_at_the_door = visitor in statuses and location.startswith("/konto/login/?next=")
        if status != want or by_mistake_at_the_door or not location.startswith(at):
            yield f"{method} {address.path} as {visitor}: {status} {location} instead of {want} {at}"


@pytest.mark.parametrize("visitor", VISITORS)
@pytest.mark.parametrize("area", HOSTS)
def test_everybody_gets_what_the_table_says(area, visitor, visit):
    """Signed in once; each address begins with that, whatever the one before has done."""
    client = visit(VISITORS[visitor], HOSTS[area])
    client.raise_request_exception = False  # a 500 belongs into the list, too
    wrong: list[str] = []
    for address in (a for a in ADDRESSES if a.area == area and visitor in visitors_for(a)):
        before = deepcopy(client.cookies)
        with transaction.atomic():
            wrong += wrong_for(client, visitor, address)
            transaction.set_rollback(True)
        client.cookies = before
    assert wrong == []


def test_every_address_has_its_rows():
    assert all(rules_of(address) for address in ADDRESSES)


@pytest.mark.parametrize("address", [a for a in ADDRESSES if not reads(a)], ids=str)
def test_what_changes_something_is_not_done_by_a_link(address, visit):
    """An address whose rows name no GET answers it with 405."""
    visitor = min(set().union(*rules_of(address).values()) - {"anonymous"})
    assert visit(VISITORS[visitor], HOSTS[address.area]).get(address.path).status_code == 405


def test_no_row_is_left_over():
    known = {(section_of(address), address.name) for address in ADDRESSES}
    assert [f"{part}.{name}" for part, rows in TABLE.items() for name in rows if (part, name) not in known] == []


def test_the_demo_sign_in_is_not_among_them():
    assert not settings.DEMO
    assert "demo_sign_in" not in {address.name for address in ADDRESSES}


@pytest.mark.parametrize("host", ["kreis.localhost", "unna.localhost", "gibtsnicht.localhost"])
def test_another_municipality_is_as_if_it_did_not_exist(host, visit):
    client = visit("admin", host)
    for path in ("/", "/wissen/", "/mitglieder/", "/gibtsnicht/"):
        assert client.get(path).status_code == 404, path
