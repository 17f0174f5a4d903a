"""Synonyme: what callers say and what it means. Before one is saved, the page shows what it would change."""

from collections.abc import Callable, Collection
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import TownRequest, needs_role
from knowledge import access, queries, whatif
from knowledge.access import WRITERS, acting
from knowledge.forms.synonyms import SynonymForm
from knowledge.pool import learning_actions as actions
from knowledge.pool.models import LoggedSearch, Synonym
from tenants.errors import Refusal

Show = Callable[..., HttpResponse]


@require_safe
@needs_role(*WRITERS)
def synonym_list(request: TownRequest) -> HttpResponse:
    """The municipality's own, and those of the centre, which hold here, too."""
    own = Synonym.objects.filter(municipality=request.municipality.pk)
    context = {
        "page_obj": queries.page(own.order_by("words", "pk"), request.GET.get("seite")),
        "shared": list(Synonym.objects.filter(municipality=None).order_by("words", "pk")),
    }
    return render(request, "knowledge/synonym_list.html", context)


@needs_role(*WRITERS)
def synonym_new(request: TownRequest) -> HttpResponse:
    """Write one; `?words=`, `?meaning=` begin it, `?suche=` is the search that led here."""
    town = request.municipality
    return edit(request, Synonym(centre_id=town.centre_id, municipality=town))


@needs_role(*WRITERS)
def synonym_edit(request: TownRequest, pk: int) -> HttpResponse:
    """Change one."""
    return edit(request, access.synonym_or_404(request.municipality, pk))


def edit(request: TownRequest, synonym: Synonym) -> HttpResponse:
    """The form, its effect, or back to the list."""

    def show(form: SynonymForm, *, status: int = 200, effect: whatif.Effect | None = None) -> HttpResponse:
        context = {"form": form, "effect": effect, "synonym": synonym, "search": searched(request)}
        return render(request, "knowledge/synonym_edit.html", context, status=status)

    response = submit(request, synonym, show, called=[request.municipality.slug])
    if response is not None:
        return response
    if search := searched(request):
        actions.settle_searches(request.municipality, search, LoggedSearch.SETTLED.synonym, acting_user=acting(request))
        return redirect("search_list")
    return redirect("synonym_list")


def submit(request: HttpRequest, synonym: Synonym, show: Show, *, called: Collection[str]) -> HttpResponse | None:
    """Show the form, or the effect of what was typed; None when it was saved, which only happens to what was shown."""
    if request.method != "POST":
        begun = {name: request.GET.get(name, "")[:200] for name in ("words", "meaning") if name in request.GET}
        return show(SynonymForm(instance=synonym, initial=begun))
    form = SynonymForm(request.POST, instance=synonym)
    try:
        if not form.is_valid():
            return show(form, status=422)
        actions.check_synonym(synonym)
        if request.POST.get("do") != "save" or not form.is_checked:
            return show(form, effect=whatif.effect(synonym, called))
        actions.save_synonym(synonym, acting_user=acting(request))
    except Refusal as refusal:
        form.add_error(None, str(refusal))
        return show(form, status=422)
    messages.success(request, _("„%(words)s“ wird ab jetzt als „%(meaning)s“ verstanden.") % told(synonym))
    return None


def told(synonym: Synonym) -> dict[str, Any]:
    """Both sides, for sentences."""
    return {"words": synonym.words, "meaning": synonym.meaning}


def searched(request: HttpRequest) -> str:
    """The search that led here."""
    return (request.POST.get("suche") or request.GET.get("suche") or "")[:200]


@require_POST
@needs_role(*WRITERS)
def synonym_remove(request: TownRequest, pk: int) -> HttpResponse:
    """It holds no longer."""
    remove(request, access.synonym_or_404(request.municipality, pk))
    return redirect("synonym_list")


def remove(request: HttpRequest, synonym: Synonym) -> None:
    """Remove it, or say why not."""
    try:
        actions.remove_synonym(synonym, acting_user=acting(request))
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("„%(words)s“ ist kein Synonym mehr für „%(meaning)s“.") % told(synonym))
