"""What agents can do: whoever leads a team reads and says it. The distribution of calls goes by it."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import StaffRequest
from accounts.models import Membership
from desk import skills
from desk.access import agent_or_404, for_supervisors, supervised_centre_or_404
from desk.skill_forms import SkillForm
from telephony_bridge import actions
from telephony_bridge.routing.skills import ANYBODY
from telephony_bridge.skill_queries import skills_of, trainable
from tenants.errors import Refusal
from tenants.models import ServiceCentre


@require_GET
@for_supervisors
def skill_list(request: StaffRequest, slug: str) -> HttpResponse:
    """Everybody who works for the centre, by name."""
    centre = supervised_centre_or_404(request, slug)
    page, rows = skills.page_of(centre, request.GET.get("seite"))
    return render(request, "desk/skill_list.html", {"centre": centre, "page_obj": page, "rows": rows})


@require_http_methods(["GET", "POST"])
@for_supervisors
def skill_edit(request: StaffRequest, slug: str, pk: int) -> HttpResponse:
    """The form of one agent (`pk`: Person.pk), and back to the same page of the list."""
    centre = supervised_centre_or_404(request, slug)
    agent = agent_or_404(centre, pk)
    known = skills_of(centre.pk, [pk]).get(pk, ANYBODY)
    form = SkillForm(request.POST or None, places=trainable(centre.pk), known=known)
    if request.method == "POST" and form.is_valid() and _saved(request, centre, agent, form):
        return redirect(_list_at(centre, request.POST.get("seite", "")))
    page = request.POST.get("seite") or request.GET.get("seite", "")
    context = {"form": form, "centre": centre, "agent": agent, "page": page, "back": _list_at(centre, page)}
    return render(request, "desk/skill_edit.html", context, status=422 if request.method == "POST" else 200)


def _saved(request: StaffRequest, centre: ServiceCentre, agent: Membership, form: SkillForm) -> bool:
    try:
        actions.set_skills(centre, agent.person_id, form.skills, acting_user=request.user)
    except Refusal as refusal:
        form.add_error(None, str(refusal))
        return False
    words = _("Die Kenntnisse von %(name)s sind gespeichert und gelten ab dem nächsten Anruf.")
    messages.success(request, words % {"name": agent.person_name})
    return True


def _list_at(centre: ServiceCentre, page: str) -> str:
    query = f"?{urlencode({'seite': page})}" if page.isdecimal() and page != "1" else ""
    return reverse("skill_list", args=[centre.slug]) + query
