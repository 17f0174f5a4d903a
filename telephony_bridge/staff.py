"""Who sits at which telephone of a centre, and who takes calls there (telephony scope)."""

from dataclasses import dataclass

from accounts.models import CENTRE_ROLES, Membership
from telephony_bridge.models import Presence


@dataclass(frozen=True, slots=True)
class Agent:
    """Somebody at a telephone. `state` is their presence, "away" where they have none."""

    person_id: int
    name: str
    telephone: str  # as the exchange names it
    state: str


def agents_at_telephones(centre_id: int) -> dict[str, Agent]:
    """By telephone, in small letters. Whoever signed in at one sits there; the others have their own, unless somebody signed in at it."""
    people = Membership.objects.filter(centre_id=centre_id, role__in=CENTRE_ROLES, person__is_active=True)
    rows = people.order_by("person_id").values_list("person_id", "person__name", "person__phone_user")
    here = {presence.person_id: presence for presence in Presence.objects.filter(centre_id=centre_id)}
    chosen: dict[str, Agent] = {}
    own: dict[str, Agent] = {}
    for person, name, telephone in rows:
        presence = here.get(person)
        state = str(presence.state) if presence else "away"
        if presence and presence.telephone:
            chosen.setdefault(presence.telephone.lower(), Agent(person, name, presence.telephone, state))
        elif telephone:
            own.setdefault(telephone.lower(), Agent(person, name, telephone, state))
    return own | chosen
