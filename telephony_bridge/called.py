"""For whom a reported call is, among the municipalities that the source may speak for (telephony scope)."""

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from telephony_bridge.identify import Dialled, Evidence, Prefix, identify
from telephony_bridge.messages import CtiMessage
from telephony_bridge.models import Source
from tenants.models import Municipality

ANSWERED = (Municipality.STATES.live, Municipality.STATES.leaving)  # whose calls are answered under their name


DIGITS = re.compile(r"(?<![0-9.])[0-9]{3,15}(?![0-9.])")  # no part of an address
NUMBER = ("numbers__confirmed_at", "numbers__prefix", "numbers__max_length", "numbers__is_did")


class Member(NamedTuple):
    """What is needed of a municipality; the names are those of its columns."""

    pk: int
    slug: str
    name: str
    status: str
    area_codes: list[str]


class Called(NamedTuple):
    """The municipality (None: neutral greeting), the dialled number ("" when it could not be read), and what decided."""

    municipality_id: int | None
    number: str
    evidence: dict[str, Any]


def who_was_called(source: Source, message: CtiMessage) -> Called:
    """Only confirmed numbers count. A municipality that is not answered for keeps its number (no shorter prefix may claim it) but not its name.

    A municipality's own exchange speaks for that municipality alone, whatever number it reports.
    """
    members, prefixes = _members(source)
    answered = {member.pk for member in members if member.status in ANSWERED}
    queues = {text: member.pk for member in members for text in (member.slug, member.name)}
    area = members[0].area_codes[0] if source.municipality_id and members and members[0].area_codes else ""
    dialled = Dialled(message.to, message.request_uri, message.diversion, message.history_info, message.queue)
    found = identify(dialled, prefixes, area_code=area, queues=queues)
    key, kind = found.municipality_key, str(found.evidence)
    marks = (
        {"via_115": True} if came_by_115(message, [code for member in members for code in member.area_codes]) else {}
    )
    evidence: dict[str, Any] = {"number": found.number, **marks} | _longest(prefixes, key, found.number)
    if key is None and source.municipality_id:
        key, kind = source.municipality_id, "source"
    if key not in answered:
        return Called(None, found.number or "", {"kind": str(Evidence.UNKNOWN), "number": found.number, **marks})
    return Called(key, found.number or "", {"kind": kind, **evidence})


def came_by_115(message: CtiMessage, area_codes: Iterable[str]) -> bool:
    """Whether the call came by the authorities' number 115, dialled or diverted, with or without an area code."""
    areas = {code.lstrip("0") for code in area_codes if code} | {""}
    known = {f"{head}{area}115" for area in areas for head in ("", "0", "49", "0049")}
    said = (message.to, message.request_uri, *message.diversion, *message.history_info)
    return any(digits in known for text in said for digits in DIGITS.findall(text[:400]))


def _members(source: Source) -> tuple[list[Member], list[Prefix[int]]]:
    """The municipalities that the source may speak for, and their confirmed numbers, in one query."""
    rows = Municipality.objects.filter(centre_id=source.centre_id)
    if source.municipality_id:
        rows = rows.filter(pk=source.municipality_id)
    found: dict[int, Member] = {}
    prefixes: list[Prefix[int]] = []
    for *member, confirmed, prefix, max_length, is_did in rows.order_by("pk", "numbers__prefix").values_list(
        *Member._fields, *NUMBER
    ):
        found.setdefault(member[0], Member(*member))
        if confirmed:
            prefixes.append(Prefix(member[0], prefix, max_length, is_did))
    return list(found.values()), prefixes


def _longest(prefixes: list[Prefix[int]], key: int | None, number: str | None) -> dict[str, str]:
    """Which of the municipality's numbers it was, for those who wonder later."""
    matching = [p.e164_prefix for p in prefixes if number and p.municipality_key == key and p.matches(number)]
    return {"prefix": max(matching, key=len)} if matching else {}
