"""Dates and times as people here write them: "Di, 17.11., 9:12". Shown in the time zone of settings (Europe/Berlin)."""

import datetime
from collections.abc import Mapping

from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

WEEKDAYS = {"de": ("Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"), "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")}
LONG_WEEKDAYS = {
    "de": ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
Moment = datetime.date | datetime.datetime


def _words(table: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The table's row for the active language, German if it has none."""
    return table.get((get_language() or "de")[:2], table["de"])


def local(moment: Moment) -> Moment:
    """An aware moment in the shown time zone; dates and naive moments stay as they are."""
    if isinstance(moment, datetime.datetime) and timezone.is_aware(moment):
        return timezone.localtime(moment)
    return moment


def day_of(moment: Moment) -> datetime.date:
    """The calendar day on which a moment falls here."""
    moment = local(moment)
    return moment.date() if isinstance(moment, datetime.datetime) else moment


def date_text(moment: Moment) -> str:
    """03.11.2026"""
    day = day_of(moment)
    return f"{day.day:02}.{day.month:02}.{day.year}"


def time_text(moment: datetime.datetime | datetime.time) -> str:
    """9:12, without a leading zero."""
    shown = local(moment) if isinstance(moment, datetime.datetime) else moment
    assert isinstance(shown, datetime.datetime | datetime.time)
    return f"{shown.hour}:{shown.minute:02}"


def short_date_text(moment: Moment) -> str:
    """Di, 17.11.; with the year when it is not this one."""
    day = day_of(moment)
    year = "" if day.year == timezone.localdate().year else str(day.year)
    return f"{_words(WEEKDAYS)[day.weekday()]}, {day.day:02}.{day.month:02}.{year}"


def datetime_text(moment: datetime.datetime) -> str:
    """Di, 17.11., 9:12; with the year when it is not this one."""
    return f"{short_date_text(moment)}, {time_text(moment)}"


def when_text(moment: datetime.datetime) -> str:
    """heute 10:14, gestern 9:40, Freitag (within a week), else Di, 17.11."""
    day, today = day_of(moment), timezone.localdate()
    match (today - day).days:
        case 0:
            return _("heute %(time)s") % {"time": time_text(moment)}
        case 1:
            return _("gestern %(time)s") % {"time": time_text(moment)}
        case days if 1 < days < 7:
            return _words(LONG_WEEKDAYS)[day.weekday()]
    return short_date_text(moment)


def since_text(moment: Moment) -> str:
    """seit 4 Minuten; hours from 60 minutes, days from 24 hours, the date from 14 days. The future counts as now."""
    if not isinstance(moment, datetime.datetime):
        days = (timezone.localdate() - moment).days
        return _("seit heute") if days < 1 else _since_days(days, moment)
    minutes = max(0, int((timezone.now() - moment).total_seconds() // 60))
    if minutes < 1:
        return _("seit eben")
    if minutes < 60:
        return ngettext("seit %(n)s Minute", "seit %(n)s Minuten", minutes) % {"n": minutes}
    if minutes < 24 * 60:
        return ngettext("seit %(n)s Stunde", "seit %(n)s Stunden", minutes // 60) % {"n": minutes // 60}
    return _since_days(minutes // (24 * 60), moment)


def _since_days(days: int, moment: Moment) -> str:
    if days < 14:
        return ngettext("seit %(n)s Tag", "seit %(n)s Tagen", days) % {"n": days}
    return _("seit %(date)s") % {"date": date_text(moment)}
