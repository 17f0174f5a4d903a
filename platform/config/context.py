"""What every template may use: the area, the municipality of the host, and the person's roles."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def area(request: HttpRequest) -> dict[str, Any]:
    """area, municipality (or None), access, roles, demo (bool), preferences (dict)."""
    person = getattr(request, "user", None)
    return {
        "area": getattr(request, "area", "front"),
        "municipality": getattr(request, "municipality", None),
        "access": getattr(request, "access", None),
        "roles": getattr(request, "roles", frozenset()),
        "demo": settings.DEMO,
        "preferences": getattr(person, "preferences", None) or {},
    }
