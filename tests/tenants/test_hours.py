"""Opening hours: weeks, half days, holidays of a Land, special days, the nights in which the clocks change, year ends."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.hours import (
    BERLIN,
    Closed,
    Hours,
    Interval,
    Reason,
    SpecialDay,
    Week,
    holiday,
    interval_text,
    intervals_as_json,
    parse_intervals,
)

# Mon-Wed 8-17, Thu 8-18, Fri 8-13: the founding centre.
SOEST = Week.parse({**{d: [["08:00", "17:00"]] for d in "012"}, "3": [["08:00", "18:00"]], "4": [["08:00", "13:00"]]})
SPLIT = Week.parse({d: [["13:00", "17:00"], ["8:00", "12:00"]] for d in "01234"})
ALWAYS = Week.parse({d: [["00:00", "24:00"]] for d in "0123456"})


def at(text: str, *, fold: int = 0) -> datetime:
    """A moment by Berlin's clocks."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold)


def same(one: datetime | None, other: datetime | None) -> bool:
    """Whether both are the same moment; compared in UTC, where the doubled hour is two."""
    return one is not None and other is not None and one.astimezone(UTC) == other.astimezone(UTC)


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-11-25 07:59:59.999999", False),
        ("2026-11-25 08:00", True),
        ("2026-11-25 16:59:59.999999", True),
        ("2026-11-25 17:00", False),
        ("2026-11-26 17:30", True),  # Thursday
        ("2026-11-27 13:00", False),  # Friday is a half day
        ("2026-11-28 10:00", False),
        ("2026-06-04 10:00", False),  # Fronleichnam, a Thursday
    ],
)
def test_is_open(moment: str, is_open: bool) -> None:
    assert Hours(SOEST).is_open(at(moment)) is is_open


def test_moments_of_other_zones_are_understood() -> None:
    assert Hours(SOEST).is_open(datetime(2026, 11, 25, 7, 0, tzinfo=UTC))
    assert not Hours(SOEST).is_open(datetime(2026, 7, 1, 5, 59, tzinfo=UTC))
    assert Hours(SOEST).is_open(datetime(2026, 7, 1, 6, 0, tzinfo=UTC))  # summer time
    assert Hours(SOEST).is_open(datetime.fromisoformat("2026-11-25T22:00:00-11:00"))  # Thursday 10:00 here
    assert not Hours(SOEST).is_open(datetime.fromisoformat("2026-11-28T10:00:00+14:00"))  # Friday 21:00 here


def test_a_naive_moment_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        Hours(SOEST).is_open(datetime(2026, 11, 25, 10, 0))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        ("2026-11-25 07:00", "2026-11-25 08:00"),
        ("2026-11-25 08:00", "2026-11-26 08:00"),  # open already: the one after
        ("2026-11-25 12:00", "2026-11-26 08:00"),
        ("2026-11-27 13:00", "2026-11-30 08:00"),  # over the weekend
        ("2026-12-24 17:30", "2026-12-28 08:00"),
        ("2026-12-31 18:00", "2027-01-04 08:00"),  # New Year's Day is a Friday
        ("2026-04-02 18:00", "2026-04-07 08:00"),  # Karfreitag, weekend, Ostermontag
        ("2026-03-27 14:00", "2026-03-30 08:00"),  # the clocks go forward on the Sunday
        ("2026-10-23 14:00", "2026-10-26 08:00"),  # and back
    ],
)
def test_next_opening(moment: str, opens: str) -> None:
    assert same(Hours(SOEST).next_opening(at(moment)), at(opens))


def test_no_opening_within_400_days() -> None:
    hours = Hours.of(Week(), special_days=[SpecialDay(date(2028, 1, 3), "Probe", (Interval(time(8), time(9)),))])
    assert hours.next_opening(at("2026-11-25 10:00")) is None
    assert same(hours.next_opening(at("2026-11-30 10:00")), at("2028-01-03 08:00"))
    assert Hours(Week()).closes_at(at("2026-11-25 10:00")) is None


@pytest.mark.parametrize(
    ("moment", "closes"),
    [
        ("2026-11-25 08:00", "2026-11-25 17:00"),
        ("2026-11-26 12:00", "2026-11-26 18:00"),
        ("2026-11-27 12:59", "2026-11-27 13:00"),
    ],
)
def test_closes_at(moment: str, closes: str) -> None:
    assert same(Hours(SOEST).closes_at(at(moment)), at(closes))


def test_closes_at_is_none_when_closed() -> None:
    assert Hours(SOEST).closes_at(at("2026-11-25 17:00")) is None
    assert Hours(SOEST).closes_at(at("2026-11-28 12:00")) is None


def test_several_intervals_a_day() -> None:
    hours = Hours(SPLIT)
    assert hours.is_open(at("2026-11-25 11:59"))
    assert same(hours.closes_at(at("2026-11-25 09:00")), at("2026-11-25 12:00"))
    assert hours.why_closed(at("2026-11-25 12:00")) == Closed(Reason.BREAK)
    assert same(hours.next_opening(at("2026-11-25 12:30")), at("2026-11-25 13:00"))
    assert same(hours.next_opening(at("2026-11-25 09:00")), at("2026-11-25 13:00"))


@pytest.mark.parametrize(
    ("moment", "closed"),
    [
        ("2026-11-25 10:00", None),
        ("2026-11-25 07:00", Closed(Reason.BEFORE_HOURS)),
        ("2026-11-25 17:00", Closed(Reason.AFTER_HOURS)),
        ("2026-11-28 10:00", Closed(Reason.WEEKEND)),
        ("2026-06-04 10:00", Closed(Reason.HOLIDAY, "Fronleichnam")),
        ("2026-10-03 10:00", Closed(Reason.HOLIDAY, "Tag der Deutschen Einheit")),  # a Saturday: the name says more
        ("2026-12-24 10:00", Closed(Reason.SPECIAL_DAY, "Heiligabend")),
        ("2026-12-31 13:00", Closed(Reason.SPECIAL_DAY, "Silvester")),  # open until 12 on that day
    ],
)
def test_why_closed(moment: str, closed: Closed | None) -> None:
    special = [
        SpecialDay(date(2026, 12, 24), "Heiligabend"),
        SpecialDay(date(2026, 12, 31), "Silvester", parse_intervals([["08:00", "12:00"]])),
    ]
    assert Hours.of(SOEST, special_days=special).why_closed(at(moment)) == closed


def test_a_working_day_without_hours() -> None:
    assert Hours(Week.parse({"0": [["08:00", "12:00"]]})).why_closed(at("2026-11-25 10:00")) == Closed(Reason.DAY_OFF)


def test_special_day_beats_holiday_and_week() -> None:
    election = SpecialDay(
        date(2026, 11, 1), "Wahlsonntag", parse_intervals([["08:00", "18:00"]])
    )  # Allerheiligen, and a Sunday
    hours = Hours.of(SOEST, special_days=[election])
    assert holiday(election.day, "NW") == "Allerheiligen"
    assert hours.is_open(at("2026-11-01 09:00"))
    assert same(hours.next_opening(at("2026-10-31 09:00")), at("2026-11-01 08:00"))
    assert same(hours.closes_at(at("2026-11-01 09:00")), at("2026-11-01 18:00"))


def test_holidays_are_those_of_the_land() -> None:
    moment = at("2026-06-04 10:00")
    assert not Hours(SOEST, "NW").is_open(moment)
    assert Hours(SOEST, "HH").is_open(moment)
    with pytest.raises(ValueError, match="Das Land XX gibt es nicht"):
        Hours(SOEST, "XX")


def test_touching_intervals_over_midnight_are_one_opening() -> None:
    night = Hours(Week.parse({"0": [["20:00", "24:00"]], "1": [["00:00", "06:00"]]}))
    assert night.is_open(at("2026-11-23 23:59:59"))
    assert night.is_open(at("2026-11-24 00:00"))
    assert same(night.closes_at(at("2026-11-23 21:00")), at("2026-11-24 06:00"))
    assert same(night.next_opening(at("2026-11-23 21:00")), at("2026-11-30 20:00"))
    assert night.why_closed(at("2026-11-24 06:00")) == Closed(Reason.AFTER_HOURS)


def test_always_open_never_closes_nor_opens() -> None:
    special = [SpecialDay(date(2026, 1, 1) + timedelta(days=n), "immer", ALWAYS.days[0]) for n in range(900)]
    hours = Hours.of(ALWAYS, special_days=special)  # public holidays too
    assert hours.is_open(at("2026-12-25 03:00"))
    assert hours.closes_at(at("2026-12-25 03:00")) is None
    assert hours.next_opening(at("2026-12-25 03:00")) is None


def test_spring_night_has_no_hour_from_two_to_three() -> None:
    hours = Hours(Week.parse({"6": [["01:00", "02:30"], ["02:45", "04:00"]]}))
    last = at("2026-03-29 01:59:59")
    assert hours.is_open(last)
    # 02:30 and 02:45 do not exist: both stand for 03:00, where the first opening touches the second.
    assert same(hours.closes_at(last), at("2026-03-29 04:00"))
    assert hours.service_time_between(at("2026-03-29 00:00"), at("2026-03-29 12:00")) == timedelta(hours=2)


def test_an_interval_inside_the_skipped_hour_does_not_exist() -> None:
    hours = Hours(Week.parse({"6": [["02:10", "02:50"]]}))
    assert same(hours.next_opening(at("2026-03-28 12:00")), at("2026-04-05 02:10"))


def test_autumn_night_has_the_hour_from_two_to_three_twice() -> None:
    hours = Hours(Week.parse({"6": [["02:00", "03:00"]]}))
    assert hours.is_open(at("2026-10-25 02:30", fold=0))
    assert hours.is_open(at("2026-10-25 02:30", fold=1))
    assert same(hours.closes_at(at("2026-10-25 02:30", fold=0)), at("2026-10-25 03:00"))
    assert hours.service_time_between(at("2026-10-25 00:00"), at("2026-10-25 12:00")) == timedelta(hours=2)


def test_autumn_opening_is_the_first_and_closing_the_second_of_the_two() -> None:
    hours = Hours(Week.parse({"6": [["02:15", "02:45"]]}))
    assert same(hours.next_opening(at("2026-10-25 00:00")), at("2026-10-25 02:15", fold=0))
    assert same(hours.closes_at(at("2026-10-25 02:15", fold=0)), at("2026-10-25 02:45", fold=1))


@pytest.mark.parametrize(
    ("start", "amount", "due"),
    [
        ("2026-11-25 10:00", 2, "2026-11-25 12:00"),
        ("2026-11-25 10:00", 7, "2026-11-25 17:00"),  # at closing time, not at the next opening
        ("2026-11-25 16:00", 2, "2026-11-26 09:00"),
        ("2026-11-27 12:00", 24, "2026-12-02 13:00"),  # 1 on Friday, 9 + 9 on Monday and Tuesday, 5 on Wednesday
        ("2026-11-28 12:00", 1, "2026-11-30 09:00"),
        ("2026-12-31 17:00", 2, "2027-01-04 09:00"),
        ("2026-11-25 10:00", 0, "2026-11-25 10:00"),
        ("2026-11-25 18:00", 0, "2026-11-26 08:00"),
    ],
)
def test_add_service_time(start: str, amount: int, due: str) -> None:
    assert same(Hours(SOEST).add_service_time(at(start), timedelta(hours=amount)), at(due))


def test_service_time_without_openings_or_below_zero() -> None:
    assert Hours(Week()).add_service_time(at("2026-11-25 10:00"), timedelta(hours=1)) is None
    with pytest.raises(ValueError, match="negative"):
        Hours(SOEST).add_service_time(at("2026-11-25 10:00"), timedelta(hours=-1))
    assert Hours(SOEST).service_time_between(at("2026-11-25 12:00"), at("2026-11-25 10:00")) == timedelta(0)


def test_week_is_stored_and_read_back() -> None:
    stored = {"0": [["08:00", "12:00"], ["13:00", "17:00"]], "6": [["18:00", "24:00"]]}
    assert Week.parse(stored).as_json() == stored
    assert Week.parse({}) == Week()
    assert intervals_as_json(parse_intervals([["13:00", "24:00"], ["8:00", "9:30"]])) == [
        ["08:00", "09:30"],
        ["13:00", "24:00"],
    ]
    assert interval_text(Interval(time(8), time(0))) == "08:00–24:00"


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        ({"7": []}, "unter 0 .Montag. bis 6"),
        ({"Montag": []}, "unter 0 .Montag. bis 6"),
        ([], "unter 0 .Montag. bis 6"),
        (None, "unter 0 .Montag. bis 6"),
        ({"0": None}, "Paare"),
        ({"0": "08:00-12:00"}, "Paare"),
        ({"0": [["08:00"]]}, "Paare"),
        ({"0": [[8, 12]]}, "Paare"),
        ({"0": ["12"]}, "Paare"),
        ({"0": [["8 Uhr", "12:00"]]}, "8 Uhr ist keine Uhrzeit"),
        ({"0": [["08:00", "24:01"]]}, "24:01 ist keine Uhrzeit"),
        ({"0": [["24:00", "24:00"]]}, "24:00 ist keine Uhrzeit"),
        ({"0": [["12:00", "08:00"]]}, "Das Ende liegt nicht nach dem Beginn"),
        ({"0": [["08:00", "08:00"]]}, "Das Ende liegt nicht nach dem Beginn"),
        ({"0": [["08:00", "12:00"], ["11:59", "13:00"]]}, "08:00–12:00 und 11:59–13:00 überschneiden"),
        ({"0": [["08:00", "24:00"], ["20:00", "21:00"]]}, "08:00–24:00 und 20:00–21:00 überschneiden"),
    ],
)
def test_a_wrong_week_says_what_is_wrong(stored: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Week.parse(stored)


# Everything below compares the calendar with a slow, plain reading of the same week.
MINUTES = st.lists(st.integers(0, 1440), min_size=2, max_size=6, unique=True).map(sorted)


def clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


@st.composite
def weeks(draw: st.DrawFn) -> Week:
    days = {}
    for weekday in draw(st.sets(st.integers(0, 6))):
        edges = draw(MINUTES)
        days[str(weekday)] = [[clock(a), clock(b)] for a, b in zip(edges[::2], edges[1::2], strict=False)]
    return Week.parse(days)


MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


@given(weeks(), MOMENTS)
def test_by_the_wall_clock_outside_the_changing_nights(week: Week, moment: datetime) -> None:
    local = moment.astimezone(BERLIN)
    if local.month in (3, 10) and local.weekday() == 6:
        return
    inside = any(
        opens <= local.time() and (closes == time(0) or local.time() < closes)
        for opens, closes in week.days[local.weekday()]
    )
    assert Hours(week).is_open(moment) is (inside and not holiday(local.date(), "NW"))


@given(weeks(), MOMENTS)
def test_edges_agree_with_is_open(week: Week, moment: datetime) -> None:
    hours, blink = Hours(week), timedelta(microseconds=1)
    assert (hours.why_closed(moment) is None) is hours.is_open(moment)
    if (opens := hours.next_opening(moment)) is not None:
        assert opens.astimezone(UTC) > moment
        assert hours.is_open(opens)
        assert not hours.is_open(opens.astimezone(UTC) - blink)
    if (closes := hours.closes_at(moment)) is not None:
        assert hours.is_open(closes.astimezone(UTC) - blink)
        assert not hours.is_open(closes)


@given(weeks(), MOMENTS, st.timedeltas(timedelta(0), timedelta(hours=100)))
def test_service_time_added_is_service_time_between(week: Week, moment: datetime, amount: timedelta) -> None:
    hours = Hours(week)
    due = hours.add_service_time(moment, amount)
    if due is not None:
        assert due.astimezone(UTC) >= moment
        assert hours.service_time_between(moment, due) == amount
    else:
        assert hours.service_time_between(moment, moment + timedelta(days=400)) <= amount
