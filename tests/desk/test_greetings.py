"""Greetings are filled in without being a format string, and cut into sentences."""

from types import SimpleNamespace

import pytest

from desk import greetings


def place(text: str, name: str = "Stadt Soest") -> SimpleNamespace:
    return SimpleNamespace(greeting=text, name=name)


@pytest.mark.parametrize(
    ("text", "agent", "said"),
    [
        (
            "Guten Tag, {name}, {agent}. Was kann ich tun?",
            "Jana Köster",
            ["Guten Tag, Stadt Soest, Jana Köster.", "Was kann ich tun?"],
        ),
        ("{agent.__class__} {0} {name!r} {", "J", ["{agent.__class__} {0} {name!r} {"]),
        ("{agent}", "{name}", ["{name}"]),
        ("Kreis Soest, Nr. 1 für Sie. Hallo!", "J", ["Kreis Soest, Nr. 1 für Sie.", "Hallo!"]),
    ],
)
def test_only_the_two_names_are_filled(text, agent, said) -> None:
    assert greetings.greeting(place(text), agent) == said


def test_without_a_greeting_there_is_one_and_a_neutral_one() -> None:
    assert greetings.greeting(place(" "), "Jana")[0] == "Guten Tag, Stadt Soest, mein Name ist Jana."
    assert "Für welche Kommune" in greetings.greeting(None, "Jana")[-1]


def test_long_greetings_are_set_smaller() -> None:
    assert not greetings.is_long(["Guten Tag."])
    assert greetings.is_long(["x" * 100, "y" * 100])
