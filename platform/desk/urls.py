"""`desk.localhost`: the page, its parts, and what agents do. `/events` is answered before Django (desk.stream)."""

from django.urls import path

from desk.views import calls, gaps, knowledge, lead, learning, page, preferences, records, synonyms

urlpatterns = [
    path("", page.desk, name="desk"),
    path("anruf/", page.call_area, name="call_area"),
    path("warteschlange/", page.queue, name="queue"),
    path("kommunen/", page.places, name="desk_places"),
    path("suche", knowledge.search, name="desk_search"),
    path("suche/ende/", learning.search_ended, name="search_ended"),
    path("auskunft/<slug:slug>/<slug:kind>/<str:key>/", knowledge.answer, name="answer"),
    path("anruf/<slug:public_id>/annehmen/", calls.accept, name="accept"),
    path("anruf/<slug:public_id>/zurueck/", calls.release, name="release"),
    path("anruf/<slug:public_id>/kommune/", calls.choose, name="choose"),
    path("anruf/<slug:public_id>/nachbearbeitung/", calls.wrap_up, name="wrap_up"),
    path("anruf/<slug:public_id>/laenger/", calls.take_longer, name="take_longer"),
    path("anruf/<slug:public_id>/anlage/<slug:verb>/", calls.exchange, name="exchange"),
    path("anruf/<slug:public_id>/weitergeleitet/", calls.transferred, name="transferred"),
    path("anruf/<slug:public_id>/entwurf/", calls.draft, name="draft"),
    path("anruf/<slug:public_id>/abschluss/", calls.close, name="close"),
    path("abweichungen/", records.record_list, name="record_list"),
    path("abweichungen/<int:pk>/klaeren/", records.settle_record, name="settle_record"),
    path("leitstand/", lead.lead, name="lead"),
    path("leitstand/<slug:slug>/teile/", lead.lead_parts, name="lead_parts"),
    path("leitstand/<slug:slug>/person/<int:pk>/<slug:state>/", lead.lead_presence, name="lead_presence"),
    path("leitstand/<slug:slug>/anruf/<slug:public_id>/<slug:verb>/", lead.lead_call, name="lead_call"),
    path("leitstand/<slug:slug>/schliessen/", lead.close_centre, name="close_centre"),
    path("leitstand/<slug:slug>/oeffnen/", lead.open_centre, name="open_centre"),
    path("leitstand/<slug:slug>/lage/", lead.set_situation, name="set_situation"),
    path("leitstand/<slug:slug>/lage/aufheben/", lead.clear_situation, name="clear_situation"),
    path("rueckruf/<slug:public_id>/erledigt/", calls.callback_done, name="callback_done"),
    path("suchen/", learning.search_weeks, name="search_weeks"),
    path("synonyme/", synonyms.shared_synonym_list, name="shared_synonym_list"),
    path("synonyme/neu/", synonyms.shared_synonym_new, name="shared_synonym_new"),
    path("synonyme/<int:pk>/", synonyms.shared_synonym_edit, name="shared_synonym_edit"),
    path("synonyme/<int:pk>/entfernen/", synonyms.shared_synonym_remove, name="shared_synonym_remove"),
    path("praesenz/", calls.presence, name="presence"),
    path("luecke/", gaps.report, name="report_gap"),
    path("luecke/<int:pk>/gelesen/", gaps.seen, name="gap_seen"),
    path("konto/arbeitsplatz/", preferences.preferences, name="desk_preferences"),
]
