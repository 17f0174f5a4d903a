"""`<slug>.localhost`: a municipality's own pages."""

from django.urls import include, path

from config.urls import handlers

handler400, handler403, handler404, handler500 = handlers
urlpatterns = [
    path("", include("accounts.urls")),
    path("mitglieder/", include("accounts.member_urls")),
    path("", include("knowledge.urls")),
    path("", include("telephony_bridge.handover_urls")),
    path("", include("onboarding.urls")),
    path("", include("telephony_bridge.town_urls")),
]
