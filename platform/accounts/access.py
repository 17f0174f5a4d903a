"""What a signed-in person may do: their memberships, read once per request, and the decorators that views wear."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, TypeVar

from allauth.mfa.utils import is_mfa_enabled
from allauth.usersessions.models import UserSession
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404

from accounts.models import CENTRE_ROLES, ROLES, Invitation, Membership, Person, Place, where
from tenants.models import Municipality, ServiceCentre

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


@dataclass(frozen=True, slots=True)
class Access:
    """A person's memberships. `centres` maps the centres in which they answer calls to the roles they have there."""

    person: Person | None = None
    centres: dict[int, frozenset[str]] = field(default_factory=dict)
    municipalities: dict[int, frozenset[str]] = field(default_factory=dict)
    is_operator: bool = False

    @property
    def has_any(self) -> bool:
        """Whether they can see more than their own account; then a second factor is required."""
        return bool(self.centres or self.municipalities or self.is_operator)

    def roles_in(self, municipality: Municipality) -> frozenset[str]:
        """Their roles in a municipality, empty for a stranger."""
        return self.municipalities.get(municipality.pk, frozenset())


class StaffRequest(HttpRequest):
    """What a view behind the sign-in gets (for type checkers; the middleware sets the attributes)."""

    user: Person
    access: Access


class TownRequest(StaffRequest):
    """What a view of a municipality's own host gets besides."""

    municipality: Municipality
    roles: frozenset[str]


def access_of(person: Person) -> Access:
    """A person's memberships: those that were read with the person when the request began, else read now, in the front's scope."""
    centres: dict[int, set[str]] = {}
    municipalities: dict[int, set[str]] = {}
    rows = person.places
    if rows is None:
        rows = list(Membership.objects.filter(person=person).values_list("role", "centre_id", "municipality_id"))
    for role, centre, municipality in rows:
        if role in CENTRE_ROLES and centre:
            centres.setdefault(centre, set()).add(role)
        elif municipality:
            municipalities.setdefault(municipality, set()).add(role)
    return Access(
        person=person,
        centres={key: frozenset(roles) for key, roles in centres.items()},
        municipalities={key: frozenset(roles) for key, roles in municipalities.items()},
        is_operator=any(role == ROLES.operator for role, _c, _m in rows),
    )


def has_second_factor(person: Person) -> bool:
    """Whether they have set one up: as it was when the request began, else asked now, in the front's scope."""
    known = person.has_second_factor
    return bool(is_mfa_enabled(person)) if known is None else known


def needs_role(*roles: str) -> Callable[[View], View]:
    """A view of a municipality's own pages for these roles; other members are refused (403), strangers never get here (404)."""

    def decorate(view: View) -> View:
        @wraps(view)
        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.roles & set(roles):  # type: ignore[attr-defined]
                raise PermissionDenied
            return view(request, *args, **kwargs)

        inner.roles = frozenset(roles)  # type: ignore[attr-defined]
        return inner  # type: ignore[return-value]

    return decorate


def for_operators(view: View) -> View:
    """A page of the operator; everybody else who is signed in is refused (403)."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.access.is_operator:  # type: ignore[attr-defined]
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return inner  # type: ignore[return-value]


def manages_people(view: View) -> View:
    """A view, called with a place, for who manages the people there: on a municipality's host its admins, on the front the operator for
    the centre that the address names. Everybody else is refused (403)."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, slug: str = "", **kwargs: Any) -> HttpResponseBase:
        return view(request, *args, place=_managed(request, slug), **kwargs)

    return inner  # type: ignore[return-value]


def _managed(request: HttpRequest, slug: str) -> Municipality | ServiceCentre:
    municipality: Municipality | None = request.municipality  # type: ignore[attr-defined]
    if municipality is not None:
        if ROLES.tenant_admin not in request.roles:  # type: ignore[attr-defined]
            raise PermissionDenied
        return municipality
    if not request.access.is_operator:  # type: ignore[attr-defined]
        raise PermissionDenied
    return get_object_or_404(ServiceCentre, slug=slug)


def membership_or_404(place: Place, pk: int) -> Membership:
    """A member of this place, in the municipality's scope or the operator's."""
    return get_object_or_404(Membership, pk=pk, **where(place))


def invitation_or_404(place: Place, pk: int) -> Invitation:
    """An invitation to this place that nobody accepted yet, in the municipality's scope or the operator's."""
    return get_object_or_404(Invitation, pk=pk, **where(place), accepted_at=None)


def session_or_404(person: Person, pk: int) -> UserSession:
    """One of a person's own sessions, in the front's scope."""
    session: UserSession = get_object_or_404(UserSession, pk=pk, user=person)
    return session
