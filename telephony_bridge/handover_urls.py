"""In the town hall: calls that were put through to oneself."""

from django.urls import path

from telephony_bridge import handover_views

urlpatterns = [
    path("gespraeche/", handover_views.handover_list, name="handover_list"),
    path("gespraeche/karten/", handover_views.handover_cards, name="handover_cards"),
    path("gespraeche/<int:pk>/erledigt/", handover_views.finish_handover, name="finish_handover"),
]
