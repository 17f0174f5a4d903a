"""What an agent reads aloud about the hours."""

from datetime import UTC, date, datetime

import pytest

from tenants.hours import BERLIN, Closed, Hours, Reason, SpecialDay, Week
from tenants.hours_wording import closed_text, closing_phrase, opening_phrase, opening_text

WEEK = Week.parse({**{d: [["08:00", "12:30"], ["13:00", "17:00"]] for d in "0123"}, "4": [["08:00", "13:00"]]})


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        ("2026-11-25 08:00", "heute bis 12:30 Uhr"),
        ("2026-11-25 15:00", "heute bis 17:00 Uhr"),
        ("2026-11-25 12:30", "öffnet heute um 13:00 Uhr"),
        ("2026-11-25 17:00", "öffnet morgen um 8:00 Uhr"),
        ("2026-11-27 14:00", "öffnet am Montag, 30.11., um 8:00 Uhr"),
        ("2026-12-31 17:30", "öffnet am Montag, 4.1.2027, um 8:00 Uhr"),
    ],
)
def test_opening_text(moment: str, text: str) -> None:
    assert opening_text(Hours(WEEK), at(moment)) == text
    assert opening_text(Hours(WEEK), at(moment).astimezone(UTC)) == text


def test_nothing_planned_and_never_closed() -> None:
    assert opening_text(Hours(Week()), at("2026-11-25 10:00")) == "derzeit keine Öffnung vorgesehen"
    assert closing_phrase(None, at("2026-11-25 10:00")) == "durchgehend geöffnet"
    assert opening_phrase(None, at("2026-11-25 10:00")) == "derzeit keine Öffnung vorgesehen"


@pytest.mark.parametrize(
    ("closes", "text"),
    [
        ("2026-11-26 00:00", "heute bis 24:00 Uhr"),
        ("2026-11-26 06:05", "bis morgen um 6:05 Uhr"),
        ("2026-11-27 00:00", "bis morgen um 24:00 Uhr"),
        ("2026-11-28 06:00", "bis Samstag, 28.11., um 6:00 Uhr"),
    ],
)
def test_closing_beyond_today(closes: str, text: str) -> None:
    assert closing_phrase(at(closes), at("2026-11-25 20:00")) == text


def test_why_it_is_closed() -> None:
    hours = Hours.of(WEEK, special_days=[SpecialDay(date(2026, 11, 26), "Betriebsversammlung")])
    said = {
        moment: closed_text(hours.why_closed(at(moment)) or Closed(Reason.BREAK))
        for moment in ("2026-11-26 10:00", "2026-12-25 10:00")
    }
    assert list(said.values()) == ["Betriebsversammlung", "Erster Weihnachtstag"]


def test_every_reason_has_its_own_words() -> None:
    texts = [closed_text(Closed(reason)) for reason in Reason]
    assert len(set(texts)) == len(Reason)
    assert all(texts)
