"""Who is signed in, with what every request needs to know of them, in one query."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend as AllauthBackend

from accounts.models import Person

WHO = """SELECT p.*, EXISTS (SELECT FROM mfa_authenticator a WHERE a.user_id = p.id) AS has_second_factor,
(SELECT coalesce(json_agg(json_build_array(m.role, m.centre_id, m.municipality_id)), '[]')
    FROM accounts_membership m WHERE m.person_id = p.id) AS places
FROM accounts_person p WHERE p.id = %s"""


class AuthenticationBackend(AllauthBackend):  # type: ignore[misc]
    """allauth's way of signing in; the person of a session comes with memberships and second factor, as plain SQL, since this is asked
    with every letter that somebody types."""

    def get_user(self, user_id: Any) -> Person | None:
        """The person of a session, in the front's scope; None for one who is gone or may no longer sign in."""
        person = next(iter(Person.objects.raw(WHO, [int(user_id)])), None)
        return person if person is not None and self.user_can_authenticate(person) else None
