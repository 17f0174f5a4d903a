"""Opening hours as lines of the dialplan, so that a caller is told the truth while nothing of ours runs.

GotoIfTime knows no year, so a day that differs from the week is an extension of its own, named by its date (20261224). Times are inclusive there:
what closes at 12:00 is open through 11:59. Wall clock of Europe/Berlin, as everywhere; Asterisk's machine needs its time zones (tzdata).
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from itertools import groupby

from telephony_bridge.asterisk.configuration import escaping
from tenants.hours import HORIZON_DAYS, Hours, Interval, holiday

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTE = timedelta(minutes=1)


def week_lines(hours: Hours) -> list[str]:
    """The week's openings: what leads to `open`. They follow an extension's first line."""
    spans = sorted({interval for day in hours.week.days for interval in day})
    return [
        f" same => n,{_when(interval, run)}"
        for interval in spans
        for run in _runs([day for day in range(7) if interval in hours.week.days[day]])
    ]


def day_lines(hours: Hours, today: date) -> list[str]:
    """An extension for each day of the next 400 that is a special day, or a holiday on which it would be open else."""
    lines: list[str] = []
    for day in (today + timedelta(days=number) for number in range(HORIZON_DAYS)):
        special = hours.special_days.get(day)
        label = special.label if special else holiday(day, hours.state)
        if special is None and not (label and hours.week.days[day.weekday()]):
            continue
        lines += _day(day, escaping.text(label), hours.intervals(day))
    return lines


def _day(day: date, label: str, intervals: Iterable[Interval]) -> Iterator[str]:
    name = f"{day:%Y%m%d}"
    yield f"exten => {name},1,NoOp()  ; {day:%d.%m.%Y} {label}".rstrip()
    yield from (f" same => n,{_when(interval, '*')}" for interval in intervals)
    yield " same => n,Goto(closed,1)"


def _when(interval: Interval, days: str) -> str:
    closes = datetime.combine(date.max, interval.closes)  # 24:00 is 0:00 here, and the minute before it 23:59
    until = f"{closes - MINUTE:%H:%M}"
    return f"GotoIfTime({interval.opens:%H:%M}-{until},{days},*,*,Europe/Berlin?open,1)"


def _runs(days: list[int]) -> Iterator[str]:
    """Weekdays in a row: mon-fri."""
    for _key, group in groupby(enumerate(days), lambda pair: pair[1] - pair[0]):
        run = [day for _at, day in group]
        yield DAYS[run[0]] if len(run) == 1 else f"{DAYS[run[0]]}-{DAYS[run[-1]]}"
