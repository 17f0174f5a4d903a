"""Who published what and when, and what differs between two versions."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import TownRequest, needs_role
from knowledge import access, queries, snapshots
from knowledge.access import READERS
from knowledge.differences import differences
from knowledge.models import Version
from knowledge.views.editing import FORM_ORDER, in_order
from knowledge.views.kinds import KINDS


@require_safe
@needs_role(*READERS)
def entry_history(request: TownRequest, key: str, kind: str) -> HttpResponse:
    """All versions of an entry; `?alt=1&neu=3` compares two, otherwise the newest with the one before."""
    entry = access.entry_or_404(kind, key)
    page = queries.page(queries.versions(entry), request.GET.get("seite"))
    older, newer = pair(request, entry)
    for version in page.object_list:
        describe(version, entry)
    context = {
        "words": KINDS[kind], "entry": entry, "page_obj": page, "versions": page.object_list, "may_write": access.may_write(request),
        "old_number": older.number if older else None, "new_number": newer.number if newer else None,
        "changes": in_order(kind, differences(older, newer)) if older and newer else [],
        "compared": _("Unterschiede: Fassung %(old)s und Fassung %(new)s") % {"old": older.number, "new": newer.number} if older and newer else "",
    }  # fmt: skip
    return render(request, "knowledge/entry_history.html", context)


def pair(request: TownRequest, entry: Any) -> tuple[Version | None, Version | None]:
    """The two versions to compare, the older first; a choice that makes no sense falls back to the newest two."""
    values = [request.GET.get(name, "") for name in ("alt", "neu")]
    numbers = [int(value) for value in values if value.isascii() and value.isdigit() and len(value) < 9]
    found = list(queries.versions(entry).filter(number__in=numbers)) if len(set(numbers)) == 2 else []
    if len(found) != 2:
        found = list(queries.versions(entry)[:2])
    return (found[1], found[0]) if len(found) == 2 else (None, found[0] if found else None)


def describe(version: Any, entry: Any) -> None:
    """Words for a row: what was done, whether agents read it, whether it can become the draft again."""
    version.is_current = version.number == entry.published_version
    version.restorable = version.op == Version.OPS.publish and not (version.is_current and not entry.has_changes)
    version.what = _("zurückgezogen") if version.op == Version.OPS.withdraw else published_words(version)


def published_words(version: Version) -> str:
    """“geändert: Kurz gesagt, Suchwörter”."""
    if version.number == 1:
        return _("zum ersten Mal veröffentlicht")
    labels = ", ".join(snapshots.label(version.kind, name) for name in FORM_ORDER if name in version.changed)
    return _("geändert: %(labels)s") % {"labels": labels} if labels else _("wieder veröffentlicht")
