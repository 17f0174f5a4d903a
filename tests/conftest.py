"""What every test may use. The database is a clone of the template; each test is one transaction, rolled back (`db`)."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import connections
from django.test import Client

from tests import database, environment
from tests.thoroughness import THOROUGH

# What keeps real time for long, or tries everything in every way. `make test` on somebody's own machine is to end within six minutes.
LONG = (
    "asterisk/", "desk/test_browser_states.py", "record/test_kill.py", "search/test_nonsense.py", "telephony_bridge/test_crash.py",
    "telephony_bridge/test_distribution.py", "config/test_demo.py",
)  # fmt: skip
EVERY_PAGE = ("test_pages_are_accessible", "test_every_look_is_accessible")  # wherever they are
ALL_THE_SAME = ("asterisk/test_exchange.py",)  # the real Asterisk is tried everywhere


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what takes long, unless CI=1 or SLOW=1."""
    if THOROUGH:
        return
    skipped = pytest.mark.skip(reason="takes long: CI=1 or SLOW=1")
    for item in items:
        place = item.path.relative_to(Path(__file__).parent).as_posix()
        if item.name in EVERY_PAGE or (place.startswith(LONG) and place not in ALL_THE_SAME):
            item.add_marker(skipped)


@pytest.fixture(scope="session")
def django_db_setup() -> Iterator[None]:
    """Instead of Django's test database: a clone of the template."""
    database.clone(environment.DATABASE)
    yield
    connections.close_all()
    database.drop(environment.DATABASE)


@pytest.fixture
def places(db: None) -> dict[str, object]:
    """Municipalities by slug."""
    from tenants import scope
    from tenants.models import Municipality

    with scope.front():
        return {m.slug: m for m in Municipality.objects.select_related("centre")}


@pytest.fixture
def people(db: None) -> dict[str, object]:
    """Persons by the local part of their address: agent, agent2, supervisor, editor, admin, reader, editor.kreis, agent.unna, operator …"""
    from accounts.models import Person
    from tenants import scope

    with scope.front():
        return {person.email.split("@")[0]: person for person in Person.objects.all()}


@pytest.fixture
def soest(places):
    """Stadt Soest, live."""
    return places["soest"]


@pytest.fixture
def kreis(places):
    """Kreis Soest, live."""
    return places["kreis"]


@pytest.fixture
def visit(people) -> Callable[..., Client]:
    """visit("editor", "soest.localhost") -> a test client of that host, signed in (None: not signed in)."""

    def client_of(who: str | None, host: str, **options: bool) -> Client:
        from accounts import sessions
        from tenants import scope

        client = Client(headers={"host": host}, **options)
        if who:
            with scope.front():
                client.force_login(people[who])
                sessions.bind(session := client.session, host)  # force_login comes to no host
                session.save()
        return client

    return client_of
