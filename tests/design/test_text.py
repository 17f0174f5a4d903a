"""Dates as people write them, and Markdown that cannot do harm."""

import datetime
import re
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from config import dates, markdown

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime.datetime(2026, 11, 23, 10, 42, tzinfo=BERLIN)


def at(text: str) -> datetime.datetime:
    """A moment here, told in UTC as the database does."""
    return datetime.datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(datetime.UTC)


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


def test_dates_and_times() -> None:
    assert dates.date_text(at("2026-11-03T00:30")) == "03.11.2026"
    assert dates.datetime_text(at("2026-11-17T09:12")) == "Di, 17.11., 9:12"
    assert dates.datetime_text(at("2025-12-31T23:05")) == "Mi, 31.12.2025, 23:05"
    assert dates.date_text(datetime.date(2026, 1, 2)) == "02.01.2026"
    assert dates.time_text(datetime.time(8, 5)) == "8:05"


def test_summer_and_winter_time() -> None:
    assert dates.time_text(datetime.datetime(2026, 10, 25, 0, 30, tzinfo=datetime.UTC)) == "2:30"
    assert dates.time_text(datetime.datetime(2026, 10, 25, 1, 30, tzinfo=datetime.UTC)) == "2:30"
    assert dates.time_text(datetime.datetime(2026, 10, 25, 2, 30, tzinfo=datetime.UTC)) == "3:30"


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        ("2026-11-23T00:05", "heute 0:05"),
        ("2026-11-22T23:55", "gestern 23:55"),
        ("2026-11-20T08:00", "Freitag"),
        ("2026-11-16T08:00", "Mo, 16.11."),
        ("2026-11-24T08:00", "Di, 24.11."),
    ],
)
def test_when(moment: str, words: str) -> None:
    assert dates.when_text(at(moment)) == words


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (0, "seit eben"),
        (60, "seit 1 Minute"),
        (4 * 60 + 59, "seit 4 Minuten"),
        (3600, "seit 1 Stunde"),
        (23 * 3600, "seit 23 Stunden"),
        (24 * 3600, "seit 1 Tag"),
        (13 * 86400, "seit 13 Tagen"),
        (20 * 86400, "seit 03.11.2026"),
        (-60, "seit eben"),
    ],
)
def test_since(ago: int, words: str) -> None:
    assert dates.since_text(NOW - datetime.timedelta(seconds=ago)) == words


def test_since_a_day() -> None:
    assert dates.since_text(datetime.date(2026, 11, 23)) == "seit heute"
    assert dates.since_text(datetime.date(2026, 11, 4)) == "seit 04.11.2026"


# Markdown


def levels(text: str, top: int = 3) -> list[int]:
    """The levels of the headings, in order."""
    return [int(level) for level in re.findall(r"<h(\d)>", markdown.render(text, top=top))]


def test_headings_stand_below_the_page_and_leave_no_level_out() -> None:
    assert levels("# A\n### B\n###### C\n## D\n# E") == [3, 4, 5, 4, 3]
    assert levels("### A\n# B\n## C") == [3, 3, 4]
    assert levels("# A\n## B\n### C\n#### D", top=5) == [5, 6, 6, 6]
    with pytest.raises(ValueError, match="h1"):
        markdown.render("x", top=1)


def test_what_editors_use_is_kept() -> None:
    shown = markdown.render(
        "Ein **Wort**, [hier](https://soest.de/a?b=1&c=2)\n\n1. a\n2. b\n\n| x | y |\n|--:|---|\n| 1 | 2 |\n\n> z\n\n`c`"
    )
    for part in (
        "<strong>Wort</strong>",
        '<a href="https://soest.de/a?b=1&amp;c=2" rel="noopener noreferrer">hier</a>',
        "<ol>",
        "<blockquote>",
    ):
        assert part in shown
    assert '<th scope="col">x</th>' in shown
    assert "style=" not in shown


def test_no_image_is_fetched_from_elsewhere() -> None:
    assert "<img" not in markdown.render("![Bild](https://example.org/a.png)")
    assert "<img" not in markdown.render("<img src=https://example.org/a.png>")


class Strict(HTMLParser):
    """Fails on every tag, attribute and address that is not allowed."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Compare with the allow-list."""
        assert tag in markdown.TAGS, tag
        for name, value in attrs:
            assert name in markdown.ATTRIBUTES.get(tag, set()) | ({"rel"} if tag == "a" else set()), (tag, name)
            if name == "href":
                scheme = re.match(r"[\x00-\x20]*([a-z][a-z0-9+.-]*):", value or "", re.IGNORECASE)
                assert scheme is None or scheme[1].lower() in markdown.SCHEMES, value


ATTACKS = [
    "<script>alert(1)</script>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:msgbox)",
    "<javascript:alert(1)>",
    '[x](https://a" onmouseover="alert(1))',
    "[x]: javascript:alert(1)\n\n[x]",
    '<a href="x" onclick=alert(1)>y</a>',
    "<svg/onload=alert(1)>",
    "<math><mtext></form><form><mglyph><svg><mtext><style><path id='</style><img onerror=alert(1) src>'>",
    "```<script>\nalert(1)\n```",
    '# <img src=x onerror="alert(1)">',
    "|<iframe src=//x>|\n|-|\n|<b onclick=x>|",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_attacks_come_out_harmless(attack: str) -> None:
    Strict().feed(markdown.render(attack))


PIECES = st.sampled_from(
    [
        "<",
        ">",
        '"',
        "'",
        "](",
        "[",
        "!",
        "`",
        "\n",
        "\n\n",
        "# ",
        "- ",
        "|",
        "&#",
        ";",
        "=",
        "on",
        "javascript:",
        "script",
        "style",
    ]
)


@given(st.lists(PIECES | st.sampled_from(ATTACKS) | st.text(max_size=8), max_size=30).map("".join))
def test_nothing_breaks_out(text: str) -> None:
    Strict().feed(markdown.render(text))
