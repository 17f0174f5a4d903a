"""Calls without an exchange, and the desk's scope."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from threading import Barrier
from typing import Any

import pytest
from django.db import transaction

numbers = count(1)


@pytest.fixture
def source(places):
    """The exchange of Soest's centre."""
    return source_of(places["soest"].centre)


def source_of(centre: Any, municipality: Any = None) -> Any:
    from telephony_bridge.models import Source
    from tenants import scope

    with scope.operator(), transaction.atomic():
        return Source.objects.create(
            centre=centre, municipality=municipality, name="Anlage", token_hash=f"test-{next(numbers)}"
        )


@pytest.fixture
def ring(source, soest) -> Callable[..., Any]:
    """ring(municipality=…, **fields) -> a stored call that rings."""
    from telephony_bridge.models import Call
    from tenants import scope

    def make(**fields: Any) -> Any:
        used = fields.pop("source", source)
        fields = {
            "centre": used.centre,
            "municipality": soest,
            "from_number": "+492921555123",
            "external_id": f"x{next(numbers)}",
        } | fields
        with scope.telephony(), transaction.atomic():
            return Call.objects.create(source=used, **fields)

    return make


@pytest.fixture
def publish_address() -> Callable[[Any, str, str], None]:
    """publish_address(soest, "p_ostermann", "amt@stadt.example"): what a person of a municipality's directory has for an address."""
    from django.utils import timezone

    from knowledge.pool.models import SearchEntry
    from tenants import scope

    def published(town: Any, key: str, email: str) -> None:
        now = timezone.now()
        given = {"number": 1, "version": 1, "title": key, "published_at": now, "first_published_at": now}
        with scope.owner():
            SearchEntry.objects.update_or_create(
                municipality=town, kind="person", key=key, defaults=given | {"payload": {"email": email}}
            )

    return published


@pytest.fixture
def card(ring, people, soest, publish_address) -> Callable[..., Any]:
    """card(email=…, **fields) -> one of a caller who was transferred, to a contact with this address."""
    from telephony_bridge.handover_models import Handover
    from tenants import scope

    keys = count()

    def make(email: str = "", **fields: Any) -> Any:
        publish_address(soest, key := f"p_{next(keys)}", email)
        call = ring(state="ended", agent_id=people["agent"].pk)
        with scope.owner():
            return Handover.objects.create(
                call=call, centre=soest.centre, municipality=soest, contact_key=f"person:{key}", contact_name="X",
                email=email.lower(), agent_id=people["agent"].pk, agent_name="Jana Köster",
                **{"state": "transferred"} | fields,
            )  # fmt: skip

    return make


@pytest.fixture
def at_desk(people) -> Callable[[str], AbstractContextManager[Any]]:
    """`with at_desk("agent") as person:` works as the desk does for this person."""
    from tenants import scope

    @contextmanager
    def desk(who: str) -> Iterator[Any]:
        with scope.desk(people[who].pk), transaction.atomic():
            yield people[who]

    return desk


@pytest.fixture
def news(places) -> Callable[..., list[tuple[str, str, str]]]:
    """news("soest") -> what the desks of a centre were told so far: (kind, id, op)."""
    from tenants import scope
    from tenants.models import OutboxEntry

    def told(slug: str = "soest") -> list[tuple[str, str, str]]:
        with scope.worker(), transaction.atomic():
            rows = OutboxEntry.objects.filter(stream=f"c:{places[slug].centre_id}").order_by("number")
            return list(rows.values_list("kind", "object_id", "op"))

    return told


@pytest.fixture(scope="module")
def in_threads(django_db_blocker: Any) -> Iterator[Callable[..., list[Any]]]:
    """in_threads(f, g, …): each in a thread of its own, at the same moment, on a clone of the template with a login per scope.

    Returns what they returned, in order; raises what one of them raised.
    """
    from django.db import connections

    from tests import database, environment

    name = f"{environment.DATABASE}_threads"
    with database.cloned(name), django_db_blocker.unblock():
        default = connections.settings["default"]
        connections.settings["default"] = {**default, "NAME": name, "TENANCY": "login"}
        try:
            yield at_once
        finally:
            connections.settings["default"] = default


def at_once(*works: Callable[[], Any]) -> list[Any]:
    from django.db import connections

    together = Barrier(len(works))

    def work(one: Callable[[], Any]) -> Any:
        try:
            together.wait(10)
            return one()
        finally:
            wrapper = connections["default"]
            wrapper.close()
            if (pool := getattr(wrapper, "_pool", None)) and len(works) == 1:
                pool.clear()

    with ThreadPoolExecutor(len(works)) as pool:
        return [future.result() for future in [pool.submit(work, one) for one in works]]
