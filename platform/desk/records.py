"""Calls of which the desk and the exchange's own log say different things, in words (desk scope)."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.core.paginator import Page, Paginator
from django.utils.translation import gettext as _

from telephony_bridge.record.differences import Difference, Kind
from telephony_bridge.record_models import CallRecord

PER_PAGE = 25


@dataclass(frozen=True, slots=True)
class Row:
    """A call with its differences as sentences, and its course as the log has it: (what, seconds, agent)."""

    record: CallRecord
    sentences: list[str]
    course: list[tuple[str, float, str]]


def page_of(centre_ids: Iterable[int], number: str | None, *, is_settled: bool) -> "tuple[Page[CallRecord], list[Row]]":
    """The newest first: the page, and what it shows. Three queries for any page."""
    found = CallRecord.objects.filter(centre_id__in=list(centre_ids), settled_at__isnull=not is_settled)
    found = found.exclude(differences=[]).select_related("call__municipality").prefetch_related("intervals")
    page = Paginator(found.order_by("-began_at", "-id"), PER_PAGE).get_page(number)
    return page, [_row(record) for record in page]


def _row(record: CallRecord) -> Row:
    sentences = [sentence(one) for one in record.differences]
    return Row(record, sentences, [
        (str(one.get_kind_display()), (one.ended_at - one.began_at).total_seconds(), one.agent_name or one.telephone)
        for one in record.intervals.all()
    ])  # fmt: skip


def sentence(difference: Difference) -> str:
    """What differs."""
    desk, log = difference.get("desk"), difference.get("record")
    lengths = {"log": length(log), "desk": length(desk)}
    match difference["kind"]:
        case Kind.MISSING:
            text = _("Am Arbeitsplatz ist dieser Anruf nicht angekommen.")
        case Kind.UNSEEN:
            text = _("Die Telefonanlage hat diesen Anruf nicht aufgezeichnet.")
        case Kind.ANSWERED if log:
            text = _("Er wurde angenommen; am Arbeitsplatz steht, dass niemand abgenommen hat.")
        case Kind.ANSWERED:
            text = _("Niemand hat abgenommen; am Arbeitsplatz steht, dass er angenommen wurde.")
        case Kind.AGENT:
            names = {"log": log or _("niemand"), "desk": desk or _("niemand")}
            text = _("Zuletzt sprach %(log)s; am Arbeitsplatz steht %(desk)s.") % names
        case _ if desk is None:
            text = _("Er dauerte %(log)s; am Arbeitsplatz hat er kein Ende.") % lengths
        case _:
            text = _("Er dauerte %(log)s; am Arbeitsplatz stehen %(desk)s.") % lengths
    return text


def length(seconds: object) -> str:
    """2:09 min."""
    if not isinstance(seconds, int | float):
        return _("unbekannt lange")
    minutes, rest = divmod(max(0, round(seconds)), 60)
    return f"{minutes}:{rest:02} min"
