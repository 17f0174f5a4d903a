"""Writes about people, roles and invitations: one transaction, an acting user, an audit row.

Members and invitations are written in the scope of the caller (a municipality's, the operator's or the front's), so that the database
checks whose they are. What belongs to a person is written in the front's scope.
"""

import hashlib
from datetime import timedelta
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import mails
from accounts.models import ROLES, Invitation, Membership, Person, Place, roles_at, where
from tenants import audit, events, scope
from tenants.audit import Actor
from tenants.errors import Refusal
from tenants.rows import delete_own

VALID = timedelta(days=7)


def invite(
    *, email: str, name: str, role: str, place: Place, base_url: str, acting_user: Actor
) -> tuple[Invitation, str]:
    """Invite an address to a role; returns the invitation and its link, which cannot be shown again (only a hash is kept).

    `base_url` is where the person will work ("https://soest.example.de"). The link goes out by mail when a mail server is set up.
    Raises Refusal when the role does not fit the place, the address has the role already or an invitation is open.
    """
    email = email.strip().lower()
    _check_place(role, place)
    with transaction.atomic():
        _refuse_double(email, role, place)
        token = Invitation.new_token()
        invitation = Invitation.objects.create(
            email=email,
            name=name.strip(),
            role=role,
            token_hash=hash_of(token),
            invited_by=acting_user.pk,
            invited_by_name=str(acting_user.name)[:120],
            expires_at=timezone.now() + VALID,
            **where(place),
        )
        _record(
            "invite", invitation, acting_user=acting_user, after={"email": email, "name": invitation.name, "role": role}
        )
        link = f"{base_url}/einladung/{token}/"
        mails.send_invitation(invitation, link)
    return invitation, link


def renew_invitation(invitation: Invitation, *, base_url: str, acting_user: Actor) -> str:
    """A new link with a new week; the old link ends. Raises Refusal when the invitation was accepted meanwhile."""
    token = Invitation.new_token()
    with transaction.atomic():
        fresh = _locked(invitation)
        before = {"expires_at": fresh.expires_at}
        fresh.token_hash, fresh.expires_at = hash_of(token), timezone.now() + VALID
        fresh.save(update_fields=["token_hash", "expires_at"])
        _record(
            "renew_invitation", fresh, acting_user=acting_user, before=before, after={"expires_at": fresh.expires_at}
        )
        link = f"{base_url}/einladung/{token}/"
        mails.send_invitation(fresh, link)
    return link


def revoke_invitation(invitation: Invitation, *, acting_user: Actor) -> None:
    """The link ends. Raises Refusal when the invitation was accepted meanwhile."""
    with transaction.atomic():
        fresh = _locked(invitation)
        _record("revoke_invitation", fresh, acting_user=acting_user, before={"email": fresh.email, "role": fresh.role})
        _delete(fresh)


def accept_invitation(token: str, *, acting_user: Person) -> Membership:
    """Somebody with an account takes the role they were invited to. Raises Refusal for a dead link or another person's."""
    with scope.front(), transaction.atomic():
        invitation = _open_invitation(token)
        if invitation.email != acting_user.email.lower():
            raise Refusal(
                _("Diese Einladung ist für %(email)s. Melden Sie sich mit dieser Adresse an.")
                % {"email": invitation.email}
            )
        return _take_role(invitation, acting_user)


def accept_invitation_as_new_person(
    token: str, *, name: str, password: str, acting_user: Actor = audit.SYSTEM
) -> Person:
    """Somebody without an account gets one, with the address of the invitation, and the role. Raises Refusal.

    `password` was checked by the caller's form; `acting_user` is nobody yet: the new person is the actor of the rows that follow.
    """
    with scope.front(), transaction.atomic():
        invitation = _open_invitation(token)
        person = _new_person(email=invitation.email, name=name, password=password)
        audit.record("add_person", person, acting_user=acting_user, after={"email": person.email, "name": person.name})
        _take_role(invitation, person)
        return person


def add_person(*, email: str, name: str, password: str | None, role: str, place: Place, acting_user: Actor) -> Person:
    """A person with a role, for the command line; an existing person gets the role and keeps name and password. Raises Refusal."""
    _check_place(role, place)
    with scope.front(), transaction.atomic():
        person = Person.objects.filter(email=email.strip().lower()).first()
        if person is None:
            person = _new_person(email=email, name=name, password=password)
            audit.record(
                "add_person", person, acting_user=acting_user, after={"email": person.email, "name": person.name}
            )
        _add_membership(person, role, place, acting_user=acting_user)
    return person


def change_role(membership: Membership, role: str, *, acting_user: Actor) -> None:
    """Another role at the same place. Raises Refusal when it is held already, the last admin would go or the membership has ended."""
    _check_place(role, membership.municipality or membership.centre)
    if role == membership.role:
        return
    with transaction.atomic():
        _lock(membership)
        _keep_an_admin(membership)
        before, membership.role = str(membership.role), role
        try:
            with transaction.atomic():
                membership.save(update_fields=["role"])
        except IntegrityError as error:
            membership.role = before
            raise Refusal(_("%(name)s hat diese Rolle schon.") % {"name": membership.person_name}) from error
        _record("change_role", membership, acting_user=acting_user, before={"role": before}, after={"role": role})


def remove_membership(membership: Membership, *, acting_user: Actor) -> None:
    """Take a role away; it counts from the next request on, and open desks close at once. Raises Refusal for the last admin of a
    municipality or of the platform, and when somebody else was quicker."""
    with transaction.atomic():
        _lock(membership)
        _keep_an_admin(membership)
        before = {"person": membership.person_email, "role": membership.role}
        person, centre = membership.person_id, membership.centre_id
        _record("remove_membership", membership, acting_user=acting_user, before=before)
        _delete(membership)
        if centre:  # whoever delivers the news asks who may still hear it; colleagues see who is gone
            events.tell_centre(centre, "presence", person, "changed")


def update_profile(
    person: Person, *, name: str, language: str, phone_user: str, preferences: dict[str, Any], acting_user: Actor
) -> None:
    """One's own name (copied to one's memberships), language, exchange identifier and display choices. Raises Refusal."""
    fields = ("name", "language", "phone_user", "preferences")
    with scope.front(), transaction.atomic():
        fresh = Person.objects.select_for_update().get(pk=person.pk)
        before = audit.state(fresh, *fields)
        _refuse_taken_phone(fresh, phone_user)
        fresh.name, fresh.language, fresh.phone_user = name.strip(), language, phone_user
        fresh.preferences = {**fresh.preferences, **preferences}
        fresh.save(update_fields=fields)
        Membership.objects.filter(person=fresh).exclude(person_name=fresh.name).update(person_name=fresh.name)
        audit.record("update_profile", fresh, acting_user=acting_user, before=before, after=audit.state(fresh, *fields))
    for field in fields:
        setattr(person, field, getattr(fresh, field))


def set_language(person: Person, language: str, *, acting_user: Actor) -> None:
    """The language of one's pages."""
    with scope.front(), transaction.atomic():
        before = {"language": person.language}
        Person.objects.filter(pk=person.pk).update(language=language)
        audit.record("set_language", person, acting_user=acting_user, before=before, after={"language": language})
    person.language = language


def deactivate_person(person: Person, *, acting_user: Actor) -> None:
    """No more signing in, and every session ends at once. Memberships stay for the record."""
    with scope.front(), transaction.atomic():
        person.is_active = False
        person.save(update_fields=["is_active"])
        for session in UserSession.objects.filter(user_id=person.pk):
            session.end()
        audit.record(
            "deactivate_person", person, acting_user=acting_user, before={"is_active": True}, after={"is_active": False}
        )


def reset_second_factor(person: Person, *, acting_user: Actor) -> None:
    """For somebody who lost app, keys and codes: all factors go and every session ends; the next sign-in leads to setting one up.

    Who does this for somebody must know that it is them: until then the password alone opens the account.
    """
    with scope.front(), transaction.atomic():
        gone = sorted(Authenticator.objects.filter(user_id=person.pk).values_list("type", flat=True))
        Authenticator.objects.filter(user_id=person.pk).delete()
        for session in UserSession.objects.filter(user_id=person.pk):
            session.end()
        audit.record("reset_second_factor", person, acting_user=acting_user, before={"factors": gone})


def end_session(session: UserSession, *, acting_user: Actor) -> None:
    """Sign out one browser of a person, in the front's scope."""
    with transaction.atomic():
        label = ("session", session.pk, str(session)[:200])
        session.end()
        audit.record("end_session", label, acting_user=acting_user)


def hash_of(token: str) -> str:
    """What is stored of a link's token. It has 256 random bits, so a plain hash suffices."""
    return hashlib.sha256(token.encode()).hexdigest()


def _check_place(role: str, place: Place) -> None:
    if role not in roles_at(place):
        raise Refusal(_("Die Rolle „%(role)s“ passt nicht zu diesem Ort.") % {"role": dict(ROLES).get(role, role)})


def _refuse_double(email: str, role: str, place: Place) -> None:
    if Membership.objects.filter(person_email=email, role=role, **where(place)).exists():
        raise Refusal(_("%(email)s hat diese Rolle schon.") % {"email": email})
    waiting = Invitation.objects.filter(
        email=email, role=role, accepted_at=None, expires_at__gt=timezone.now(), **where(place)
    )
    if waiting.exists():
        raise Refusal(
            _("%(email)s ist schon zu dieser Rolle eingeladen. Erneuern Sie die offene Einladung, wenn der Link fehlt.")
            % {"email": email}
        )


def _locked(invitation: Invitation) -> Invitation:
    fresh = Invitation.objects.select_for_update(of=("self",)).filter(pk=invitation.pk, accepted_at=None).first()
    if fresh is None:
        raise Refusal(_("Die Einladung ist nicht mehr offen."))
    return fresh


def _open_invitation(token: str) -> Invitation:
    found = Invitation.objects.select_for_update(of=("self",)).filter(token_hash=hash_of(token)).first()
    if found is None or not found.is_open:
        raise Refusal(_("Der Link ist abgelaufen oder wurde schon benutzt. Bitten Sie um eine neue Einladung."))
    return found


def _take_role(invitation: Invitation, person: Person) -> Membership:
    invitation.accepted_at = timezone.now()
    invitation.save(update_fields=["accepted_at"])
    _record("accept_invitation", invitation, acting_user=person, after={"person": person.pk, "role": invitation.role})
    return _add_membership(
        person, str(invitation.role), invitation.municipality or invitation.centre, acting_user=person
    )


def _add_membership(person: Person, role: str, place: Place, *, acting_user: Actor) -> Membership:
    membership, new = Membership.objects.get_or_create(
        person=person, role=role, **where(place), defaults={"person_name": person.name, "person_email": person.email}
    )
    if new:
        _record("add_membership", membership, acting_user=acting_user, after={"person": person.email, "role": role})
    return membership


def _new_person(*, email: str, name: str, password: str | None) -> Person:
    try:
        with transaction.atomic():
            person = Person.objects.create_user(email, password, name=name.strip())
    except IntegrityError as error:
        raise Refusal(
            _("Für %(email)s gibt es schon ein Konto. Melden Sie sich damit an.") % {"email": email}
        ) from error
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    return person


def _lock(membership: Membership) -> None:
    if not Membership.objects.select_for_update(of=("self",)).filter(pk=membership.pk).exists():
        raise Refusal(_("Der Eintrag ist nicht mehr da."))


def _keep_an_admin(membership: Membership) -> None:
    """A municipality without an admin could never get one again by itself. Locks the admins, so that two cannot remove each other."""
    if membership.role not in {ROLES.tenant_admin, ROLES.operator}:
        return
    admins = Membership.objects.filter(role=membership.role, municipality=membership.municipality, centre=None)
    if not [
        pk
        for pk in admins.order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True)
        if pk != membership.pk
    ]:
        raise Refusal(
            _(
                "%(name)s ist die letzte Person mit der Rolle „%(role)s“. Geben Sie die Rolle zuerst einer weiteren Person."
            )
            % {"name": membership.person_name, "role": membership.get_role_display()}
        )


def _refuse_taken_phone(person: Person, phone_user: str) -> None:
    """An exchange identifier decides on whose desk a call lands: one person each, within the centres that they share."""
    if not phone_user:
        return
    centres = Membership.objects.filter(person=person, centre__isnull=False).values("centre")
    colleagues = Membership.objects.filter(centre__in=centres).exclude(person=person).values("person")
    if Person.objects.filter(pk__in=colleagues, phone_user__iexact=phone_user, is_active=True).exists():
        raise Refusal(_("Die Kennung „%(id)s“ benutzt schon jemand anderes im Servicecenter.") % {"id": phone_user})


def _delete(row: Membership | Invitation) -> None:
    if scope.required().schema == scope.PUBLIC:
        row.delete()
    elif not delete_own(row):
        raise Refusal(_("Der Eintrag ist nicht mehr da."))


def _record(action: str, row: Membership | Invitation, *, acting_user: Actor, **values: Any) -> None:
    audit.record(action, row, acting_user=acting_user, municipality=row.municipality_id, centre=row.centre_id, **values)
