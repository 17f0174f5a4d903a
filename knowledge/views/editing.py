"""The page on which an entry is written: the form beside what agents will read. Nothing that was typed is lost, whatever happens."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.access import TownRequest
from knowledge import queries, snapshots
from knowledge.access import acting, may_write
from knowledge.differences import Difference, differences
from knowledge.forms.entry import EntryForm
from knowledge.models import Entry, Version
from knowledge.pool.models import Gap
from knowledge.views import notes
from knowledge.views.kinds import Kind
from knowledge.views.preview import answer_of
from tenants.errors import Refusal

FORM_ORDER = (
    "title", "function", "department", "dept", "parent", "ext", "phone", "email", "room", "hours", "responsibilities", "short_answer", "body",
    "costs", "documents", "synonyms", "contacts", "links", "group", "leika", "valid_from", "valid_to", "review_at",
)  # fmt: skip
SHOWING = ("preview", "rows", "up")  # deeds that save nothing


def edit(request: TownRequest, kind: Kind, entry: Any, *, gap: Gap | None = None) -> HttpResponse:
    """Show an entry (`entry` may be new), or do what its form asks for."""
    if request.method == "POST":
        return submit(request, kind, entry, gap)
    form = kind.make_form(None, entry) if may_write(request) else None
    return show(request, kind, entry, form, gap=gap)


def submit(request: TownRequest, kind: Kind, entry: Any, gap: Gap | None) -> HttpResponse:
    """Save the draft, or show again what was typed."""
    deed, _colon, row = request.POST.get("do", "save").partition(":")
    form = kind.make_form(moved_up(request.POST, row) if deed == "up" else request.POST, entry)
    valid = form.is_valid()
    if deed in SHOWING:
        if deed != "preview":
            form.errors.clear()  # nobody asked whether it is complete
        return show(request, kind, entry, form, gap=gap)
    if valid:
        try:
            return saved(request, kind, kind.store(form, acting(request)), deed=deed, gap=gap)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
    return show(request, kind, entry, form, gap=gap, status=422)


def saved(request: TownRequest, kind: Kind, entry: Entry, *, deed: str, gap: Gap | None) -> HttpResponse:
    """Onward: back to the form, or to the question before publishing."""
    query = f"?luecke={gap.pk}" if gap else ""
    if deed == "publish":
        return redirect(reverse(kind.url["publish"], args=[entry.key]) + query)
    messages.success(request, _("Der Entwurf „%(title)s“ ist gespeichert.") % {"title": entry.title})
    return redirect(reverse(kind.url["edit"], args=[entry.key]) + query)


def moved_up(data: QueryDict, row: str) -> QueryDict:
    """What was typed, with one contact a place higher."""
    moved, place = data.copy(), int(row) if row.isdigit() and len(row) < 4 else 0
    rows = moved.getlist("contacts")
    if 0 < place < len(rows):
        rows[place - 1], rows[place] = rows[place], rows[place - 1]
        moved.setlist("contacts", rows)
    return moved


def show(
    request: TownRequest, kind: Kind, entry: Any, form: EntryForm | None, *, gap: Gap | None = None, status: int = 200
) -> HttpResponse:
    """The page itself. The entry carries what was typed as far as it was valid."""
    now, read = typed_snapshot(entry, form), read_version(entry)
    changes = compared(read, kind, now) if read else []
    answer = answer_of(now)
    published = read.snapshot if read else {}
    told = list(notes.about(entry, changes, answer, published=published)) if entry.pk else []
    if gap and gap.state in {"new", "in_progress"}:
        told.append(notes.about_gap(gap))
    if not request.municipality.is_live:
        told.append(notes.about_joining(request.municipality))
    context = {
        "words": kind, "entry": entry, "form": form, "gap": gap, "answer": answer, "changes": changes, "notes": sorted(told, key=lambda note: note.kind, reverse=True),
        "unsaved": bool(form and form.is_bound), "standing": standing(entry), "theirs": theirs(kind, form, now),
        "title": stored_title(kind, entry, form),
    }  # fmt: skip
    return render(request, "knowledge/entry_edit.html", context, status=status)


def typed_snapshot(entry: Any, form: EntryForm | None) -> dict[str, Any]:
    """The entry's snapshot with the contacts that were typed."""
    now = snapshots.snapshot(entry)
    if form and form.is_bound and "contacts" in getattr(form, "cleaned_data", {}):
        now["contacts"] = [contact.key for contact in form.cleaned_data["contacts"]]
    return now


def read_version(entry: Any) -> Version | None:
    """The version that agents read now, if any."""
    last = snapshots.last_version(entry) if getattr(entry, "published_version", None) else None
    return last if last and last.op == Version.OPS.publish else None


def compared(last: Version, kind: Kind, now: dict[str, Any]) -> list[Difference]:
    """From a version to a snapshot that is no version yet."""
    return in_order(kind.name, differences(last, Version(kind=kind.name, key=last.key, snapshot=now)))


def in_order(kind: str, found: list[Difference]) -> list[Difference]:
    """As in the form, whatever order the database keeps."""
    order = [name for name in FORM_ORDER if name in snapshots.FIELDS[kind]]
    return sorted(found, key=lambda each: order.index(each.field) if each.field in order else len(order))


def theirs(kind: Kind, form: EntryForm | None, now: dict[str, Any]) -> list[Difference]:
    """Where what somebody else saved meanwhile differs from what was typed."""
    if form is None or not form.overtaken:
        return []
    stored = queries.entry(kind.name, form.instance.key)
    if stored is None:
        return []
    return compared(Version(kind=kind.name, key=stored.key, snapshot=snapshots.snapshot(stored)), kind, now)


def standing(entry: Any) -> dict[str, Any]:
    """What the pool reads now: version and time, or None."""
    return {"version": getattr(entry, "published_version", None), "published_at": getattr(entry, "published_at", None)}


def stored_title(kind: Kind, entry: Any, form: EntryForm | None) -> str:
    """The heading keeps the stored title while another one is typed."""
    if not entry.pk:
        return str(kind.new_title)
    if form is None or not form.is_bound:
        return str(entry.title)
    stored = queries.entry(kind.name, entry.key)
    return str(stored.title if stored else entry.title)
