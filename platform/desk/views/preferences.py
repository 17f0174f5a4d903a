"""A person's own settings of the desk. Under /konto/, since only the front's login may write people."""

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from accounts.access import StaffRequest
from desk.actions import save_preferences
from desk.forms import SettingsForm


@require_POST
def preferences(request: StaffRequest) -> HttpResponse:
    """Keep what was sent; 400 for what does not fit."""
    if not request.access.centres:
        raise PermissionDenied
    form = SettingsForm(request.POST)
    if not form.is_valid():
        return HttpResponse(
            " ".join(str(e) for errors in form.errors.values() for e in errors),
            status=400,
            content_type="text/plain; charset=utf-8",
        )
    save_preferences(request.user, form.given(), acting_user=request.user)
    return HttpResponse(status=204) if "X-Fragment" in request.headers else redirect("desk")
