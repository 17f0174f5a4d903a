"""Hours as people write them, "Mo bis Fr 8 bis 12 Uhr, Do auch 14-17:30", read into a Week; nothing where any word is not understood.

Who is told that somebody can be reached now must be able to rely on it, so a guess is worth less than silence.
"""

import re
from collections.abc import Iterator
from datetime import time
from functools import lru_cache

from tenants.hours import Interval, Week

LONGEST = 200  # characters
_WORDS = re.compile(
    r"""
      (?P<day>(?:mo|di|mi|do|fr|sa|so)\b\.?|(?:montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag)s?\b)
    | (?P<daily>täglich\b)
    | (?P<always>rund\ um\ die\ uhr\b|durchgehend\b)
    | (?P<time>(?P<hour>\d{1,2})(?:[:.](?P<minute>\d{2}))?(?![\d:.]\d)(?:\s*(?:uhr|h)\b)?)
    | (?P<to>bis\b|[-–—])
    | (?P<closed>geschlossen\b|zu\b)
    | (?P<silent>[\s,;/|:&+.]+|(?:und|sowie|oder)(?:\s+nach\s+(?:termin)?vereinbarung)?\b|nach\s+(?:termin)?vereinbarung\b
                |(?:auch|von|uhr|je|jeweils|telefonisch|erreichbar|sprechzeiten|telefonzeiten|öffnungszeiten)\b)
    """,
    re.VERBOSE,
)
_DAYS = ("mo", "di", "mi", "do", "fr", "sa", "so")
Token = tuple[str, int]  # kind; weekday, or minutes since midnight


@lru_cache(1000)
def read_hours(text: str) -> Week | None:
    """The week that a text describes, None when it describes none or says more than is understood."""
    tokens = list(_tokens(text.strip().lower())) if 0 < len(text) <= LONGEST else []
    if not tokens or any(kind == "" for kind, _value in tokens):
        return None
    days: list[list[tuple[int, int]]] = [[] for _ in _DAYS]
    at = 0
    while at < len(tokens):
        chosen, at = _days(tokens, at)
        spans, after = _spans(tokens, at)
        if not chosen or after == at:
            return None
        for day in chosen:
            days[day] = [*days[day], *spans] if spans else []
        at = after
    return Week(tuple(_intervals(spans) for spans in days)) if any(days) else None


def _tokens(text: str) -> Iterator[Token]:
    at = 0
    while at < len(text):
        match = _WORDS.match(text, at)
        if match is None or (at and text[at - 1 : at + 1].isalpha()):
            yield "", 0
            return
        at = match.end()
        kind = match.lastgroup or ""
        if match["time"]:
            yield _time(match)
        elif kind != "silent":
            yield kind, _DAYS.index(match["day"][:2]) if match["day"] else 0


def _time(match: re.Match[str]) -> Token:
    minutes = int(match["hour"]) * 60 + int(match["minute"] or 0)
    return ("time", minutes) if minutes <= 24 * 60 and int(match["minute"] or 0) < 60 else ("", 0)


def _days(tokens: list[Token], at: int) -> tuple[list[int], int]:
    """The weekdays that stand next: "Mo bis Mi, Fr"; and where they end."""
    chosen: list[int] = []
    while at < len(tokens) and tokens[at][0] in {"day", "daily"}:
        kind, first = tokens[at]
        until = [kind for kind, _value in tokens[at + 1 : at + 3]] == ["to", "day"]
        last = tokens[at + 2][1] if until else first
        if last < first:
            return [], at
        chosen += range(7) if kind == "daily" else range(first, last + 1)
        at += 3 if until else 1
    return chosen, at


def _spans(tokens: list[Token], at: int) -> tuple[list[tuple[int, int]], int]:
    """The times that stand next, in minutes; none for "geschlossen"."""
    if at < len(tokens) and tokens[at][0] in {"closed", "always"}:
        return ([(0, 24 * 60)] if tokens[at][0] == "always" else []), at + 1
    spans = []
    while [kind for kind, _value in tokens[at : at + 3]] == ["time", "to", "time"]:
        begin, end = tokens[at][1], tokens[at + 2][1]
        if begin >= end:
            return [], at
        spans.append((begin, end))
        at += 3
    return spans, at


def _intervals(spans: list[tuple[int, int]]) -> tuple[Interval, ...]:
    """In order; what overlaps or touches is one."""
    joined: list[tuple[int, int]] = []
    for begin, end in sorted(spans):
        if joined and begin <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], end)
        else:
            joined.append((begin, end))
    return tuple(Interval(_clock(begin), _clock(end)) for begin, end in joined)


def _clock(minutes: int) -> time:
    return time(minutes // 60 % 24, minutes % 60)
