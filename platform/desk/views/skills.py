"""What agents can do: whoever leads a team reads and says it. The distribution of calls goes by it."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import StaffRequest
from accounts.models import Membership
from desk import skills
from desk.access import agent_or_404, for_supervisors, supervised_centre_or_404
from desk.skill_forms import NumberForm, SkillForm
from telephony_bridge import actions
from telephony_bridge.numbers import display
from telephony_bridge.routing.skills import ANYBODY
from telephony_bridge.skill_queries import skills_of, trainable
from tenants.errors import Refusal
from tenants.models import ServiceCentre


@require_http_methods(["GET", "POST"])
@for_supervisors
def skill_list(request: StaffRequest, slug: str) -> HttpResponse:
    """Everybody who works for the centre, by name; and the numbers whose callers want a language, of which a POST adds one."""
    centre = supervised_centre_or_404(request, slug)
    form = NumberForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and _number_saved(request, centre, form):
        return redirect(_list_at(centre, request.GET.get("seite", "")))
    page, rows = skills.page_of(centre, request.GET.get("seite"))
    context = {"centre": centre, "page_obj": page, "rows": rows, "numbers": skills.numbers_of(centre), "form": form}
    return render(request, "desk/skill_list.html", context, status=422 if request.method == "POST" else 200)


def _number_saved(request: StaffRequest, centre: ServiceCentre, form: NumberForm) -> bool:
    given = form.cleaned_data
    try:
        number = actions.set_number_language(centre, given["number"], given["language"], acting_user=request.user)
    except Refusal as refusal:
        form.add_error("number", str(refusal))
        return False
    messages.success(request, _("Die Sprache von %(number)s ist gespeichert.") % {"number": display(number)})
    return True


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


@require_POST
@for_supervisors
def number_language_remove(request: StaffRequest, slug: str, number: str) -> HttpResponse:
    """And none any more (`number`: E.164 without its plus)."""
    centre = supervised_centre_or_404(request, slug)
    if f"+{number}" not in {known for known, _shown, _language in skills.numbers_of(centre)}:
        raise Http404
    actions.set_number_language(centre, f"+{number}", "", acting_user=request.user)
    words = _("Für %(number)s ist keine Sprache mehr eingetragen.")
    messages.success(request, words % {"number": display(f"+{number}")})
    return redirect("skill_list", centre.slug)


def _list_at(centre: ServiceCentre, page: str) -> str:
    query = f"?{urlencode({'seite': page})}" if page.isdecimal() and page != "1" else ""
    return reverse("skill_list", args=[centre.slug]) + query
