"""Which municipality was called: the evidence of a call in, the municipality, the deciding evidence and the number out.

The order is fixed: the centre's own DID of a municipality in the Request-URI; the newest diverting number that matches
(Diversion, RFC 5806, then History-Info, RFC 7044); Request-URI; To; the queue's name; unknown. SIP headers are taken raw,
because exchanges join several in one line and libraries drop what follows the comma. Nothing here raises.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from telephony_bridge.numbers import to_e164

K = TypeVar("K")  # what names a municipality: the caller's primary key, or a slug
_LONGEST_HEADER = 4000
_MOST_ENTRIES = 30
_ENTRY = re.compile(r"(?:<[^>]*(?:>|\Z)|[^,<])+")  # commas inside <...> do not part; linear whatever comes
_INDEX = re.compile(r";\s*index\s*=\s*([0-9]{1,6}(?:\.[0-9]{1,6}){0,20})", re.IGNORECASE)


class Evidence(StrEnum):
    """What decided for whom a call is; stored with the call."""

    DID = "did"
    DIVERSION = "diversion"
    HISTORY_INFO = "history_info"
    REQUEST_URI = "request_uri"
    TO = "to"
    QUEUE = "queue"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Dialled:
    """Everything that says what was dialled, as it came. Headers in the order of the message, the topmost first."""

    to: str = ""
    request_uri: str = ""
    diversion: Sequence[str] = ()
    history_info: Sequence[str] = ()
    queue: str = ""


@dataclass(frozen=True, slots=True)
class Prefix(Generic[K]):
    """Numbers of a municipality: all that begin with `e164_prefix` and have at most `max_length` digits, + not counted.

    02921 30 is short: without the limit it would claim every subscriber of Soest whose number begins with 30.
    """

    municipality_key: K
    e164_prefix: str
    max_length: int = 15
    is_did: bool = False

    def matches(self, e164: str) -> bool:
        """Whether `e164` ("+4929211030") is one of these numbers."""
        return e164.startswith(self.e164_prefix) and len(e164) - 1 <= self.max_length


@dataclass(frozen=True, slots=True)
class Identified(Generic[K]):
    """The municipality (None: unknown, neutral greeting), what decided, and the number that did (E.164, where there is one)."""

    municipality_key: K | None
    evidence: Evidence
    number: str | None = None


def identify(
    dialled: Dialled, prefixes: Iterable[Prefix[K]], *, area_code: str = "", queues: Mapping[str, K] | None = None
) -> Identified[K]:
    """For whom a call is.

    `prefixes` are the confirmed numbers of live municipalities, each prefix once; `area_code` completes local numbers;
    `queues` maps names of queues to municipalities, for exchanges that tell those instead of numbers (also in `to`).
    """
    known = tuple(prefixes)
    target = to_e164(dialled.request_uri, area_code=area_code)
    for evidence, number in _numbers(dialled, target, area_code):
        found = _longest(number, known)
        if evidence is Evidence.DID and (found is None or not found.is_did):
            continue
        if found is not None:
            return Identified(found.municipality_key, evidence, number)
    called = target or to_e164(dialled.to, area_code=area_code)
    key = _of_queue(dialled, queues or {})
    return Identified(key, Evidence.UNKNOWN if key is None else Evidence.QUEUE, called)


def _numbers(dialled: Dialled, target: str | None, area_code: str) -> Iterator[tuple[Evidence, str]]:
    """The numbers of a call in the order in which they decide."""
    if target:
        yield Evidence.DID, target
    for entry in _entries(dialled.diversion):  # RFC 5806: the newest diversion is put on top
        if number := _number(entry, area_code):
            yield Evidence.DIVERSION, number
    for number in _earlier_targets(dialled.history_info, target, area_code):
        yield Evidence.HISTORY_INFO, number
    if target:
        yield Evidence.REQUEST_URI, target
    if number := to_e164(dialled.to, area_code=area_code):
        yield Evidence.TO, number


def _earlier_targets(headers: Sequence[str], target: str | None, area_code: str) -> list[str]:
    """The numbers that a call went through before the present target, newest first, by the index of RFC 7044."""
    by_age = sorted(_entries(headers), key=_index)
    numbers = [number for entry in by_age if (number := _number(entry, area_code))]
    # The newest entry is the present target. A last hop that adds none leaves its predecessor there, which is evidence.
    if numbers and (numbers[-1] == target or (target is None and len(numbers) > 1)):
        numbers.pop()
    return numbers[::-1]


def _entries(headers: Sequence[str]) -> list[str]:
    """The entries of all headers of one name, in order; several may be joined by commas in one line."""
    found = (entry.strip() for header in headers for entry in _ENTRY.findall(_without_names(header[:_LONGEST_HEADER])))
    return [entry for entry in found if entry][:_MOST_ENTRIES]


def _without_names(header: str) -> str:
    """`header` without quoted names, which may hold commas and brackets; of an odd number of quotes none counts."""
    plain = re.sub(r"\\.", "", header)
    return plain.replace('"', "") if plain.count('"') % 2 else re.sub(r'"[^"]*"', "", plain)


def _number(entry: str, area_code: str) -> str | None:
    """The number of `<sip:…>;param` or `sip:…;param`."""
    _before, bracket, inside = entry.partition("<")
    return to_e164(inside.partition(">")[0] if bracket else entry, area_code=area_code)


def _index(entry: str) -> tuple[int, ...]:
    found = _INDEX.search(entry)
    return tuple(int(part) for part in found[1].split(".")) if found else ()


def _longest(e164: str, prefixes: Iterable[Prefix[K]]) -> Prefix[K] | None:
    return max((p for p in prefixes if p.matches(e164)), key=lambda p: len(p.e164_prefix), default=None)


def _of_queue(dialled: Dialled, queues: Mapping[str, K]) -> K | None:
    names = {name.strip().casefold(): key for name, key in queues.items()}
    return next(
        (names[said] for text in (dialled.queue, dialled.to) if (said := text.strip().casefold()) in names), None
    )
