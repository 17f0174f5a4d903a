"""What callers hear who arrive: of whom they called, in and out of hours, when all is full or shut."""

import pytest

from telephony_bridge.identify import Prefix
from telephony_bridge.routing.ari import Access
from telephony_bridge.routing.calls import Routed
from telephony_bridge.routing.exchange import Exchange
from telephony_bridge.routing.line import Line
from telephony_bridge.routing.pace import Pace
from telephony_bridge.routing.reception import Place, Reception
from telephony_bridge.routing.skills import Skills, Wants

EMERGENCY, CLOSED, SHUT, FULL, WAITS = ("sound:e",), ("sound:c",), ("sound:s",), ("sound:f",), ("sound:w",)
PLACES = (Place("soest", EMERGENCY, CLOSED), Place("kreis"))
PREFIXES = (Prefix("soest", "+492921103"), Prefix("kreis", "+49292130", max_length=10))
SOEST, KREIS = {"dialled": "+4929211030"}, {"dialled": "029213022"}
DIVERTED = {"dialled": "+4929215550", "diversion": "<sip:+4929211030@town>;reason=unconditional,"}


def reception(**more):
    return Reception(**{"places": PLACES, "prefixes": PREFIXES, "unknown": Place("", closed=CLOSED), **more})


@pytest.mark.parametrize(("told", "slug"), [(SOEST, "soest"), (KREIS, "kreis"), (DIVERTED, "soest"), ({}, None)])
def test_whose_call_it_is_is_known_before_anybody_is_asked(told, slug):
    assert reception().welcome(told, waiting=0).wants.municipality == slug


def test_who_comes_first_hears_the_emergency_text_alone_and_who_comes_later_what_can_be_pressed():
    asked = reception(waits=WAITS)
    assert (asked.welcome(SOEST, waiting=0).first, asked.welcome(SOEST, waiting=1).first) == (
        EMERGENCY,
        EMERGENCY + WAITS,
    )
    assert asked.welcome(KREIS, waiting=0).first == ()


@pytest.mark.parametrize(
    ("more", "waiting", "heard"),
    [
        ({"is_open": lambda: False}, 0, EMERGENCY + CLOSED),
        ({"shut": SHUT}, 0, EMERGENCY + SHUT),
        ({"shut": SHUT, "is_open": lambda: False}, 0, EMERGENCY + SHUT),
        ({"longest": 3, "full": FULL}, 3, EMERGENCY + FULL),
        ({"longest": 3, "full": FULL}, 2, ()),
        ({"longest": 3}, 3, ()),  # nobody is sent away without a word
    ],
)
def test_who_cannot_be_served_hears_why(more, waiting, heard):
    assert reception(**more).welcome(SOEST, waiting=waiting).closed == heard


def test_out_of_hours_nobody_is_sent_away_in_silence():
    assert reception(is_open=lambda: False).welcome(KREIS, waiting=0).closed == ()
    assert reception(is_open=lambda: False).welcome({}, waiting=0).closed == CLOSED


def test_each_who_waits_is_told_in_turn_and_not_too_often():
    pace, lines = Pace(), [Line(Routed("1"), told_at=0.0), Line(Routed("2"), told_at=10.0)]
    for _ in range(10):
        pace.begins("agent1", 0.0)
        pace.ends("agent1", 120.0)
    assert [line.call.id for line, _ in pace.due(lines, 1, 29.0)] == []
    told = list(pace.due(lines, 1, 41.0))
    assert [line.call.id for line, _ in told] == ["1", "2"]
    assert told[0][1].startswith("Sie sind als Nächstes an der Reihe.")
    assert "Minuten" in told[1][1]
    assert list(pace.due(lines, 1, 42.0)) == []


@pytest.mark.parametrize("text", ["Wir haben einen Feueralarm.", "!!!"])
def test_a_centre_that_is_closed_at_once_is_closed_also_where_its_words_cannot_be_spoken(at_desk, soest, text):
    from telephony_bridge import actions
    from telephony_bridge.receptions import reception_of
    from tenants import scope

    class Mute:
        def say(self, words):
            return (words,) if words.startswith("Guten Tag.") else ()

    with at_desk("supervisor") as person:
        actions.set_notice(soest.centre, "closing", text, acting_user=person)
    with scope.telephony():
        found = reception_of(soest.centre_id, Mute())
    assert found.welcome({}, waiting=0).closed[0].startswith("Guten Tag.")


def test_of_whom_another_process_had_it_is_known_whose_call_it_is_as_soon_as_we_know_what_callers_hear():
    exchange = Exchange(Access("127.0.0.1", 1, "bridge", "none"))
    exchange.lines["1.1"] = Line(Routed("1.1", dialled=KREIS["dialled"]))
    exchange.pool.seek("1.1")
    for agent, town in (("trained-for-soest", "soest"), ("trained-for-the-kreis", "kreis")):
        exchange.pool.learn(agent, Skills(frozenset({town})))
        exchange.pool.come(agent)
    exchange.receive(reception())
    assert exchange.lines["1.1"].wants == Wants("kreis")
    assert exchange.pool.pairs(0.0) == [("1.1", "trained-for-the-kreis")]
