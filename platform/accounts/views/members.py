"""The people of a place: a municipality's for its admins, a service centre's for the operator."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import actions, queries
from accounts.access import StaffRequest, invitation_or_404, manages_people, membership_or_404
from accounts.addresses import member_page, workplace
from accounts.forms.members import InviteForm, MemberFilterForm, RoleForm, role_hints
from accounts.mails import mail_is_set_up
from accounts.models import Invitation, Membership
from tenants.errors import Refusal
from tenants.models import Municipality, ServiceCentre

PER_PAGE = 25
Managed = Municipality | ServiceCentre
form_page = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
@manages_people
def member_list(request: StaffRequest, place: Managed) -> HttpResponse:
    """Who may do what here, and who is invited."""
    form = MemberFilterForm(request.GET, place=place)
    wanted = form.wanted
    members = queries.members_of(place, words=wanted.get("q", ""), role=wanted.get("role", ""))
    invitations = Paginator(queries.open_invitations(place), PER_PAGE)
    values = {
        "form": form,
        "filtered": bool(wanted),
        "page_obj": Paginator(members, PER_PAGE).get_page(request.GET.get("seite")),
        "invitations": invitations.get_page(request.GET.get("einladungen")),
    }
    return _page(request, "member_list", place, values)


@form_page
@never_cache
@manages_people
def invite(request: StaffRequest, place: Managed) -> HttpResponse:
    """Ask for name, address and role; the answer shows the link, this once."""
    form = InviteForm(request.POST if request.method == "POST" else None, place=place)
    if request.method == "POST" and form.is_valid():
        try:
            invitation, link = actions.invite(
                **form.cleaned_data, place=place, base_url=workplace(request, place), acting_user=request.user
            )
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            return _link_page(request, place, invitation, link)
    return _page(request, "invite", place, {"form": form, "hints": role_hints(place)})


@form_page
@never_cache
@manages_people
def renew_invitation(request: StaffRequest, place: Managed, pk: int) -> HttpResponse:
    """A new link for an invitation that is still open; the old one ends."""
    invitation = invitation_or_404(place, pk)
    if request.method != "POST":
        return _page(request, "renew_invitation", place, {"invitation": invitation})
    try:
        link = actions.renew_invitation(invitation, base_url=workplace(request, place), acting_user=request.user)
    except Refusal as refusal:
        return _back(request, place, refusal)
    invitation.refresh_from_db()
    return _link_page(request, place, invitation, link)


@form_page
@manages_people
def revoke_invitation(request: StaffRequest, place: Managed, pk: int) -> HttpResponse:
    """End a link."""
    invitation = invitation_or_404(place, pk)
    if request.method != "POST":
        return _page(request, "revoke_invitation", place, {"invitation": invitation})
    try:
        actions.revoke_invitation(invitation, acting_user=request.user)
    except Refusal as refusal:
        return _back(request, place, refusal)
    messages.success(
        request,
        _("Die Einladung an %(email)s ist zurückgezogen; der Link gilt nicht mehr.") % {"email": invitation.email},
    )
    return redirect(member_page("member_list", place))


@form_page
@manages_people
def change_role(request: StaffRequest, place: Managed, pk: int) -> HttpResponse:
    """Another role for a member."""
    membership = membership_or_404(place, pk)
    given = request.POST if request.method == "POST" else None
    form = RoleForm(given, place=place, initial={"role": membership.role})
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_role(membership, form.cleaned_data["role"], acting_user=request.user)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            text = _("%(name)s hat jetzt die Rolle „%(role)s“.")
            messages.success(request, text % {"name": membership.person_name, "role": membership.get_role_display()})
            return redirect(member_page("member_list", place))
    values = {"form": form, "hints": role_hints(place), **_consequences(request, membership)}
    return _page(request, "change_role", place, values)


@form_page
@manages_people
def remove_membership(request: StaffRequest, place: Managed, pk: int) -> HttpResponse:
    """Ask once, then take the role away."""
    membership = membership_or_404(place, pk)
    values = _consequences(request, membership)
    if request.method != "POST":
        return _page(request, "remove_membership", place, values)
    try:
        actions.remove_membership(membership, acting_user=request.user)
    except Refusal as refusal:
        return _page(request, "remove_membership", place, values | {"refusal": str(refusal)}, status=422)
    text = _("%(name)s hat die Rolle „%(role)s“ nicht mehr.")
    messages.success(request, text % {"name": membership.person_name, "role": membership.get_role_display()})
    leaves = values["is_own"] and isinstance(place, Municipality)  # an operator stays on the operator's pages
    return redirect("/" if leaves else member_page("member_list", place))


def _consequences(request: StaffRequest, membership: Membership) -> dict[str, Any]:
    """What to say before a role is changed or ends. A centre may be without a role for a while; a municipality's last admin is refused."""
    return {
        "membership": membership,
        "is_own": membership.person_id == request.user.pk,
        "is_last": membership.centre_id is not None and queries.is_last_of_role(membership),
        "other_role": queries.other_role_there(membership),
        "refusal": "",
    }


def _page(
    request: HttpRequest, name: str, place: Managed, values: dict[str, Any], status: int | None = None
) -> HttpResponse:
    centre = place if isinstance(place, ServiceCentre) else None
    layout = "operator/base.html" if centre else "town/base.html"
    form = values.get("form")
    usual = 422 if form is not None and form.is_bound and request.method == "POST" else 200
    context = {"layout": layout, "place": place, "centre": centre} | values
    return render(request, f"accounts/{name}.html", context, status=status or usual)


def _link_page(request: HttpRequest, place: Managed, invitation: Invitation, link: str) -> HttpResponse:
    values = {"invitation": invitation, "link": link, "mailed": mail_is_set_up()}
    return _page(request, "invited", place, values)


def _back(request: HttpRequest, place: Managed, refusal: Refusal) -> HttpResponse:
    messages.error(request, str(refusal))
    return redirect(member_page("member_list", place))
