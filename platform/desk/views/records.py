"""Calls whose times at the desk are not those of the exchange: who leads a team sees them, and settles them."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.access import StaffRequest
from desk import records
from desk.access import for_supervisors, record_or_404, supervised
from telephony_bridge import actions

SETTLED = "geklaert"


@require_GET
@for_supervisors
def record_list(request: StaffRequest) -> HttpResponse:
    """Those that nobody has settled; with `?stand=geklaert` the others."""
    is_settled = request.GET.get("stand") == SETTLED
    page, rows = records.page_of(supervised(request), request.GET.get("seite"), is_settled=is_settled)
    return render(request, "desk/record_list.html", {"page_obj": page, "rows": rows, "is_settled": is_settled})


@require_POST
@for_supervisors
def settle_record(request: StaffRequest, pk: int) -> HttpResponse:
    """The exchange is right; back to the same page of the list."""
    record = record_or_404(request, pk)
    actions.settle_record(record, acting_user=request.user)
    if record.call_id and record.end != "unseen":
        messages.success(request, _("Der Anruf hat jetzt die Zeiten der Telefonanlage."))
    else:
        messages.success(request, _("Der Anruf ist als geklärt abgelegt."))
    page = request.POST.get("seite", "")
    query = f"?{urlencode({'seite': page})}" if page.isdecimal() else ""
    return redirect(reverse("record_list") + query)
