"""Numbers in every spelling that exchanges, headers and people use; and no input at all that raises."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from telephony_bridge.numbers import display, read, to_e164

SOEST_HEAD, KREIS_HEAD, LIPPSTADT_HEAD = "+492921103", "+49292130", "+492941980"
HEADS = (SOEST_HEAD, KREIS_HEAD, LIPPSTADT_HEAD)


@pytest.mark.parametrize(
    "spelling",
    [
        "+4929211030",
        "+49 2921 103-0",
        "+49 (2921) 103 - 0",
        "+49 (0)2921 103-0",
        "+49 (0) 2921 / 103-0",
        "+49(0)2921/1030",
        "004929211030",
        "0049 2921 103 0",
        "4929211030",
        "029211030",
        "02921/1030",
        "02921 / 103-0",
        "(02921) 103-0",
        "02921.103.0",
        "02921–103–0",
        "02921\u00a0103\u20110",
        "\u202a+49 2921 1030\u202c",
        "٠٢٩٢١١٠٣٠",
        "02921 1030",
        "1030",
        "103-0",
        "02921 103 Durchwahl 0",
        "02921 103 DW 0",
        "02921 103 ext. 0",
        "#31#029211030",
        "sip:+4929211030@pbx.example",
        "sip:+4929211030@pbx.example;user=phone",
        "sip:029211030:secret@10.0.0.1:5060;transport=tcp?Subject=x",
        "sips:4929211030@[::1]",
        "SIP:1030@x",
        "sip:%2B4929211030@x",
        '"Müller, Anna 42" <sip:+4929211030@x>;tag=1',
        "<tel:+49-2921-103-0>",
        "tel:02921-103-0",
        "tel:1030;phone-context=+492921",
        "sip:029211030;phone-context=+49@x;user=phone",
        "+4929211030@pbx",
        "029211030, 0292130",
        29211030 + 49 * 10**8,
    ],
)
def test_every_spelling_of_the_town_hall(spelling: object) -> None:
    assert to_e164(spelling, area_code="02921") == "+4929211030"


@pytest.mark.parametrize("area_code", ["02921", "2921", "+492921", "+49 2921", "00492921", "(02921)"])
def test_the_area_code_in_every_spelling(area_code: str) -> None:
    assert to_e164("345678", area_code=area_code) == "+492921345678"


@pytest.mark.parametrize(
    ("raw", "e164"),
    [
        ("02921300", "+492921300"),
        ("0292130", "+49292130"),  # the short central number alone
        ("49292130", "+49292130"),  # only eight digits, but country and own area
        ("492921", "+492921492921"),  # a local number that merely looks like country and area
        ("491234", "+492921491234"),  # local: too short for a country code
        ("+49 2941 980-0", "+4929419800"),
        ("0171 3920047", "+491713920047"),
        ("+1 202 555 0143", "+12025550143"),
        ("+39 06 1234 5678", "+390612345678"),  # Italy keeps its zero
        ("0043 1 4000", "+4314000"),
        ("115", "+49115"),
        ("116117", "+49116117"),
        ("0800 1234567", "+498001234567"),
    ],
)
def test_numbers(raw: str, e164: str) -> None:
    assert to_e164(raw, area_code="02921") == e164


@pytest.mark.parametrize(
    "raw",
    ["", " ", "soest-zentrale", "Queue 103", "agent1243", "12", "7", "+", "+0", "+999123456", "0" * 40, "1" * 300],
)
def test_no_number(raw: str) -> None:
    assert to_e164(raw, area_code="02921") is None


@pytest.mark.parametrize("raw", [None, True, 1.5, b"029211030", [], {}, -1, 10**40, object()])
def test_no_text(raw: object) -> None:
    assert to_e164(raw, area_code="02921") is None


def test_a_local_number_needs_an_area_code() -> None:
    assert to_e164("345678") is None
    assert to_e164("029211030") == "+4929211030"


@pytest.mark.parametrize(
    "raw",
    [
        "anonymous",
        "Anonymous",
        "ANONYM",
        "anonym",
        "unbekannt",
        "Unknown",
        "private",
        "Pri vat",
        "withheld",
        "restricted",
        "unavailable",
        "unterdrückt",
        "Unterdru\u0308ckt",
        "no number",
        "<anonymous>",
        "sip:anonymous@anonymous.invalid",
        '"Anonymous" <sip:c8oqz84zk7z@anonymous.invalid>',
        '"Anonymous" <sip:anonymous@10.0.0.1>;tag=1',
        "0000000000",
        "00",
    ],
)
def test_anonymous_in_its_spellings(raw: str) -> None:
    number = read(raw, area_code="02921")
    assert (number.e164, number.anonymous) == (None, True)
    assert number.text() == "unterdrückt"


def test_missing_is_not_anonymous() -> None:
    assert not read("").anonymous
    assert read("").text() == "unbekannt"
    assert read(None).text() == "unbekannt"
    assert read("soest-zentrale").text() == "soest-zentrale"


@pytest.mark.parametrize(
    ("e164", "shown"),
    [
        ("+4929211030", "02921 103-0"),
        ("+492921103", "02921 103"),
        ("+4929211031243", "02921 103-1243"),
        ("+492921300", "02921 30-0"),
        ("+4929419800", "02941 980-0"),
        ("+492921555", "02921 555"),
        ("+491713920047", "0171 3920047"),
        ("+498001234567", "0800 1234567"),
        ("+49115", "115"),
        ("+12025550143", "+1 202-555-0143"),
        ("no number", "no number"),
    ],
)
def test_display(e164: str, shown: str) -> None:
    assert display(e164, HEADS) == shown


def test_display_prefers_the_longest_head_and_leaves_the_area_code_whole() -> None:
    assert display("+4929211031243", ("+492921", SOEST_HEAD, "+4929211031")) == "02921 1031-243"
    assert display("+4929211030", ("+4929", "", "+492921")) == "02921 1030"


@given(
    st.one_of(st.text(), st.integers(), st.none(), st.binary(), st.floats(), st.lists(st.text())), st.text(max_size=12)
)
@example("sip:\ud800@x", "02921")
@example("²³", "02921")
@example("<" * 300, "")
@example("%ff%fe", "")
@example("+" + "9" * 17, "")
def test_nothing_raises(raw: Any, area_code: str) -> None:
    number = read(raw, area_code=area_code)
    assert number.e164 is None or (number.e164[0] == "+" and number.e164[1:].isascii() and number.e164[1:].isdigit())
    assert number.e164 is None or 3 <= len(number.e164) <= 16
    assert number.text(HEADS)


@given(st.text("0123456789+-/() .;:@<>sipt=*#", max_size=40))
def test_nothing_raises_near_the_truth(raw: str) -> None:
    number = read(raw, area_code="02921")
    if number.e164 is not None:
        assert to_e164(number.e164) == number.e164
        assert display(number.e164, HEADS)
