"""The questions before an entry is published, withdrawn, set back or deleted, each naming the municipality, and the deeds after them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.access import TownRequest, needs_role
from knowledge import access, actions, overviews, snapshots
from knowledge.access import WRITERS, acting
from knowledge.models import Version
from knowledge.pool import actions as pool_actions
from knowledge.pool.models import Gap
from knowledge.views import notes
from knowledge.views.editing import compared, read_version, standing
from knowledge.views.kinds import KINDS, Kind
from knowledge.views.preview import answer_of
from tenants.errors import Refusal


@needs_role(*WRITERS)
def entry_publish(request: TownRequest, key: str, kind: str) -> HttpResponse:
    """Ask, then publish what was asked about: a draft that changed meanwhile is shown again."""
    entry = access.entry_or_404(kind, key, lock=request.method == "POST")
    if request.method != "POST":
        return ask(request, KINDS[kind], entry)
    if request.POST.get("seen") != entry.updated_at.isoformat():
        problem = _("Inzwischen hat %(who)s den Entwurf geändert. Prüfen Sie ihn und veröffentlichen Sie ihn dann.")
        return ask(
            request, KINDS[kind], entry, problem=problem % {"who": entry.updated_by_name or _("jemand")}, status=409
        )
    try:
        version = actions.publish(entry, acting_user=acting(request), note=request.POST.get("note", "").strip())
    except Refusal as refusal:
        return ask(request, KINDS[kind], entry, problem=str(refusal), status=422)
    messages.success(request, published_words(request, entry, version))
    answer_chosen(request, entry)
    return redirect(KINDS[kind].url["edit"], key)


def ask(request: TownRequest, kind: Kind, entry: Any, *, problem: str = "", status: int = 200) -> HttpResponse:
    """The question: what changes for agents, and which gaps it answers."""
    now, read = snapshots.snapshot(entry), read_version(entry)
    context = {
        "words": kind, "entry": entry, "stamp": entry.updated_at.isoformat(), "problem": problem, "standing": standing(entry),
        "changes": compared(read, kind, now) if read else [], "gaps": offered_gaps(request, entry),
        "notes": list(notes.about_contacts(answer_of(now))), "note_text": request.POST.get("note", ""),
    }  # fmt: skip
    return render(request, "knowledge/entry_publish.html", context, status=status)


def offered_gaps(request: TownRequest, entry: Any) -> dict[str, list[Any]]:
    """Open gaps for a checkbox each: `chosen` are the one that is being answered and those reported about this entry, then `others`."""
    wanted = access.gap_of_request(request)
    found: list[Any] = overviews.open_gaps(request.municipality)
    for gap in found:
        about_it = (gap.entry_kind, gap.entry_key) == (
            entry.KIND,
            entry.key,
        ) or gap.title.casefold() == entry.title.casefold()
        gap.chosen = about_it or (wanted is not None and same(gap, wanted))
    return (
        {"chosen": [gap for gap in found if gap.chosen], "others": [gap for gap in found if not gap.chosen]}
        if found
        else {}
    )


def same(gap: Gap, wanted: Gap) -> bool:
    """The same report, or another one of the same question."""
    return gap.pk == wanted.pk or gap.title.strip().casefold() == wanted.title.strip().casefold()


def published_words(request: TownRequest, entry: Any, version: Version) -> str:
    """What happened, and from when agents read it."""
    words = {"title": entry.title, "name": request.municipality.name, "number": version.number}
    if not version.is_new:
        return _("„%(title)s“ hat sich nicht geändert; das Servicecenter liest weiter Fassung %(number)s.") % words
    if request.municipality.is_live:
        return (
            _("„%(title)s“ ist für %(name)s veröffentlicht. Das Servicecenter liest jetzt Fassung %(number)s.") % words
        )
    return (
        _(
            "„%(title)s“ ist für %(name)s veröffentlicht, Fassung %(number)s. Gelesen wird sie, sobald %(name)s live ist."
        )
        % words
    )


def answer_chosen(request: TownRequest, entry: Any) -> None:
    """Close the gaps that were ticked; one that somebody else closed meanwhile is only mentioned."""
    for value in request.POST.getlist("gap")[: overviews.MOST_GAPS]:
        gap = (
            access.gap_or_404(request.municipality, int(value))
            if value.isascii() and value.isdigit() and len(value) < 19
            else None
        )
        if gap is None:
            continue
        try:
            pool_actions.answer_gap(gap, entry_kind=entry.KIND, entry_key=entry.key, acting_user=acting(request))
        except Refusal as refusal:
            messages.warning(request, f"„{gap.title}“: {refusal}")
        else:
            told = _("Die Wissenslücke „%(title)s“ ist beantwortet; %(who)s erfährt es am Arbeitsplatz.")
            messages.success(request, told % {"title": gap.title, "who": gap.reported_by_name})


@dataclass
class Question:
    """One question with its deed. `destructive`: something is lost or no longer seen."""

    title: str
    text: str
    deed: str
    stay: str
    back: str
    destructive: bool = True

    @property
    def kind(self) -> str:
        """The look of the deed's button."""
        return "secondary" if self.destructive else "primary"


def confirm(  # noqa: PLR0913  a question, its evidence and its deed
    request: TownRequest,
    kind: Kind,
    entry: Any,
    *,
    question: Question,
    deed: Callable[[], object],
    done: str,
    to: str,
    changes: Any = (),
) -> HttpResponse:
    """Ask on GET, do it on POST; a refusal is shown on the same page."""
    problem = ""
    if request.method == "POST":
        try:
            deed()
        except Refusal as refusal:
            problem = str(refusal)
        else:
            messages.success(request, done)
            return redirect(to)
    context = {"words": kind, "entry": entry, "question": question, "problem": problem, "changes": changes}
    return render(request, "knowledge/entry_confirm.html", context, status=422 if problem else 200)


@needs_role(*WRITERS)
def entry_withdraw(request: TownRequest, key: str, kind: str) -> HttpResponse:
    """Take an entry from the service centre; the draft stays."""
    words, entry = KINDS[kind], access.entry_or_404(kind, key)
    back, names = reverse(words.url["edit"], args=[key]), {"name": request.municipality.name, "title": entry.title}
    question = Question(
        title=_("Für %(name)s zurückziehen?") % names,
        text=_("Das Servicecenter findet den Eintrag danach nicht mehr, auch wer gerade mit Anrufenden spricht. Der Entwurf und alle Fassungen bleiben."),
        deed=_("Für %(name)s zurückziehen") % names, stay=_("Veröffentlicht lassen"), back=back,
    )  # fmt: skip
    return confirm(
        request, words, entry, question=question, to=back, deed=lambda: actions.withdraw(entry, acting_user=acting(request)),
        done=_("„%(title)s“ ist für %(name)s zurückgezogen. Das Servicecenter sieht den Eintrag nicht mehr.") % names,
    )  # fmt: skip


@needs_role(*WRITERS)
def entry_discard(request: TownRequest, key: str, kind: str) -> HttpResponse:
    """Set the draft back to what agents read."""
    words, entry = KINDS[kind], access.entry_or_404(kind, key)
    last, back = snapshots.last_version(entry), reverse(words.url["edit"], args=[key])
    question = Question(
        title=_("Entwurf verwerfen?"),
        text=_("Der Entwurf wird wieder so, wie ihn das Servicecenter liest. Diese Änderungen gehen verloren:"),
        deed=_("Entwurf verwerfen"), stay=_("Entwurf behalten"), back=back,
    )  # fmt: skip
    return confirm(
        request, words, entry, question=question, to=back, deed=lambda: actions.discard_changes(entry, acting_user=acting(request)),
        changes=compared(last, words, snapshots.snapshot(entry)) if last and entry.published_version else [],
        done=_("Der Entwurf von „%(title)s“ entspricht wieder der veröffentlichten Fassung.") % {"title": last.snapshot["title"] if last else ""},
    )  # fmt: skip


@needs_role(*WRITERS)
def entry_delete(request: TownRequest, key: str, kind: str) -> HttpResponse:
    """Delete what agents do not read."""
    words, entry = KINDS[kind], access.entry_or_404(kind, key)
    names = {"name": request.municipality.name, "title": entry.title}
    question = Question(
        title=_("„%(title)s“ löschen?") % names,
        text=_("Der Eintrag verschwindet aus den Seiten von %(name)s. Frühere Fassungen bleiben im Protokoll.") % names,
        deed=_("Endgültig löschen"), stay=_("Behalten"), back=reverse(words.url["edit"], args=[key]),
    )  # fmt: skip
    return confirm(
        request, words, entry, question=question, to=reverse(words.list_url), done=_("„%(title)s“ ist gelöscht.") % names,
        deed=lambda: actions.delete_entry(entry, acting_user=acting(request)),
    )  # fmt: skip


@needs_role(*WRITERS)
def entry_restore(request: TownRequest, key: str, number: int, kind: str) -> HttpResponse:
    """Make an earlier version the draft; nothing is published by that."""
    words, entry = KINDS[kind], access.entry_or_404(kind, key)
    version, now = access.version_or_404(entry, number), Version(kind=kind, key=key, snapshot=snapshots.snapshot(entry))
    names = {"number": number, "day": date_format(version.at, "d.m.Y")}
    question = Question(
        title=_("Fassung %(number)s in den Entwurf holen?") % names,
        text=_("Der Entwurf wird so, wie er am %(day)s war. Das Servicecenter liest ihn erst, wenn Sie ihn veröffentlichen. So ändert er sich:") % names,
        deed=_("Fassung %(number)s in den Entwurf holen") % names, stay=_("Zurück zum Verlauf"), back=reverse(words.url["history"], args=[key]),
        destructive=False,
    )  # fmt: skip
    return confirm(
        request, words, entry, question=question, to=reverse(words.url["edit"], args=[key]), changes=compared(now, words, version.snapshot),
        deed=lambda: actions.restore_version(version, acting_user=acting(request)),
        done=_("Fassung %(number)s steht jetzt im Entwurf. Veröffentlicht ist sie noch nicht.") % names,
    )  # fmt: skip
