"""Wissenslücken: what agents could not answer, and how it is answered."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts.access import TownRequest, needs_role
from knowledge import access, overviews, queries
from knowledge.access import READERS, WRITERS, acting
from knowledge.forms.filters import ArticleSearch, GapFilter
from knowledge.forms.gaps import AnswerGapForm, DeclineGapForm, ReplyGapForm
from knowledge.pool import actions
from knowledge.pool import queries as pool
from knowledge.pool.models import Gap
from knowledge.views.kinds import KINDS
from tenants.errors import Refusal

MOST_CANDIDATES = 8
MOST_LOOKED_AT = 100


@require_safe
@needs_role(*READERS)
def gap_list(request: TownRequest) -> HttpResponse:
    """Gaps by words and state; what was asked most often stands first."""
    filters = GapFilter(request.GET)
    context = {
        "filters": filters,
        "filtered": bool(filters.wanted.keys() - {"order"}),
        "page_obj": overviews.gaps(request.municipality, filters.wanted, request.GET.get("seite")),
        "summary": summary(pool.gap_counts()),
        "may_write": access.may_write(request),
    }
    return render(request, "knowledge/gap_list.html", context)


def summary(counts: dict[str, int]) -> str:
    """How many wait for an answer."""
    waiting = ngettext("%(n)s Meldung ist offen", "%(n)s Meldungen sind offen", counts["open"]) % {"n": counts["open"]}
    taken = _(", davon %(n)s in Arbeit") % {"n": counts["in_progress"]} if counts["in_progress"] else ""
    return _("Fragen, die das Servicecenter nicht beantworten konnte.") + f" {waiting}{taken}."


@require_safe
@needs_role(*READERS)
def gap_detail(request: TownRequest, pk: int) -> HttpResponse:
    """What was asked, and the ways to answer it."""
    return show(request, access.gap_or_404(request.municipality, pk))


def show(request: TownRequest, gap: Gap, **given: Any) -> HttpResponse:
    """The page of a gap; `given`: forms with errors, a problem, the status."""
    status = given.pop("status", 200)
    search = ArticleSearch(request.GET if "q" in request.GET else {"q": gap.query})
    found = candidates(gap, search.wanted.get("q", ""))
    context = {
        "gap": gap, "others": overviews.same_question(gap), "may_write": access.may_write(request), "problem": "",
        "open_entry": linked(gap.entry_kind, gap.entry_key), "answer_entry": linked(gap.answer_kind, gap.answer_key),
        "filters": search, "searched": bool(search.wanted), "candidates": found,
        "answer_form": AnswerGapForm(initial={"article": gap.entry_key if gap.entry_kind == "article" else ""}),
        "reply_form": ReplyGapForm(), "decline_form": DeclineGapForm(),
    } | given  # fmt: skip
    return render(request, "knowledge/gap_detail.html", context, status=status)


def candidates(gap: Gap, words: str) -> list[Any]:
    """Published articles that may hold the answer: the one that was open, then those that have the words in their titles, then others."""
    opened = queries.entry("article", gap.entry_key) if gap.entry_kind == "article" else None
    found = (
        list(queries.entries("article", text=words).exclude(published_version=None)[:MOST_LOOKED_AT]) if words else []
    )
    wanted = words.casefold().split()
    found.sort(key=lambda article: not all(word in article.title.casefold() for word in wanted))
    shown = {article.pk: article for article in [opened, *found] if article and article.published_version}
    return list(shown.values())[:MOST_CANDIDATES]


def linked(kind: str, key: str) -> dict[str, str] | None:
    """An entry as a link, if it still exists."""
    entry = queries.entry(kind, key) if kind in KINDS else None
    return {"kind": kind, "title": entry.title, "url": reverse(KINDS[kind].url["edit"], args=[key])} if entry else None


@require_POST
@needs_role(*WRITERS)
def gap_take(request: TownRequest, pk: int) -> HttpResponse:
    """Somebody works on it; the service centre sees that."""
    gap = access.gap_or_404(request.municipality, pk)
    try:
        actions.take_gap(gap, acting_user=acting(request))
    except Refusal as refusal:
        return show(request, gap, problem=str(refusal), status=422)
    messages.success(request, _("Die Wissenslücke ist in Arbeit; das Servicecenter sieht das."))
    return redirect("gap_detail", pk)


@require_POST
@needs_role(*WRITERS)
def gap_answer(request: TownRequest, pk: int) -> HttpResponse:
    """An article answers it."""
    gap, form = access.gap_or_404(request.municipality, pk), AnswerGapForm(request.POST)
    if not form.is_valid():
        return show(request, gap, answer_form=form, status=422)
    try:
        return answered(request, gap, kind="article", key=form.cleaned_data["article"], note=form.cleaned_data["note"])
    except Refusal as refusal:
        return show(request, gap, answer_form=form, problem=str(refusal), status=422)


@require_POST
@needs_role(*WRITERS)
def gap_reply(request: TownRequest, pk: int) -> HttpResponse:
    """A sentence to those who asked answers it."""
    gap, form = access.gap_or_404(request.municipality, pk), ReplyGapForm(request.POST)
    if not form.is_valid():
        return show(request, gap, reply_form=form, status=422)
    try:
        return answered(request, gap, kind="", key="", note=form.cleaned_data["note"])
    except Refusal as refusal:
        return show(request, gap, reply_form=form, problem=str(refusal), status=422)


def answered(request: TownRequest, gap: Gap, *, kind: str, key: str, note: str) -> HttpResponse:
    """Answer it and every other open report of the same question; back to what is still open. Raises Refusal."""
    asked = [gap, *(other for other in overviews.same_question(gap) if other.state in {"new", "in_progress"})]
    for each in asked:
        actions.answer_gap(each, entry_kind=kind, entry_key=key, note=note, acting_user=acting(request))
    who = list(dict.fromkeys(each.reported_by_name for each in asked))
    told = ngettext(
        "„%(title)s“ ist beantwortet. %(who)s liest die Antwort am Arbeitsplatz.",
        "„%(title)s“ ist beantwortet. %(who)s lesen die Antwort am Arbeitsplatz.",
        len(who),
    )
    messages.success(request, told % {"title": gap.title, "who": ", ".join(who)})
    return redirect("gap_list")


@require_POST
@needs_role(*WRITERS)
def gap_decline(request: TownRequest, pk: int) -> HttpResponse:
    """There will be no article; the agent reads why."""
    gap, form = access.gap_or_404(request.municipality, pk), DeclineGapForm(request.POST)
    if not form.is_valid():
        return show(request, gap, decline_form=form, status=422)
    try:
        actions.decline_gap(gap, note=form.cleaned_data["note"], acting_user=acting(request))
    except Refusal as refusal:
        return show(request, gap, decline_form=form, problem=str(refusal), status=422)
    messages.success(
        request,
        _("„%(title)s“ ist abgelehnt. %(who)s liest den Grund.") % {"title": gap.title, "who": gap.reported_by_name},
    )
    return redirect("gap_list")
