"""Who sits at which telephone of a centre, and who takes calls there (telephony scope)."""

from dataclasses import dataclass

from accounts.models import CENTRE_ROLES, Membership
from telephony_bridge.asterisk.configuration.escaping import is_name
from telephony_bridge.models import Presence


@dataclass(frozen=True, slots=True)
class Agent:
    """Somebody at a telephone. `state` is their presence, "away" where they have none."""

    person_id: int
    name: str
    telephone: str  # as the exchange names it
    state: str


def agents_at_telephones(centre_id: int) -> dict[str, Agent]:
    """By telephone, in small letters. Whoever signed in at one sits there; the others have their own, unless somebody signed in at it.

    Who has gone keeps a telephone from nobody who is there. What is no telephone's name is left out: people type their own.
    """
    people = Membership.objects.filter(centre_id=centre_id, role__in=CENTRE_ROLES, person__is_active=True)
    rows = people.order_by("person_id").values_list("person_id", "person__name", "person__phone_user")
    present = Presence.objects.filter(centre_id=centre_id).order_by().values_list("person_id", "state", "telephone")
    here = {person: (state, telephone) for person, state, telephone in present}
    found: list[tuple[bool, bool, Agent]] = []
    for person, name, own in rows:
        state, chosen = here.get(person, ("away", ""))
        if is_name(telephone := chosen or own):
            found.append((state == "away", not chosen, Agent(person, name, telephone, state)))
    agents: dict[str, Agent] = {}
    for _away, _own, agent in sorted(found, key=lambda one: one[:2]):
        agents.setdefault(agent.telephone.lower(), agent)
    return agents
