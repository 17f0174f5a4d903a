"""Opening hours: is it open at this moment, until when, when next, why not, and when are N service hours over.

Wall-clock times are those of Europe/Berlin. Every `at` is an aware datetime of any zone; every datetime that comes back is in
Europe/Berlin. Inside, moments are compared in UTC, because Python compares two datetimes of one zone by the wall clock and so gets
the night wrong in which the clocks go back. What to say about it in German is in tenants.hours_wording.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

import holidays
from django.utils.translation import gettext as _

from tenants.identifiers import LAENDER

BERLIN = ZoneInfo("Europe/Berlin")
HORIZON_DAYS = 400  # beyond it nobody plans; None is the answer
_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_MIDNIGHT = time(0)


class Interval(NamedTuple):
    """Open from `opens` up to, not including, `closes`; a `closes` of 00:00 is the end of the day."""

    opens: time
    closes: time


class Span(NamedTuple):
    """The moments, in UTC, from `start` up to, not including, `end`."""

    start: datetime
    end: datetime


class Reason(StrEnum):
    """Why it is closed at a moment."""

    SPECIAL_DAY = "special_day"
    HOLIDAY = "holiday"
    WEEKEND = "weekend"
    DAY_OFF = "day_off"  # a working day without hours
    BEFORE_HOURS = "before_hours"
    BREAK = "break"
    AFTER_HOURS = "after_hours"


class Closed(NamedTuple):
    """Why it is closed, with the name of the holiday or special day that decides (else empty)."""

    reason: Reason
    label: str = ""


@dataclass(frozen=True, slots=True)
class Week:
    """The intervals of each weekday, Monday first, in order and without overlap."""

    days: tuple[tuple[Interval, ...], ...] = ((),) * 7

    @classmethod
    def parse(cls, stored: object) -> "Week":
        """A week from its stored form (JSON), {"0": [["08:00", "12:00"], ["13:00", "17:00"]]}; Monday is "0".

        Raises ValueError with a German sentence.
        """
        if not isinstance(stored, Mapping) or not set(stored) <= set("0123456"):
            raise ValueError(_("Servicezeiten stehen je Wochentag unter 0 (Montag) bis 6 (Sonntag)."))
        return cls(tuple(parse_intervals(stored.get(str(weekday), ())) for weekday in range(7)))

    def as_json(self) -> dict[str, list[list[str]]]:
        """The stored form; weekdays without hours are left out."""
        return {str(weekday): intervals_as_json(day) for weekday, day in enumerate(self.days) if day}


@dataclass(frozen=True, slots=True)
class SpecialDay:
    """A day that differs from the week and beats a public holiday; without intervals it is closed."""

    day: date
    label: str
    intervals: tuple[Interval, ...] = ()


@dataclass(frozen=True, slots=True)
class Hours:
    """Week, special days and the public holidays of a Land (two letters, "NW"), which are closed.

    Raises ValueError for an unknown Land.
    """

    week: Week
    state: str = "NW"
    special_days: Mapping[date, SpecialDay] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.state not in LAENDER.values():
            raise ValueError(
                _("Das Land %(state)s gibt es nicht; gemeint ist ein Kürzel wie NW.") % {"state": self.state}
            )

    @classmethod
    def of(cls, week: Week, state: str = "NW", *, special_days: Iterable[SpecialDay] = ()) -> "Hours":
        """Hours from any collection of special days; of two for one day the later wins."""
        return cls(week, state, {special.day: special for special in special_days})

    def intervals(self, day: date) -> tuple[Interval, ...]:
        """When it is open on `day`: the special day's times, nothing on a public holiday, else the week's."""
        special = self.special_days.get(day)
        if special is not None:
            return special.intervals
        return () if holiday(day, self.state) else self.week.days[day.weekday()]

    def is_open(self, at: datetime) -> bool:
        """Whether it is open at the moment `at`."""
        moment = at.astimezone(UTC)
        return any(start <= moment < end for start, end in self._day_spans(_local_date(at)))

    def next_opening(self, at: datetime) -> datetime | None:
        """The first moment after `at` at which it opens; None when there is none within 400 days."""
        moment = at.astimezone(UTC)
        return next((start.astimezone(BERLIN) for start, _end in self._spans_from(at) if start > moment), None)

    def closes_at(self, at: datetime) -> datetime | None:
        """When the opening that contains `at` ends; None when it is closed, or does not close within 400 days."""
        moment, horizon = at.astimezone(UTC), _day_start(_local_date(at) + timedelta(days=HORIZON_DAYS))
        for start, end in self._spans_from(at):
            if start <= moment < end:
                return None if end >= horizon else end.astimezone(BERLIN)
            if start > moment:
                break
        return None

    def why_closed(self, at: datetime) -> Closed | None:
        """Why it is closed at `at`, None when it is open. The name of a day says more than the hour, so it comes first."""
        if self.is_open(at):
            return None
        day = _local_date(at)
        special = self.special_days.get(day)
        if special is not None:
            return Closed(Reason.SPECIAL_DAY, special.label)
        if name := holiday(day, self.state):
            return Closed(Reason.HOLIDAY, name)
        spans = list(self._day_spans(day))
        if not spans:
            return Closed(Reason.WEEKEND if day.weekday() >= 5 else Reason.DAY_OFF)
        moment = at.astimezone(UTC)
        if moment < spans[0].start:
            return Closed(Reason.BEFORE_HOURS)
        return Closed(Reason.AFTER_HOURS if moment >= spans[-1].end else Reason.BREAK)

    def add_service_time(self, start: datetime, amount: timedelta) -> datetime | None:
        """The moment at which `amount` of open time has passed since `start`; None when 400 days do not hold so much.

        It lies in open time or at its end: what is due after the last hour of a day is due at closing time, not at the next
        opening. With an `amount` of 0, `start` itself when it is open, else the next opening. Raises ValueError for less than 0.
        """
        if amount < timedelta(0):
            raise ValueError("service time cannot be negative")
        moment, left = start.astimezone(UTC), amount
        for opens, closes in self._spans_from(start):
            begin = max(opens, moment)
            if begin < closes and left <= closes - begin:
                return (begin + left).astimezone(BERLIN)
            left -= max(closes - begin, timedelta(0))
        return None

    def service_time_between(self, start: datetime, end: datetime) -> timedelta:
        """How much open time lies between two moments; 0 when `end` is not after `start`."""
        first, last = start.astimezone(UTC), end.astimezone(UTC)
        days = (_local_date(end) - _local_date(start)).days + 1
        total = timedelta(0)
        for opens, closes in self._spans(_local_date(start), days):
            total += max(min(closes, last) - max(opens, first), timedelta(0))
        return total

    def _spans_from(self, at: datetime) -> Iterator[Span]:
        return self._spans(_local_date(at), HORIZON_DAYS + 1)

    def _spans(self, first: date, days: int) -> Iterator[Span]:
        """Openings of `days` days in order; those that touch (24:00 and 0:00 of the next day) are one."""
        pending: Span | None = None
        for number in range(days):
            for span in self._day_spans(first + timedelta(days=number)):
                if pending is not None and span.start <= pending.end:
                    pending = Span(pending.start, max(pending.end, span.end))
                    continue
                if pending is not None:
                    yield pending
                pending = span
        if pending is not None:
            yield pending

    def _day_spans(self, day: date) -> Iterator[Span]:
        for opens, closes in self.intervals(day):
            start = _moment(day, opens, fold=0)
            end = _day_start(day + timedelta(days=1)) if closes == _MIDNIGHT else _moment(day, closes, fold=1)
            if start < end:  # an interval inside the hour that the clocks skip does not exist
                yield Span(start, end)


def holiday(day: date, state: str) -> str:
    """The German name of the public holiday that `day` is in the Land `state`, "" when it is none."""
    return _holidays(day.year, state).get(day, "")


@lru_cache(maxsize=64)
def _holidays(year: int, state: str) -> dict[date, str]:
    return dict(holidays.country_holidays("DE", subdiv=state, years=year, language="de"))


def parse_intervals(stored: object) -> tuple[Interval, ...]:
    """Intervals of one day from their stored form (JSON), [["08:00", "12:00"], …], sorted.

    Raises ValueError with a German sentence.
    """
    if not isinstance(stored, list | tuple) or not all(_is_pair(pair) for pair in stored):
        raise ValueError(_("Zeiten stehen als Paare von Beginn und Ende: 08:00 bis 12:00."))
    intervals = tuple(sorted(_interval(*pair) for pair in stored))
    for earlier, later in pairwise(intervals):
        if earlier.closes == _MIDNIGHT or later.opens < earlier.closes:
            values = {"one": interval_text(earlier), "other": interval_text(later)}
            raise ValueError(_("Die Zeiten %(one)s und %(other)s überschneiden sich.") % values)
    return intervals


def intervals_as_json(intervals: Iterable[Interval]) -> list[list[str]]:
    """The stored form of one day's intervals."""
    return [[f"{opens:%H:%M}", _closing_text(closes)] for opens, closes in intervals]


def interval_text(interval: Interval) -> str:
    """An interval as people write it: "08:00–17:00"."""
    return f"{interval.opens:%H:%M}–{_closing_text(interval.closes)}"


def _is_pair(pair: object) -> bool:
    return isinstance(pair, list | tuple) and len(pair) == 2 and all(isinstance(part, str) for part in pair)


def _interval(opens: str, closes: str) -> Interval:
    to_the_end = closes.strip() == "24:00"
    begin, end = _time(opens), _MIDNIGHT if to_the_end else _time(closes)
    if begin >= end and not to_the_end:
        raise ValueError(
            _("%(opens)s bis %(closes)s: Das Ende liegt nicht nach dem Beginn.") % {"opens": opens, "closes": closes}
        )
    return Interval(begin, end)


def _time(text: str) -> time:
    found = _TIME.fullmatch(text.strip())
    if found is None:
        raise ValueError(_("%(text)s ist keine Uhrzeit; richtig ist zum Beispiel 08:00.") % {"text": text[:20]})
    return time(int(found[1]), int(found[2]))


def _closing_text(closes: time) -> str:
    return "24:00" if closes == _MIDNIGHT else f"{closes:%H:%M}"


def _local_date(at: datetime) -> date:
    if at.tzinfo is None:
        raise ValueError("opening hours need an aware datetime")
    return at.astimezone(BERLIN).date()


def _day_start(day: date) -> datetime:
    return _moment(day, _MIDNIGHT, fold=0)


def _moment(day: date, wall: time, *, fold: int) -> datetime:
    """The moment, in UTC, at which Berlin's clocks show `wall`; of two such moments the first (fold 0) or the second (fold 1)."""
    moment = datetime.combine(day, wall, BERLIN).replace(fold=fold).astimezone(UTC)
    if moment.astimezone(BERLIN).time() == wall:
        return moment
    # The clocks skip this time. They go from one full hour to the next, so the skipped times all stand for that next hour.
    return datetime.combine(day, time(wall.hour + 1), BERLIN).astimezone(UTC)
