"""Hours as people write them: what is understood, and that nothing is guessed."""

import itertools
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenants.hours_reading import read_hours

MORNING = [["08:00", "12:00"]]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Mo bis Fr 8 bis 12 Uhr", dict.fromkeys("01234", MORNING)),
        ("Mo-Fr 8-12 Uhr", dict.fromkeys("01234", MORNING)),
        ("montags bis freitags von 8.00 bis 12.00 Uhr", dict.fromkeys("01234", MORNING)),
        ("Mo., Di. und Do. 08:00–12:00", dict.fromkeys("013", MORNING)),
        ("Mo - Mi: 8 - 12 Uhr und 14:00 - 16:30 Uhr", {day: [*MORNING, ["14:00", "16:30"]] for day in "012"}),
        ("Mo bis Mi 8-12 Uhr, Do auch 14-17:30 Uhr", dict.fromkeys("012", MORNING) | {"3": [["14:00", "17:30"]]}),
        ("Mo-Fr 8-12 Uhr, Do 14-18 Uhr", dict.fromkeys("0124", MORNING) | {"3": [*MORNING, ["14:00", "18:00"]]}),
        ("Mo-Fr 8-12 Uhr, Mi geschlossen", dict.fromkeys("0134", MORNING)),
        ("Di 8-12 Uhr und nach Vereinbarung", {"1": MORNING}),
        ("täglich 8 bis 24 Uhr", {day: [["08:00", "24:00"]] for day in "0123456"}),
        ("Sa, So rund um die Uhr", {day: [["00:00", "24:00"]] for day in "56"}),
        ("Mo 8-12, 10-13 Uhr", {"0": [["08:00", "13:00"]]}),
        ("Telefonisch erreichbar: Mo 8-12 Uhr", {"0": MORNING}),
    ],
)
def test_hours_are_read(text, wanted):
    week = read_hours(text)
    assert week is not None
    assert week.as_json() == wanted


@pytest.mark.parametrize(
    "text",
    [
        "", "vormittags", "nach Vereinbarung", "nur nach Vereinbarung Mo 8-12", "8-12 Uhr", "Mo", "Mo 8 Uhr", "Mo ab 14 Uhr", "Mo 12-8 Uhr",
        "Fr-Mo 8-12 Uhr", "Mo-Fr 8-12 Uhr außer in den Ferien", "1. Montag im Monat 8-12 Uhr", "Mo 25-26 Uhr", "Mo 8:70-12 Uhr", "Mo geschlossen",
        "Modell 8-12 Uhr", "werktags 8-12 Uhr", "Mo 8-12 Uhr 13", "Mo-Fr 8-12 Uhr (persönlich)", "Mo 8-12 Uhr, gerade Wochen", "Mo 02921 103-12",
        "Mo-Fr 8-12 Uhr " * 30,
    ],
)  # fmt: skip
def test_what_is_not_understood_is_not_guessed(text):
    assert read_hours(text) is None


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=250) | st.text(st.sampled_from("modifrsabistu0123456789:.-–, uhr"), max_size=250))
def test_any_text_is_read_quickly_and_into_a_week_without_overlaps(text):
    began = time.process_time()
    week = read_hours(text)
    assert time.process_time() - began < 0.2
    for day in week.days if week else ():
        assert list(day) == sorted(day)
        assert all(before.closes < after.opens for before, after in itertools.pairwise(day))
