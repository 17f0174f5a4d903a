"""A municipality's members and invitations, for its admins."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import actions, queries
from accounts.access import TownRequest, invitation_or_404, membership_or_404, needs_role
from accounts.forms.members import ROLE_HINTS, InviteForm, MemberFilterForm, RoleForm
from accounts.mails import mail_is_set_up
from tenants.errors import Refusal

PER_PAGE = 25
form_page = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
@needs_role("tenant_admin")
def member_list(request: TownRequest) -> HttpResponse:
    """Who may do what here, and who is invited."""
    form = MemberFilterForm(request.GET)
    form.is_valid()
    members = queries.members_of(
        request.municipality, words=form.cleaned_data.get("q", ""), role=form.cleaned_data.get("role", "")
    )
    page = Paginator(members, PER_PAGE).get_page(request.GET.get("seite"))
    values = {"form": form, "page_obj": page, "invitations": queries.open_invitations(request.municipality)}
    return render(request, "accounts/member_list.html", values)


@form_page
@never_cache
@needs_role("tenant_admin")
def invite(request: TownRequest) -> HttpResponse:
    """Ask for name, address and role; the answer shows the link, this once."""
    form = InviteForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            invitation, link = actions.invite(
                **form.cleaned_data, place=request.municipality, base_url=base_url(request), acting_user=request.user
            )
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            return _link_page(request, {"invitation": invitation, "link": link})
    return render(
        request,
        "accounts/invite.html",
        {"form": form, "hints": ROLE_HINTS.values()},
        status=422 if form.errors else 200,
    )


@form_page
@never_cache
@needs_role("tenant_admin")
def renew_invitation(request: TownRequest, pk: int) -> HttpResponse:
    """A new link for an invitation that is still open; the old one ends."""
    invitation = invitation_or_404(request.municipality, pk)
    if request.method != "POST":
        return render(request, "accounts/renew_invitation.html", {"invitation": invitation})
    try:
        link = actions.renew_invitation(invitation, base_url=base_url(request), acting_user=request.user)
    except Refusal as refusal:
        return _back(request, refusal)
    invitation.refresh_from_db()
    return _link_page(request, {"invitation": invitation, "link": link})


@form_page
@needs_role("tenant_admin")
def revoke_invitation(request: TownRequest, pk: int) -> HttpResponse:
    """End a link."""
    invitation = invitation_or_404(request.municipality, pk)
    if request.method != "POST":
        return render(request, "accounts/revoke_invitation.html", {"invitation": invitation})
    try:
        actions.revoke_invitation(invitation, acting_user=request.user)
    except Refusal as refusal:
        return _back(request, refusal)
    messages.success(
        request,
        _("Die Einladung an %(email)s ist zurückgezogen; der Link gilt nicht mehr.") % {"email": invitation.email},
    )
    return redirect("member_list")


@form_page
@needs_role("tenant_admin")
def change_role(request: TownRequest, pk: int) -> HttpResponse:
    """Another role for a member."""
    membership = membership_or_404(request.municipality, pk)
    form = RoleForm(request.POST if request.method == "POST" else None, initial={"role": membership.role})
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_role(membership, form.cleaned_data["role"], acting_user=request.user)
        except Refusal as refusal:
            membership.refresh_from_db()
            form.add_error(None, str(refusal))
        else:
            text = _("%(name)s hat jetzt die Rolle „%(role)s“.")
            messages.success(request, text % {"name": membership.person_name, "role": membership.get_role_display()})
            return redirect("member_list")
    values = {"form": form, "membership": membership, "hints": ROLE_HINTS.values()}
    return render(request, "accounts/change_role.html", values, status=422 if form.errors else 200)


@form_page
@needs_role("tenant_admin")
def remove_membership(request: TownRequest, pk: int) -> HttpResponse:
    """Ask once, then take the role away."""
    membership = membership_or_404(request.municipality, pk)
    values = {"membership": membership, "is_own": membership.person_id == request.user.pk}
    if request.method != "POST":
        return render(request, "accounts/remove_membership.html", values)
    try:
        actions.remove_membership(membership, acting_user=request.user)
    except Refusal as refusal:
        return render(request, "accounts/remove_membership.html", values | {"refusal": str(refusal)}, status=422)
    text = _("%(name)s hat die Rolle „%(role)s“ nicht mehr.")
    messages.success(request, text % {"name": membership.person_name, "role": membership.get_role_display()})
    return redirect("/" if values["is_own"] else "member_list")


def base_url(request: HttpRequest) -> str:
    """Scheme, host and port of this request."""
    return f"{request.scheme}://{request.get_host()}"


def _link_page(request: HttpRequest, values: dict[str, object]) -> HttpResponse:
    return render(request, "accounts/invited.html", values | {"mailed": mail_is_set_up()})


def _back(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    messages.error(request, str(refusal))
    return redirect("member_list")
