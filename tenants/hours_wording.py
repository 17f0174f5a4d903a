"""Opening hours in words, as an agent reads them aloud: "heute bis 17:00 Uhr", "öffnet am Montag, 30.11., um 8:00 Uhr"."""

from datetime import date, datetime, time, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.hours import BERLIN, Closed, Hours, Reason

WEEKDAYS = (
    gettext_lazy("Montag"),
    gettext_lazy("Dienstag"),
    gettext_lazy("Mittwoch"),
    gettext_lazy("Donnerstag"),
    gettext_lazy("Freitag"),
    gettext_lazy("Samstag"),
    gettext_lazy("Sonntag"),
)


def opening_text(hours: Hours, at: datetime) -> str:
    """One phrase for the moment `at`: until when it is open, or when it opens next."""
    if hours.is_open(at):
        return closing_phrase(hours.closes_at(at), at)
    return opening_phrase(hours.next_opening(at), at)


def closing_phrase(closes: datetime | None, at: datetime) -> str:
    """ "heute bis 17:00 Uhr", seen at the moment `at`; None never closes."""
    if closes is None:
        return _("durchgehend geöffnet")
    today, last = at.astimezone(BERLIN).date(), closes.astimezone(BERLIN)
    if last.time() == time(0):  # midnight belongs to the day that ends
        day, clock = last.date() - timedelta(days=1), "24:00"
    else:
        day, clock = last.date(), _clock(last)
    values = {"time": clock, "weekday": WEEKDAYS[day.weekday()], "day": _day(day, today)}
    if day == today:
        return _("heute bis %(time)s Uhr") % values
    if day == today + timedelta(days=1):
        return _("bis morgen um %(time)s Uhr") % values
    return _("bis %(weekday)s, %(day)s, um %(time)s Uhr") % values


def opening_phrase(opens: datetime | None, at: datetime) -> str:
    """ "öffnet morgen um 8:00 Uhr", seen at the moment `at`; None does not open in the foreseeable future."""
    if opens is None:
        return _("derzeit keine Öffnung vorgesehen")
    today, moment = at.astimezone(BERLIN).date(), opens.astimezone(BERLIN)
    day = moment.date()
    values = {"time": _clock(moment), "weekday": WEEKDAYS[day.weekday()], "day": _day(day, today)}
    if day == today:
        return _("öffnet heute um %(time)s Uhr") % values
    if day == today + timedelta(days=1):
        return _("öffnet morgen um %(time)s Uhr") % values
    return _("öffnet am %(weekday)s, %(day)s, um %(time)s Uhr") % values


def closed_text(closed: Closed) -> str:
    """Why it is closed: the holiday's or special day's name where one decides, else "Wochenende" and the like."""
    if closed.label:
        return closed.label
    return {
        Reason.SPECIAL_DAY: _("besonderer Tag"),
        Reason.HOLIDAY: _("Feiertag"),
        Reason.WEEKEND: _("Wochenende"),
        Reason.DAY_OFF: _("an diesem Wochentag geschlossen"),
        Reason.BEFORE_HOURS: _("noch nicht geöffnet"),
        Reason.BREAK: _("Mittagspause"),
        Reason.AFTER_HOURS: _("Servicezeit beendet"),
    }[closed.reason]


def _clock(moment: datetime) -> str:
    return f"{moment.hour}:{moment:%M}"


def _day(day: date, today: date) -> str:
    """30.11., with the year when it is another one."""
    return f"{day.day}.{day.month}." if day.year == today.year else f"{day.day}.{day.month}.{day.year}"
