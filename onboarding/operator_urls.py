"""The operator's pages: centres, municipalities, their states. Never drafts."""

from django.urls import include, path

from onboarding.views import operator

urlpatterns = [
    path("", operator.operator_start, name="operator_start"),
    path("kommunen/neu/", operator.add_municipality, name="add_municipality"),
    path("kommunen/<slug:slug>/", operator.municipality_detail, name="municipality_detail"),
    path("kommunen/<slug:slug>/stand/", operator.set_state, name="set_state"),
    path("kommunen/<slug:slug>/nummern/<int:pk>/bestaetigen/", operator.confirm_number, name="confirm_number"),
    path("kommunen/<slug:slug>/einladen/", operator.invite_admin, name="invite_admin"),
    path("servicecenter/", operator.centre_list, name="centre_list"),
    path("servicecenter/neu/", operator.add_centre, name="add_centre"),
    path("servicecenter/<slug:slug>/", operator.centre_detail, name="centre_detail"),
    path("servicecenter/<slug:slug>/personen/", include("accounts.member_urls")),
    path("protokoll/", operator.operator_audit, name="operator_audit"),
]
