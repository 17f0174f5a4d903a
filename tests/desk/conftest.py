"""Calls, published entries and signed-in agents for the tests of the desk."""

import os
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from django.db import transaction

numbers = count(1)


@pytest.fixture
def source(places):
    """The exchange of Soest's centre."""
    from telephony_bridge.models import Source
    from tenants import scope

    with scope.operator(), transaction.atomic():
        return Source.objects.create(centre=places["soest"].centre, name="Anlage", token_hash=f"desk-{next(numbers)}")


@pytest.fixture
def ring(source, soest) -> Callable[..., Any]:
    """ring(municipality=…, **fields) -> a stored call that rings."""
    from telephony_bridge.models import Call
    from tenants import scope

    def make(**fields: Any) -> Any:
        given = {
            "municipality": soest,
            "from_number": "+492921555",
            "to_number": "+4929211030",
            "external_id": f"d{next(numbers)}",
        } | fields
        with scope.telephony(), transaction.atomic():
            return Call.objects.create(source=source, centre=source.centre, **given)

    return make


@pytest.fixture
def ready(people) -> Callable[..., None]:
    """ready("agent", "agent2") makes them take calls."""
    from telephony_bridge.actions import set_presence
    from tenants import scope
    from tenants.models import ServiceCentre

    def make(*who: str, state: str = "ready") -> None:
        for name in who:
            with scope.desk(people[name].pk), transaction.atomic():
                for centre in ServiceCentre.objects.all():
                    set_presence(centre, state, acting_user=people[name])

    return make


@pytest.fixture
def desk(visit) -> Callable[[str], Any]:
    """desk("agent") -> a test client of the desk, signed in."""
    return lambda who="agent": visit(who, "desk.localhost")


@pytest.fixture
def publish(people) -> Callable[..., Any]:
    """publish(municipality, key, title, **fields) -> a published article; kind="person" a contact."""
    from knowledge import actions
    from knowledge.models import Article, Contact
    from tenants import scope

    def make(
        municipality: Any, key: str, title: str, *, kind: str = "article", contacts: Any = None, **fields: Any
    ) -> Any:
        editor = people["editor"]
        with scope.municipality(municipality.schema_name), transaction.atomic():
            if kind == "person":
                entry = Contact(key=key, title=title, **fields)
                actions.save_contact(entry, acting_user=editor)
            else:
                entry = Article(key=key, title=title, **fields)
                actions.save_article(entry, contacts=contacts, acting_user=editor)
            actions.publish(entry, acting_user=editor)
        return entry

    return make


@pytest.fixture(scope="session")
def server():
    """A server on a clone of the template, with the demo entries, for all tests of this process that need one."""
    from tests.database import cloned
    from tests.desk.live import Live
    from tests.server import Server

    with cloned(f"rv_live_{os.getpid()}") as url:
        server = Server(url)
        made = Live(server, **server.tool("seed"))
        server.start()
        try:
            yield made
        finally:
            made.server.stop()


@pytest.fixture
def live(server):
    """The server with nobody's calls open and no browsers."""
    server.quiet()
    yield server
    server.close()
