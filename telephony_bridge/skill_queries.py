"""Who works for a centre, and what they can do (scope of the desk or of telephony)."""

import time
from collections.abc import Iterable

from django.db.models import Min, QuerySet

from accounts.models import CENTRE_ROLES, Membership
from telephony_bridge.routing.skills import ANYBODY, Skills
from telephony_bridge.skill_models import AgentSkills
from telephony_bridge.staff import Agent
from tenants.models import Municipality
from tenants.sorting import German

READ_EVERY = 1.0  # seconds: this holds from the next second on, and costs a busy exchange no query at each event


def agents_of(centre_id: int) -> QuerySet[Membership, tuple[int, str]]:
    """(person, name) of everybody who can be given calls of a centre, by name; once also where somebody has two roles."""
    works = Membership.objects.filter(centre_id=centre_id, role__in=CENTRE_ROLES)
    people = works.order_by().values("person_id").annotate(name=Min("person_name"))
    return people.order_by(German("name"), "person_id").values_list("person_id", "name")


def trainable(centre_id: int) -> list[Municipality]:
    """For which one can be trained: also before the first call comes."""
    here = Municipality.objects.filter(centre_id=centre_id).exclude(status=Municipality.STATES.left)
    return list(here.order_by(German("name"), "pk"))


def skills_of(centre_id: int, people: Iterable[int] | None = None) -> dict[int, Skills]:
    """By person, in one query; of whom nothing was entered is left out. `people`: these alone."""
    rows = AgentSkills.objects.filter(centre_id=centre_id)
    if people is not None:
        rows = rows.filter(person_id__in=list(people))
    return {
        person: Skills(frozenset(municipalities), frozenset(languages), line)
        for person, municipalities, languages, line in rows.values_list(
            "person_id", "municipalities", "languages", "line"
        )
    }


class Known:
    """What a bridge knows of a centre's agents, read anew where that is more than a second ago (telephony scope)."""

    def __init__(self, centre_id: int) -> None:
        self.centre_id = centre_id
        self.skills: dict[int, Skills] = {}
        self.read_at = float("-inf")  # monotonic time

    def at(self, agents: Iterable[Agent]) -> dict[str, Skills]:
        """By telephone, of whoever sits there now."""
        if time.monotonic() - self.read_at >= READ_EVERY:
            self.skills = skills_of(self.centre_id)
            self.read_at = time.monotonic()
        return {agent.telephone: self.skills.get(agent.person_id, ANYBODY) for agent in agents}
