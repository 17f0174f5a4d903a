"""Hosts that are nobody's: everything is 404."""

from typing import Any

handler400, handler403, handler404, handler500 = "config.views.bad_request", "config.views.forbidden", "config.views.not_found", "config.views.server_error"
urlpatterns: list[Any] = []
