"""Addresses that the frames link to."""

from django.http import HttpRequest, HttpResponse
from django.urls import path


def nothing(_request: HttpRequest, **_parts: str) -> HttpResponse:
    """Never called: only the addresses matter."""
    raise AssertionError


NAMES = ["town_start", "article_list", "gap_list", "contact_list", "joining", "member_list", "town_settings"]
NAMES += ["operator_start", "centre_list", "operator_audit", "account_logout", "update_profile"]
urlpatterns = [path("", nothing, name="town_start"), *(path(f"{name}/", nothing, name=name) for name in NAMES[1:])]
