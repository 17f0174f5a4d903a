"""`localhost`: front page, operator, and the doors that any host has."""

from django.urls import include, path

from config import views

handler400, handler403, handler404, handler500 = "config.views.bad_request", "config.views.forbidden", "config.views.not_found", "config.views.server_error"
urlpatterns = [
    path("readyz", views.readyz, name="readyz"),
    path("konto/", include("accounts.urls")),
    path("", views.front, name="front"),
]
