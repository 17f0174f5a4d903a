"""For whom a reported call is, among the municipalities that the source may speak for (telephony scope)."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from telephony_bridge.identify import Dialled, Evidence, Prefix, identify
from telephony_bridge.messages import CtiMessage
from telephony_bridge.models import Source
from tenants.models import Municipality, NumberPrefix

ANSWERED = (Municipality.STATES.live, Municipality.STATES.leaving)  # whose calls are answered under their name


class Called(NamedTuple):
    """The municipality (None: neutral greeting), the dialled number ("" when it could not be read), and what decided."""

    municipality_id: int | None
    number: str
    evidence: dict[str, Any]


def who_was_called(source: Source, message: CtiMessage) -> Called:
    """Only confirmed numbers count. A municipality that is not answered for keeps its number (no shorter prefix may claim it) but not its name.

    A municipality's own exchange speaks for that municipality alone, whatever number it reports.
    """
    members = _members(source)
    answered = {pk for pk, _slug, _name, status, _codes in members if status in ANSWERED}
    prefixes = _prefixes(pk for pk, *_rest in members)
    queues = {text: pk for pk, slug, name, _status, _codes in members for text in (slug, name)}
    area = next((codes[0] for *_rest, codes in members if source.municipality_id and codes), "")
    found = identify(Dialled(to=message.to, queue=message.queue), prefixes, area_code=area, queues=queues)
    key, kind = found.municipality_key, str(found.evidence)
    evidence: dict[str, Any] = {"number": found.number} | _longest(prefixes, key, found.number)
    if key is None and source.municipality_id:
        key, kind = source.municipality_id, "source"
    if key not in answered:
        return Called(None, found.number or "", {"kind": str(Evidence.UNKNOWN), "number": found.number})
    return Called(key, found.number or "", {"kind": kind, **evidence})


def _members(source: Source) -> list[tuple[int, str, str, str, list[str]]]:
    rows = Municipality.objects.filter(centre_id=source.centre_id)
    if source.municipality_id:
        rows = rows.filter(pk=source.municipality_id)
    return list(rows.order_by("pk").values_list("pk", "slug", "name", "status", "area_codes"))


def _prefixes(keys: Iterable[int]) -> list[Prefix[int]]:
    rows = NumberPrefix.objects.filter(municipality_id__in=list(keys), confirmed_at__isnull=False).order_by("prefix")
    return [Prefix(*row) for row in rows.values_list("municipality_id", "prefix", "max_length", "is_did")]


def _longest(prefixes: list[Prefix[int]], key: int | None, number: str | None) -> dict[str, str]:
    """Which of the municipality's numbers it was, for those who wonder later."""
    matching = [p.e164_prefix for p in prefixes if number and p.municipality_key == key and p.matches(number)]
    return {"prefix": max(matching, key=len)} if matching else {}
