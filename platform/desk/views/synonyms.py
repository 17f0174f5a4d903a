"""Synonyms for all municipalities, written by who leads a team, since they hear how callers of all of them speak."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from accounts.access import StaffRequest
from desk.access import for_supervisors, shared_synonym_or_404, supervised
from knowledge import whatif
from knowledge.forms.synonyms import SynonymForm
from knowledge.pool.models import Synonym
from knowledge.views import synonyms
from tenants.models import Municipality, ServiceCentre


@require_GET
@for_supervisors
def shared_synonym_list(request: StaffRequest) -> HttpResponse:
    """The shared ones of each centre whose team the person leads."""
    found = Synonym.objects.filter(municipality=None).order_by("words", "pk")
    centres = [
        (centre, list(found.filter(centre=centre.pk)))
        for centre in ServiceCentre.objects.filter(pk__in=supervised(request))
    ]
    return render(request, "desk/shared_synonym_list.html", {"centres": centres})


@for_supervisors
def shared_synonym_new(request: StaffRequest) -> HttpResponse:
    """Write one, for the centre that `?servicecenter=` names, else the first."""
    centres = ServiceCentre.objects.filter(pk__in=supervised(request)).order_by("pk")
    named = centres.filter(slug=request.GET.get("servicecenter", "")).first() or centres[0]
    return edit(request, Synonym(centre=named))


@for_supervisors
def shared_synonym_edit(request: StaffRequest, pk: int) -> HttpResponse:
    """Change one."""
    return edit(request, shared_synonym_or_404(request, pk))


def edit(request: StaffRequest, synonym: Synonym) -> HttpResponse:
    """The form, its effect on the judged queries, or back to the list. What agents searched for is the municipalities' to read."""

    def show(form: SynonymForm, *, status: int = 200, effect: whatif.Effect | None = None) -> HttpResponse:
        context = {"form": form, "effect": effect, "synonym": synonym}
        return render(request, "desk/shared_synonym_edit.html", context, status=status)

    live = Municipality.objects.filter(centre=synonym.centre_id, status__in=["live", "leaving"])
    called = list(live.order_by("pk").values_list("slug", flat=True))
    return synonyms.submit(request, synonym, show, called=called) or redirect("shared_synonym_list")


@require_POST
@for_supervisors
def shared_synonym_remove(request: StaffRequest, pk: int) -> HttpResponse:
    """It holds no longer."""
    synonyms.remove(request, shared_synonym_or_404(request, pk))
    return redirect("shared_synonym_list")
