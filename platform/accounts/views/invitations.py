"""The page behind an invitation link: for whoever holds it, on any host, in the front's scope."""

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import actions
from accounts.forms.members import NewPersonForm
from accounts.models import Person
from accounts.queries import Door, door_of
from tenants.errors import Refusal


@login_not_required
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def accept_invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Take a role: signed in as the invited person, or by making an account; everybody else is told what to do."""
    door = door_of(token)
    if door is None:
        return render(request, "accounts/invitation_ended.html", status=404)
    if request.user.is_authenticated:
        return _as_member(request, token, door)
    if door.has_account:
        return _page(request, door, {"step": "sign_in"})
    return _as_new_person(request, token, door)


def _as_member(request: HttpRequest, token: str, door: Door) -> HttpResponse:
    person = request.user
    assert isinstance(person, Person)
    is_theirs = person.email.lower() == door.invitation.email
    if request.method != "POST" or not is_theirs:
        return _page(request, door, {"step": "accept" if is_theirs else "other_person"})
    try:
        membership = actions.accept_invitation(token, acting_user=person)
    except Refusal:  # used or withdrawn between two clicks
        return render(request, "accounts/invitation_ended.html", status=404)
    messages.success(request, _("Sie haben jetzt die Rolle „%(role)s“.") % {"role": membership.get_role_display()})
    return redirect("/")


def _as_new_person(request: HttpRequest, token: str, door: Door) -> HttpResponse:
    form = NewPersonForm(
        request.POST if request.method == "POST" else None,
        email=door.invitation.email,
        initial={"name": door.invitation.name},
    )
    if request.method == "POST" and form.is_valid():
        try:
            person = actions.accept_invitation_as_new_person(
                token, name=form.cleaned_data["name"], password=form.cleaned_data["password1"]
            )
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            return _signed_in(request, person)
    return _page(request, door, {"step": "new_person", "form": form}, status=422 if form.errors else 200)


def _signed_in(request: HttpRequest, person: Person) -> HttpResponse:
    """Go on as the new person, in a new session, to setting up the second factor."""
    record_authentication(request, person, method="password")
    response: HttpResponse = perform_login(request, Login(user=person, redirect_url=reverse("mfa_index")))
    return response


def _page(request: HttpRequest, door: Door, values: dict[str, object], status: int = 200) -> HttpResponse:
    invitation = door.invitation
    place = {"invitation": invitation, "place": invitation.municipality or invitation.centre}
    return render(request, "accounts/accept_invitation.html", place | values, status=status)
