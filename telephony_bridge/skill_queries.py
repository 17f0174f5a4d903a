"""Who works for a centre, and what they can do (scope of the desk or of telephony)."""

from collections.abc import Iterable

from django.db.models import Min, QuerySet

from accounts.models import CENTRE_ROLES, Membership
from telephony_bridge.routing.skills import ANYBODY, Skills
from telephony_bridge.skill_models import AgentSkills, NumberLanguage
from telephony_bridge.staff import Agent
from tenants.models import Municipality
from tenants.sorting import German


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


def languages_of_numbers(centre_id: int) -> list[NumberLanguage]:
    """The numbers whose callers want a language."""
    return list(NumberLanguage.objects.filter(centre_id=centre_id).exclude(language="").order_by("number", "pk"))


class Known:
    """What a bridge knows of a centre's agents; to be read anew when the bell has rung, and now and then (telephony scope)."""

    def __init__(self, centre_id: int) -> None:
        self.centre_id = centre_id
        self.skills: dict[int, Skills] = {}

    def at(self, agents: Iterable[Agent], *, anew: bool) -> dict[str, Skills]:
        """By telephone, of whoever sits there now. Without `anew` it costs no query: a busy exchange asks at each event."""
        if anew:
            self.skills = skills_of(self.centre_id)
        return {agent.telephone: self.skills.get(agent.person_id, ANYBODY) for agent in agents}
