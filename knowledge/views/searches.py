"""Erfolglose Suchen: what agents searched for in vain, what editors make of it, and how searches succeed by week."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts.access import TownRequest, needs_role
from knowledge import access, queries, searches
from knowledge.access import WRITERS, acting
from knowledge.forms.filters import ArticleSearch, SearchFilter
from knowledge.forms.searches import KeywordForm
from knowledge.pool import learning_actions as actions
from knowledge.pool.models import LoggedSearch
from knowledge.search.privacy import HELD, without_held
from tenants.errors import Refusal

MOST_CANDIDATES = 8


@require_safe
@needs_role(*WRITERS)
def search_list(request: TownRequest) -> HttpResponse:
    """Words that led to nothing, the most frequent first."""
    filters = SearchFilter(request.GET)
    context = {
        "filters": filters,
        "filtered": bool(filters.wanted.keys() - {"order"}),
        "page_obj": searches.failed(request.municipality, filters.wanted, request.GET.get("seite")),
        "summary": summary(searches.summary(request.municipality)),
    }
    return render(request, "knowledge/search_list.html", context)


def summary(counts: dict[str, int]) -> str:
    """How much waits, and what is held back."""
    said = [
        _("Was am Arbeitsplatz gesucht und nicht oder erst spät gefunden wurde."),
        ngettext("%(n)s Suche ist offen.", "%(n)s Suchen sind offen.", counts["words"]) % {"n": counts["words"]},
    ]
    if counts["held"]:
        held = ngettext(
            "%(n)s weitere besteht nur aus Wörtern, die Namen sein könnten; sie erscheinen, wenn sie öfter gesucht werden.",
            "%(n)s weitere bestehen nur aus Wörtern, die Namen sein könnten; sie erscheinen, wenn sie öfter gesucht werden.",
            counts["held"],
        )
        said.append(held % {"n": counts["held"]})
    return " ".join(said)


@require_safe
@needs_role(*WRITERS)
def search_effect(request: TownRequest) -> HttpResponse:
    """The success of searches by week."""
    return render(request, "knowledge/search_effect.html", {"weeks": searches.weeks(request.municipality)})


@require_safe
@needs_role(*WRITERS)
def search_detail(request: TownRequest, words: str) -> HttpResponse:
    """What became of these words, and the ways to help."""
    return show(request, words)


def show(request: TownRequest, words: str, **given: Any) -> HttpResponse:
    """The page of some words; `given`: a form with errors, the status."""
    told, status = access.searches_or_404(request.municipality, words), given.pop("status", 200)
    plain = without_held(words)
    filters = ArticleSearch(request.GET if "q" in request.GET else {"q": plain})
    found = candidates(told, filters.wanted.get("q", ""), request.municipality.slug)
    meaning = told["opened"][0]["entry_title"] if told["opened"] else ""
    context = {
        "words": words, "plain": plain, "told": told, "filters": filters, "candidates": found, "has_held": HELD in words,
        "synonym_query": urlencode({"words": plain, "meaning": meaning, "suche": words}),
        "form": KeywordForm(initial={"word": plain, "article": found[0].key if found else ""}),
    } | given  # fmt: skip
    return render(request, "knowledge/search_detail.html", context, status=status)


def candidates(told: dict[str, Any], text: str, slug: str) -> list[Any]:
    """Articles for the word: those that were opened in the end, then those that have the words of the field."""
    keys = [key for one in told["opened"] for place, _colon, key in [one["entry"].partition(":")] if place == slug]
    opened = [article for key in keys if (article := queries.entry("article", key))]
    found = list(queries.entries("article", text=text)[:MOST_CANDIDATES]) if text else []
    return list({article.pk: article for article in [*opened, *found]}.values())[:MOST_CANDIDATES]


@require_POST
@needs_role(*WRITERS)
def search_keyword(request: TownRequest, words: str) -> HttpResponse:
    """The word goes into the draft of an article; publishing it is the next step."""
    access.searches_or_404(request.municipality, words)
    form = KeywordForm(request.POST)
    if not form.is_valid():
        return show(request, words, form=form, status=422)
    article, word = access.entry_or_404("article", form.cleaned_data["article"], lock=True), form.cleaned_data["word"]
    try:
        actions.use_as_search_word(
            article, word, municipality=request.municipality, words=words, acting_user=acting(request)
        )
    except Refusal as refusal:
        form.add_error(None, str(refusal))
        return show(request, words, form=form, status=422)
    told = _(
        "„%(word)s“ steht bei den Suchwörtern von „%(title)s“. Gefunden wird es, wenn Sie den Entwurf veröffentlichen."
    )
    messages.success(request, told % {"word": word, "title": article.title})
    return redirect("article_edit", article.key)


@require_POST
@needs_role(*WRITERS)
def search_article(request: TownRequest, words: str) -> HttpResponse:
    """A new article begins with the words as its title."""
    access.searches_or_404(request.municipality, words)
    actions.settle_searches(request.municipality, words, LoggedSearch.SETTLED.article, acting_user=acting(request))
    plain = without_held(words)
    return redirect(f"{reverse('article_new')}?{urlencode({'titel': plain})}")


@require_POST
@needs_role(*WRITERS)
def search_done(request: TownRequest, words: str) -> HttpResponse:
    """Nothing needs to be done; back to the list."""
    access.searches_or_404(request.municipality, words)
    actions.settle_searches(request.municipality, words, LoggedSearch.SETTLED.done, acting_user=acting(request))
    messages.success(request, _("„%(words)s“ ist erledigt.") % {"words": words})
    return redirect("search_list")
