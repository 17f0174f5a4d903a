"""Missing knowledge: an agent reports it from the desk, the municipality's editors take, answer or decline it, the agent is told.

Reporting and `mark_gap_seen` run in the desk's scope, the rest in the municipality's; row-level security keeps strangers' rows away.
"""

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from knowledge.models import Publication
from knowledge.pool.models import Gap, SearchEntry
from knowledge.validation import UNREADABLE
from tenants import audit, events
from tenants.audit import Actor
from tenants.errors import Refusal
from tenants.models import Municipality, ServiceCentre

LONGEST = {"title": 200, "text": 1000, "query": 200, "call_id": 40}


def report_gap(  # noqa: PLR0913 - what an agent knows when something is missing
    *,
    municipality: Municipality,
    centre: ServiceCentre,
    title: str,
    acting_user: Actor,
    text: str = "",
    query: str = "",
    call_id: str = "",
    entry: SearchEntry | None = None,
) -> Gap:
    """Report missing knowledge to a municipality (desk scope). `entry` is the article that was open. Raises Refusal without a title."""
    if not title.strip():
        raise Refusal(_("Sagen Sie in wenigen Worten, was gefehlt hat."))
    if municipality.centre_id != centre.pk:
        raise Refusal(_("%(name)s gehört nicht zu diesem Servicecenter.") % {"name": municipality.name})
    words = {"title": title, "text": text, "query": query, "call_id": call_id}
    with transaction.atomic():
        gap = Gap.objects.create(
            municipality=municipality,
            centre=centre,
            entry_kind=entry.kind if entry else "",
            entry_key=entry.key if entry else "",
            reported_by=acting_user.pk,
            reported_by_name=str(acting_user.name)[:120],
            **{name: UNREADABLE.sub(" ", value).strip()[: LONGEST[name]] for name, value in words.items()},
        )
        _tell("report_gap", gap, acting_user, op="new")
    return gap


def take_gap(gap: Gap, *, acting_user: Actor) -> Gap:
    """An editor works on it (municipality scope). Raises Refusal when it is closed already."""
    with transaction.atomic():
        return _change(_open(gap), "take_gap", acting_user, state=Gap.STATES.in_progress)


def answer_gap(gap: Gap, *, entry_kind: str, entry_key: str, acting_user: Actor, note: str = "") -> Gap:
    """Answered by a published article or contact, or, with an empty `entry_kind`, by the note alone (municipality scope).

    Raises Refusal when it is closed already, when the entry is not published (the agent could not open it), or when nothing is said.
    """
    if entry_kind and not Publication.objects.filter(kind=entry_kind, key=entry_key).exists():
        raise Refusal(
            _(
                "Der Eintrag ist nicht veröffentlicht, das Servicecenter sieht ihn nicht. Veröffentlichen Sie ihn zuerst."
            )
        )
    if not entry_kind and not note.strip():
        raise Refusal(_("Wählen Sie einen Artikel oder schreiben Sie eine Antwort."))
    with transaction.atomic():
        values = {"answer_kind": entry_kind, "answer_key": entry_key if entry_kind else ""}
        return _close(gap, "answer_gap", acting_user, state=Gap.STATES.answered, note=note, **values)


def decline_gap(gap: Gap, *, note: str, acting_user: Actor) -> Gap:
    """Nothing needs to be written; the note says why (municipality scope). Raises Refusal without one, or when it is closed already."""
    if not note.strip():
        raise Refusal(_("Sagen Sie dem Servicecenter kurz, warum kein Artikel nötig ist."))
    with transaction.atomic():
        return _close(gap, "decline_gap", acting_user, state=Gap.STATES.declined, note=note)


def mark_gap_seen(gap: Gap, *, acting_user: Actor) -> bool:
    """The agent who asked has read the answer (desk scope); False when it was not theirs, or read before."""
    with transaction.atomic():
        own = Gap.objects.filter(pk=gap.pk, reported_by=acting_user.pk, seen_at=None)
        return bool(own.update(seen_at=timezone.now()))


def _open(gap: Gap) -> Gap:
    """The stored gap, locked; two editors cannot answer it at once."""
    fresh = Gap.objects.select_for_update(of=("self",)).filter(pk=gap.pk).first()
    if fresh is None:
        raise Refusal(_("Diese Meldung gibt es nicht mehr."))
    if fresh.state in (Gap.STATES.answered, Gap.STATES.declined):
        raise Refusal(_("%(who)s hat diese Meldung schon bearbeitet.") % {"who": fresh.answered_by_name})
    return fresh


def _close(gap: Gap, action: str, acting_user: Actor, *, state: str, note: str, **values: Any) -> Gap:
    return _change(
        _open(gap),
        action,
        acting_user,
        state=state,
        answer_note=UNREADABLE.sub(" ", note).strip()[:400],
        answered_by_name=str(acting_user.name)[:120],
        answered_at=timezone.now(),
        **values,
    )


def _change(gap: Gap, action: str, acting_user: Actor, **values: Any) -> Gap:
    before = audit.state(gap, *values)
    for name, value in values.items():
        setattr(gap, name, value)
    gap.save(update_fields=list(values))
    _tell(action, gap, acting_user, op=str(gap.state), before=before, after=values)
    return gap


def _tell(action: str, gap: Gap, acting_user: Actor, *, op: str, **states: Any) -> None:
    audit.record(action, gap, acting_user=acting_user, municipality=gap.municipality_id, centre=gap.centre_id, **states)
    events.tell_centre(gap.centre_id, "gap", gap.pk, op)
