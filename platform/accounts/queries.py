"""Page-sized reads of accounts."""

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from accounts.actions import hash_of
from accounts.models import Invitation, Membership, Person, Place, where
from tenants import scope
from tenants.sorting import German


def members_of(place: Place, *, words: str = "", role: str = "") -> QuerySet[Membership]:
    """Members of a place whose name or address contains `words`, in the municipality's scope or the operator's."""
    found = Membership.objects.filter(**where(place))
    if role:
        found = found.filter(role=role)
    for word in words.split()[:5]:
        found = found.filter(Q(person_name__icontains=word) | Q(person_email__icontains=word))
    return found.order_by(German("person_name"), "id")


def open_invitations(place: Place) -> QuerySet[Invitation]:
    """Invitations that nobody accepted yet, expired ones too (they can be renewed); newest first."""
    return Invitation.objects.filter(**where(place), accepted_at=None).order_by("-created_at", "-id")


def is_last_of_role(membership: Membership) -> bool:
    """Whether nobody else has this role at the same place."""
    others = members_of(membership.municipality or membership.centre, role=str(membership.role))
    return not others.exclude(pk=membership.pk).exists()


def other_role_there(membership: Membership) -> Membership | None:
    """Another role of the same person at the same place, with which they can still work there."""
    held = members_of(membership.municipality or membership.centre).filter(person=membership.person_id)
    return held.exclude(pk=membership.pk).first()


@dataclass(frozen=True, slots=True)
class Door:
    """What the page of an invitation link needs: the invitation, and whether its address has an account."""

    invitation: Invitation
    has_account: bool


def door_of(token: str) -> Door | None:
    """The open invitation of a link, in the front's scope; None when it is unknown, used or expired."""
    with scope.front():
        found = Invitation.objects.select_related("municipality", "centre").filter(token_hash=hash_of(token)).first()
        if found is None or not found.is_open:
            return None
        return Door(found, Person.objects.filter(email=found.email).exists())


def memberships_of(person: Person) -> QuerySet[Membership]:
    """One's own roles, in the front's scope."""
    return Membership.objects.filter(person=person).select_related("municipality", "centre").order_by("id")
