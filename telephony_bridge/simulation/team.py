"""Colleagues of the demo's agents, played by the simulation: they pick up some calls and write down what they were about.

Only in demo mode, and only persons who are not at a desk themselves; the first two agents of a centre are left to whoever tries the demo.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import structlog
from django.conf import settings
from django.db import Error, connections, transaction
from django.utils import timezone

from accounts.models import CENTRE_ROLES, Membership
from telephony_bridge import actions, times
from telephony_bridge.models import Call, Presence
from telephony_bridge.simulation.citizens import PlannedCall
from tenants import scope
from tenants.errors import Refusal
from tenants.models import ServiceCentre

log = structlog.get_logger(__name__)
LEFT_TO_VISITORS = 2
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Colleague:
    """An agent whom the simulation plays; an Actor of the actions."""

    pk: int
    name: str
    user: str
    centre: ServiceCentre


class DemoTeam:
    """The colleagues of all centres. A database that is away costs a line in the log, never the simulation."""

    def __init__(self) -> None:
        self.colleagues: list[Colleague] = _quietly(_find, []) if settings.DEMO else []
        self.busy: dict[str, Colleague] = {}

    def start(self) -> None:
        """They sign in for calls."""
        self._all_say("ready")

    def end(self) -> None:
        """They go home."""
        self._all_say("away")

    def beat(self) -> None:
        """They are still there."""
        for one in self.colleagues:
            _quietly(lambda one=one: _as(one, lambda: actions.heartbeat(one.pk, one.centre.pk)), None)  # type: ignore[misc]

    def someone_answered(self, call_id: str) -> bool:
        """What a caller hears: a person has taken the call."""
        return _quietly(lambda: _answered(call_id), otherwise=False)

    def pick_up(self, centre_id: int) -> str:
        """The extension of a colleague who is ready."""
        ready = _quietly(lambda: _ready(centre_id), set[int]())
        return next((one.user for one in self.colleagues if one.pk in ready), "")

    def wrap_up(self, call: PlannedCall) -> None:
        """Concern and outcome, as a colleague would write them."""
        found = _quietly(lambda: _agent_of(call.call_id), None)
        one = next((c for c in self.colleagues if c.pk == found), None)
        if one:
            _quietly(lambda: _as(one, lambda: _close(call, one)), None)

    def _all_say(self, state: str) -> None:
        for one in self.colleagues:
            _quietly(lambda one=one: _as(one, lambda: actions.set_presence(one.centre, state, acting_user=one)), None)  # type: ignore[misc]


def _quietly(read: Callable[[], T], otherwise: T) -> T:
    """What `read` says, or `otherwise` when the database is away or says no."""
    try:
        return read()
    except (Error, Refusal) as error:
        log.warning("simulation.team", error=(str(error).splitlines() or [""])[0])
        return otherwise
    finally:
        connections.close_all()


def _as(one: Colleague, act: Callable[[], T]) -> T:
    with scope.desk(one.pk), transaction.atomic():
        return act()


def _find() -> list[Colleague]:
    """Agents with an extension, without those who are at a desk already."""
    with scope.telephony():
        present = set(
            Presence.objects.filter(seen_at__gt=timezone.now() - times.PRESENCE).values_list("person_id", flat=True)
        )
        rows = Membership.objects.filter(role=CENTRE_ROLES[0], person__is_active=True).exclude(person__phone_user="")
        fields = rows.order_by("centre_id", "person_id").values_list(
            "person_id", "person__name", "person__phone_user", "centre_id"
        )
        centres, by_centre = ServiceCentre.objects.in_bulk(), defaultdict[int, list[Colleague]](list)
        for person, name, user, centre in fields:
            by_centre[centre].append(Colleague(person, name, user, centres[centre]))
    return [one for team in by_centre.values() for one in team[LEFT_TO_VISITORS:] if one.pk not in present]


def _answered(call_id: str) -> bool:
    with scope.telephony():
        return Call.objects.filter(external_id=call_id, answered_at__isnull=False).exists()


def _agent_of(call_id: str) -> int | None:
    with scope.telephony():
        return Call.objects.filter(external_id=call_id, state="wrap-up").values_list("agent_id", flat=True).first()


def _ready(centre_id: int) -> set[int]:
    since = timezone.now() - timedelta(seconds=60)
    with scope.telephony():
        ready = Presence.objects.filter(centre_id=centre_id, state="ready", seen_at__gt=since)
        return set(ready.values_list("person_id", flat=True))


def _close(call: PlannedCall, one: Colleague) -> None:
    found = Call.objects.filter(external_id=call.call_id, agent_id=one.pk).first()
    if found:
        actions.close_call(found, concern=call.concern, outcome=call.outcome, acting_user=one)
