"""A municipality's pages of its telephone: its announcements."""

from django.urls import path

from telephony_bridge import announcement_views as views

urlpatterns = [
    path("einstellungen/ansagen/", views.announcements, name="announcements"),
    path("einstellungen/ansagen/<slug:kind>/anhoeren/", views.announcement_audio, name="announcement_audio"),
    path("einstellungen/ansagen/<slug:kind>/hochladen/", views.upload_announcement, name="upload_announcement"),
    path("einstellungen/ansagen/<slug:kind>/entfernen/", views.remove_announcement, name="remove_announcement"),
]
