"""One's own account: profile, language, sessions. All in the front's scope, on every host."""

from typing import cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import actions, queries
from accounts.access import Access, session_or_404
from accounts.adapter import remember_language
from accounts.forms.profile import ProfileForm
from accounts.models import Person
from tenants.errors import Refusal


@require_http_methods(["GET", "HEAD", "POST"])
def update_profile(request: HttpRequest) -> HttpResponse:
    """Name, language and display choices; where password, second factor and sessions are changed; one's roles."""
    person, access = cast("Person", request.user), cast("Access", request.access)  # type: ignore[attr-defined]
    form = ProfileForm(request.POST if request.method == "POST" else None, person=person, access=access)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            actions.update_profile(
                person,
                name=data["name"],
                language=data["language"],
                phone_user=data.get("phone_user", person.phone_user),
                preferences=form.preferences,
                acting_user=person,
            )
        except Refusal as refusal:
            form.add_error("phone_user", str(refusal))
        else:
            return _saved(request, data["language"])
    values = {"form": form, "memberships": queries.memberships_of(person)}
    return render(request, "accounts/update_profile.html", values, status=422 if form.errors else 200)


def _saved(request: HttpRequest, language: str) -> HttpResponse:
    with translation.override(language):
        messages.success(request, _("Ihre Angaben sind gespeichert."))
    response = redirect("update_profile")
    remember_language(response, language)
    return response


@login_not_required
@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Remember the language in a cookie, and with the person when there is one; then back to where the form stood."""
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        back = "/"
    response = redirect(back)
    language = request.POST.get("language", "")
    if language in dict(settings.LANGUAGES):
        remember_language(response, language)
        if request.user.is_authenticated and request.user.language != language:
            actions.set_language(request.user, language, acting_user=request.user)
    return response


@require_POST
def end_session(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign out one other browser; the present one signs out by signing out."""
    person = cast("Person", request.user)
    session = session_or_404(person, pk)
    if session.is_current():
        return redirect("account_logout")
    actions.end_session(session, acting_user=person)
    messages.success(request, _("Die Sitzung ist beendet."))
    return redirect("usersessions_list")
