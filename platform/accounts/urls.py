"""One's own account, on every host: sign-in, second factor, sessions."""

from django.urls import include, path

urlpatterns = [
    path("", include("allauth.account.urls")),
    path("2fa/", include("allauth.mfa.urls")),
    path("sitzungen/", include("allauth.usersessions.urls")),
]
