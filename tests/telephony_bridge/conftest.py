"""Calls without an exchange, and the desk's scope."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count
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
        return Source.objects.create(centre=centre, municipality=municipality, name="Anlage", token_hash=f"test-{next(numbers)}")


@pytest.fixture
def ring(source, soest) -> Callable[..., Any]:
    """ring(municipality=…, **fields) -> a stored call that rings."""
    from telephony_bridge.models import Call
    from tenants import scope

    def make(**fields: Any) -> Any:
        used = fields.pop("source", source)
        fields = {"centre": used.centre, "municipality": soest, "from_number": "+492921555123", "external_id": f"x{next(numbers)}"} | fields
        with scope.telephony(), transaction.atomic():
            return Call.objects.create(source=used, **fields)

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
