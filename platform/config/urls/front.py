"""`localhost`: front page, operator, and the doors that any host has."""

from django.urls import include, path

from config import views
from config.urls import handlers

handler400, handler403, handler404, handler500 = handlers
urlpatterns = [
    path("readyz", views.readyz, name="readyz"),
    path("api/v1/", include("telephony_bridge.urls")),
    path("", include("accounts.urls")),
    path("betrieb/", include("onboarding.operator_urls")),
    path("betrieb/", include("telephony_bridge.operator_urls")),
    path("", views.front, name="front"),
]
