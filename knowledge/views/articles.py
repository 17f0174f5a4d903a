"""Wissen: the list of articles, writing one, and one on paper."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format, number_format
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts.access import TownRequest, needs_role
from knowledge import access, actions, overviews, queries, snapshots
from knowledge.access import READERS, WRITERS, acting
from knowledge.forms.filters import ArticleFilter
from knowledge.models import Article
from knowledge.pool.models import Gap
from knowledge.views.editing import edit, read_version, standing
from knowledge.views.kinds import ARTICLE
from knowledge.views.preview import answer_of


@require_safe
@needs_role(*READERS)
def article_list(request: TownRequest) -> HttpResponse:
    """Articles by words, state and review, 25 a page."""
    filters = ArticleFilter(request.GET)
    context = {
        "filters": filters,
        "filtered": bool(filters.wanted),
        "page_obj": overviews.articles(filters.wanted, request.GET.get("seite")),
        "summary": summary(queries.counts()["article"]),
        "may_write": access.may_write(request),
    }
    return render(request, "knowledge/article_list.html", context)


def summary(counts: dict[str, int]) -> str:
    """What there is, in one or two sentences."""
    total = sum(counts[state] for state in ("draft", "changed", "published", "withdrawn"))
    parts = [
        ngettext("%(n)s Artikel", "%(n)s Artikel", total) % {"n": number_format(total, force_grouping=True)},
        _("%(n)s mit Änderungen im Entwurf") % {"n": counts["changed"]} if counts["changed"] else "",
        ngettext("%(n)s nie veröffentlicht", "%(n)s nie veröffentlicht", counts["draft"]) % {"n": counts["draft"]}
        if counts["draft"]
        else "",
        _("%(n)s zurückgezogen") % {"n": counts["withdrawn"]} if counts["withdrawn"] else "",
    ]
    due = ngettext("%(n)s Prüfung ist fällig.", "%(n)s Prüfungen sind fällig.", counts["due"]) % {"n": counts["due"]}
    return f"{', '.join(filter(None, parts))}. {due}"


@needs_role(*WRITERS)
def article_new(request: TownRequest) -> HttpResponse:
    """Write an article; `?luecke=` takes over what an agent asked, `?titel=` what was searched for."""
    gap = access.gap_of_request(request)
    return edit(request, ARTICLE, begun(gap) if gap else Article(title=request.GET.get("titel", "")[:200]), gap=gap)


def begun(gap: Gap) -> Article:
    """An article with the agent's words: the title, and what callers say as a search word."""
    said = [gap.query] if gap.query and gap.query.lower() != gap.title.lower() else []
    return Article(title=gap.title, synonyms=said)


@needs_role(*READERS)
def article_edit(request: TownRequest, key: str) -> HttpResponse:
    """The form of an article beside its preview; departments see the preview."""
    entry = access.entry_to_edit(request, "article", key)
    return edit(request, ARTICLE, entry, gap=access.gap_of_request(request))


@require_POST
@needs_role(*READERS)
def confirm_review(request: TownRequest, key: str) -> HttpResponse:
    """Still right: the next review is in a year. Departments do this too; nothing is published by it."""
    entry = access.entry_or_404("article", key)
    day = actions.confirm_review(entry, acting_user=acting(request))
    words = {"title": entry.title, "day": date_format(day, "d.m.Y")}
    messages.success(request, _("„%(title)s“ stimmt noch; die nächste Prüfung ist am %(day)s.") % words)
    back = request.POST.get("zurueck", "")
    inside = back.startswith("/") and url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    return redirect(back if inside else reverse("article_edit", args=[key]))


@require_safe
@needs_role(*READERS)
def article_print(request: TownRequest, key: str) -> HttpResponse:
    """For paper: the published version, or the draft where nothing is published."""
    entry = access.entry_or_404("article", key)
    read = read_version(entry)
    shown = read.snapshot if read else snapshots.snapshot(entry)
    context = {
        "entry": entry,
        "answer": answer_of(shown),
        "standing": standing(entry),
        "review": entry.review_at,
    }
    return render(request, "knowledge/article_print.html", context)
