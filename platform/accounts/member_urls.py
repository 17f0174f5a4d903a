"""The people of a place: `/mitglieder/` of a municipality's host, `…/personen/` of a service centre on the operator's pages."""

from django.urls import path

from accounts.views import members

urlpatterns = [
    path("", members.member_list, name="member_list"),
    path("einladen/", members.invite, name="invite"),
    path("<int:pk>/rolle/", members.change_role, name="change_role"),
    path("<int:pk>/entfernen/", members.remove_membership, name="remove_membership"),
    path("einladungen/<int:pk>/erneuern/", members.renew_invitation, name="renew_invitation"),
    path("einladungen/<int:pk>/zurueckziehen/", members.revoke_invitation, name="revoke_invitation"),
]
