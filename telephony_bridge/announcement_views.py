"""„Ansagen“: what callers of a municipality hear before and instead of a talk, on its own host."""

import re
from dataclasses import dataclass

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import TownRequest, needs_role
from accounts.models import ROLES
from telephony_bridge import actions
from telephony_bridge import announcement_access as access
from telephony_bridge.announcement_forms import AnnouncementForm
from telephony_bridge.announcement_models import Announcement
from telephony_bridge.announcement_queries import announcements_of
from telephony_bridge.asterisk.announcements import usual
from tenants.errors import Refusal

# Whoever may write the text that is spoken may record it.
writers = needs_role(ROLES.tenant_admin, ROLES.editor)
RANGE = re.compile(r"bytes=([0-9]{1,9})-([0-9]{0,9})")


@dataclass(frozen=True, slots=True)
class Heard:
    """One announcement as the page shows it. `text` is spoken where there is no recording; `is_usual`: it is not the municipality's own."""

    kind: str
    label: str
    recording: Announcement | None
    text: str
    is_usual: bool
    form: AnnouncementForm


@require_safe
@writers
def announcements(request: TownRequest) -> HttpResponse:
    """What callers hear now, each with its form."""
    return _page(request)


@require_safe
@writers
def announcement_audio(request: TownRequest, kind: str) -> HttpResponse:
    """The recording as telephones play it; a part of it where a player asks for one (RFC 9110, 14.2: one range, others are ignored)."""
    audio = bytes(access.announcement(request, kind).audio)
    response = HttpResponse(content_type="audio/wav")
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["Content-Disposition"] = f'inline; filename="{kind}.wav"'
    asked = RANGE.fullmatch(request.headers.get("range", ""))
    if not asked:
        response.content = audio
        return response
    first, last = int(asked[1]), min(int(asked[2] or len(audio)), len(audio) - 1)
    if first > last:
        response.status_code, response.headers["Content-Range"] = 416, f"bytes */{len(audio)}"
        return response
    response.status_code, response.headers["Content-Range"] = 206, f"bytes {first}-{last}/{len(audio)}"
    response.content = audio[first : last + 1]
    return response


@require_POST
@writers
def upload_announcement(request: TownRequest, kind: str) -> HttpResponse:
    """Check and convert what was sent, then let callers hear it."""
    form = AnnouncementForm(access.known_kind(kind), request.POST, request.FILES)
    if form.is_valid():
        file = form.cleaned_data["audio"]
        try:
            with transaction.atomic():
                actions.upload_announcement(
                    request.municipality, kind, name=file.name, data=file.read(), acting_user=request.user
                )
        except Refusal as refusal:
            form.add_error("audio", str(refusal))
        else:
            messages.success(request, _("Die Aufnahme ist gespeichert; Anrufende hören sie in wenigen Sekunden."))
            return redirect("announcements")
    return _page(request, form)


@require_http_methods(["GET", "HEAD", "POST"])
@writers
def remove_announcement(request: TownRequest, kind: str) -> HttpResponse:
    """Ask, then let the text be spoken again."""
    found = access.announcement(request, kind)
    if request.method == "POST":
        actions.remove_announcement(found, acting_user=request.user)
        messages.success(request, _("Die Aufnahme ist entfernt."))
        return redirect("announcements")
    heard = _heard(request, kind, found, AnnouncementForm(kind))
    return render(request, "telephony_bridge/remove_announcement.html", {"heard": heard})


def _page(request: TownRequest, sent: AnnouncementForm | None = None) -> HttpResponse:
    """With the form that was sent, where something about it is wrong."""
    found = announcements_of(request.municipality)
    forms = {str(kind): AnnouncementForm(str(kind)) for kind, _label in Announcement.KINDS}
    if sent:
        forms[str(sent.prefix)] = sent
    heard = [_heard(request, kind, found.get(kind), form) for kind, form in forms.items()]
    context = {"heard": heard, "sent": sent or AnnouncementForm("closed")}
    return render(request, "telephony_bridge/announcements.html", context, status=422 if sent else 200)


def _heard(request: TownRequest, kind: str, recording: Announcement | None, form: AnnouncementForm) -> Heard:
    town, label = request.municipality, str(dict(Announcement.KINDS)[kind])
    own = (town.emergency if kind == Announcement.KINDS.emergency else town.closed_text).strip()
    text = own or (usual() if kind == Announcement.KINDS.closed else "")
    return Heard(kind, label, recording, text, not own and bool(text), form)
