"""A municipality's start page, its way to the start, and its settings."""

from django.urls import path

from onboarding.views import joining, settings, town_start

urlpatterns = [
    path("", town_start.town_start, name="town_start"),
    path("beitritt/", joining.joining, name="joining"),
    path("einstellungen/", settings.town_settings, name="town_settings"),
    path("einstellungen/texte/", settings.change_texts, name="change_texts"),
    path("einstellungen/lage/", settings.change_situation, name="change_situation"),
    path("einstellungen/zeiten/", settings.change_hours, name="change_hours"),
    path("einstellungen/tage/neu/", settings.add_special_day, name="add_special_day"),
    path("einstellungen/tage/<int:pk>/entfernen/", settings.remove_special_day, name="remove_special_day"),
    path("einstellungen/nummern/neu/", settings.propose_number, name="propose_number"),
    path("einstellungen/nummern/<int:pk>/entfernen/", settings.remove_number, name="remove_number"),
    path("einstellungen/zeichen/", settings.change_mark, name="change_mark"),
    path("einstellungen/protokoll/", settings.town_audit, name="town_audit"),
]
