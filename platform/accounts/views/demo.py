"""Signing in with one click, in demo mode on this machine only."""

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import record_authentication
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts import demo
from accounts.models import Person


@login_not_required
@csrf_exempt  # the form stands on another host; its signed token takes the place (accounts.demo)
@require_POST
def demo_sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in as the person in the token, on the host where they work."""
    if not settings.DEMO or not demo.comes_from_here(request):
        raise Http404
    email = demo.email_of(request.POST.get("token", ""))
    if email is None:
        messages.warning(
            request, _("Die Seite war zu lange offen. Wählen Sie die Rolle auf der Startseite noch einmal.")
        )
        return redirect("account_login")
    person = Person.objects.filter(email=email, is_demo=True, is_active=True).first()
    if person is None:
        raise Http404
    return _signed_in(request, person)


def _signed_in(request: HttpRequest, person: Person) -> HttpResponse:
    """A new session without the second step: the person's factor is set up, but the click stands for password and code."""
    adapter = get_adapter(request)
    request.session.flush()
    record_authentication(request, person, method="demo")
    adapter.login(request, person)
    response: HttpResponse = adapter.post_login(
        request, person, email_verification="none", signal_kwargs=None, email=None, signup=False, redirect_url="/"
    )
    return response
