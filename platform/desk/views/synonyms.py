"""For who leads a team: how searches succeed, and synonyms for all municipalities, since they hear how callers of all of them speak."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from accounts.access import StaffRequest
from accounts.models import ROLES
from knowledge import searches, whatif
from knowledge.forms.synonyms import SynonymForm
from knowledge.pool.models import Synonym
from knowledge.views import synonyms
from tenants.models import Municipality, ServiceCentre


def supervised(request: StaffRequest) -> list[int]:
    """The centres whose team the person leads."""
    return sorted(centre for centre, roles in request.access.centres.items() if ROLES.supervisor in roles)


def for_supervisors(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A view for who leads a team; agents are refused (403)."""

    @wraps(view)
    def inner(request: StaffRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not supervised(request):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return inner


def shared_or_404(request: StaffRequest, pk: int) -> Synonym:
    """A shared synonym of a centre whose team the person leads."""
    synonym = Synonym.objects.filter(municipality=None, centre_id__in=supervised(request), pk=pk).first()
    if synonym is None:
        raise Http404
    return synonym


@require_GET
@for_supervisors
def search_weeks(request: StaffRequest) -> HttpResponse:
    """The success of searches by week and municipality."""
    return render(request, "desk/search_weeks.html", {"rows": searches.team_weeks()})


@require_GET
@for_supervisors
def shared_synonym_list(request: StaffRequest) -> HttpResponse:
    """The shared ones of each centre whose team the person leads."""
    found = Synonym.objects.filter(municipality=None).order_by("words", "pk")
    centres = [
        (centre, list(found.filter(centre=centre.pk)))
        for centre in ServiceCentre.objects.filter(pk__in=supervised(request))
    ]
    return render(request, "desk/synonym_list.html", {"centres": centres})


@for_supervisors
def shared_synonym_new(request: StaffRequest) -> HttpResponse:
    """Write one, for the centre that `?servicecenter=` names, else the first."""
    centres = ServiceCentre.objects.filter(pk__in=supervised(request)).order_by("pk")
    named = centres.filter(slug=request.GET.get("servicecenter", "")).first() or centres[0]
    return edit(request, Synonym(centre=named))


@for_supervisors
def shared_synonym_edit(request: StaffRequest, pk: int) -> HttpResponse:
    """Change one."""
    return edit(request, shared_or_404(request, pk))


def edit(request: StaffRequest, synonym: Synonym) -> HttpResponse:
    """The form, its effect on the judged queries, or back to the list. What agents searched for is the municipalities' to read."""

    def show(form: SynonymForm, *, status: int = 200, effect: whatif.Effect | None = None) -> HttpResponse:
        context = {"form": form, "effect": effect, "synonym": synonym}
        return render(request, "desk/synonym_edit.html", context, status=status)

    live = Municipality.objects.filter(centre=synonym.centre_id, status__in=["live", "leaving"])
    called = list(live.order_by("pk").values_list("slug", flat=True))
    return synonyms.submit(request, synonym, show, called=called) or redirect("shared_synonym_list")


@require_POST
@for_supervisors
def shared_synonym_remove(request: StaffRequest, pk: int) -> HttpResponse:
    """It holds no longer."""
    synonyms.remove(request, shared_or_404(request, pk))
    return redirect("shared_synonym_list")
