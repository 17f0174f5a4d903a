"""URLs, below /api/v1/ on every host."""

from django.urls import path

from telephony_bridge import views

urlpatterns = [path("cti/<str:token>", views.cti, name="cti")]
