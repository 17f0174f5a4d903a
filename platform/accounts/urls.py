"""One's own account, on every host: sign-in, second factor, sessions, invitations."""

from typing import Any

from django.urls import include, path

urlpatterns: list[Any] = [
    path("konto/", include("allauth.account.urls")),
    path("konto/2fa/", include("allauth.mfa.urls")),
    path("konto/sitzungen/", include("allauth.usersessions.urls")),
]
