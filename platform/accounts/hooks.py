"""What happens when allauth or Django reports something (only their signals; our own apps call each other)."""

from typing import Any

from allauth.account.signals import password_changed, password_reset, password_set
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added
from allauth.usersessions.internal.flows.sessions import end_other_sessions
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest

from accounts import sessions
from accounts.models import Person


@receiver(authenticator_added)
def first_factor_ends_other_sessions(
    request: HttpRequest, user: Person, authenticator: Authenticator, **_: Any
) -> None:
    """Sessions from before the first second factor knew the password alone; they must not gain what it now protects."""
    others = Authenticator.objects.filter(user_id=user.pk).exclude(pk=authenticator.pk)
    if not others.exclude(type=Authenticator.Type.RECOVERY_CODES).exists():
        end_other_sessions(request, user)


@receiver([password_changed, password_reset, password_set])
def another_password_ends_other_sessions(request: HttpRequest, user: Person, **_: Any) -> None:
    """Django refuses them from now on anyhow; ended, they also close the event streams that are open, and leave the list."""
    end_other_sessions(request, user)


@receiver(user_logged_in)
def signed_in_at_this_host(request: HttpRequest, **_: Any) -> None:
    """Whichever way somebody signs in, all ways end in Django's login. A request that came to no host leaves a session that opens nothing."""
    if host := getattr(request, "host_name", ""):
        sessions.bind(request.session, host)
