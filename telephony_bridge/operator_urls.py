"""The operator's pages of exchanges: which report calls, and whether they do it right."""

from django.urls import path

from telephony_bridge import source_views

urlpatterns = [
    path("telefonanlagen/", source_views.source_list, name="source_list"),
    path("telefonanlagen/neu/", source_views.add_source, name="add_source"),
    path("telefonanlagen/<int:pk>/", source_views.source_detail, name="source_detail"),
    path("telefonanlagen/<int:pk>/pruefung/", source_views.source_test, name="source_test"),
    path("telefonanlagen/<int:pk>/netze/", source_views.change_networks, name="change_networks"),
    path("telefonanlagen/<int:pk>/token/", source_views.rotate_token, name="rotate_token"),
]
