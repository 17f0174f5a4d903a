"""Hosts that are nobody's: everything is 404."""

from typing import Any

from config.urls import handlers

handler400, handler403, handler404, handler500 = handlers
urlpatterns: list[Any] = []
