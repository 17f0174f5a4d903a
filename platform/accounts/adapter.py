"""How allauth behaves here: nobody signs up by themselves, and people are shown by their name."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from accounts.models import Person


def display_name(person: Person) -> str:
    """What pages call a person."""
    return person.name


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts come from invitations only."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Closed: an invitation link is the only way in."""
        return False
