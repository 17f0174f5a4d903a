"""The exchange's files: complete, the same whatever people typed, and nothing of that becomes a setting."""

import re
from dataclasses import replace
from datetime import date, time
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from telephony_bridge.asterisk.configuration import Folders, Numbers, Place, Station, Trunk, Wanted, escaping, rendered
from tenants.errors import Refusal
from tenants.hours import Hours, Interval, SpecialDay, Week

WEEK = Week(
    ((Interval(time(8), time(12)), Interval(time(13), time(17))),) * 4 + ((Interval(time(8), time(0)),), (), ())
)
EVIL = (
    "x\n[evil]\ntype=endpoint", "a;b", "${SHELL(id)}", '" <110>', "x\\;y", "]", "#exec id", "<<ari_secret>>", ";--", "$[1+1]", "a,b&c",
    "Übergröße", "\u2028x", "\0", "n,System(id)", "x" * 500,
)  # fmt: skip


def wanted(**changes):
    folder = Path("/srv/asterisk")
    value = Wanted(
        centre="Servicecenter Soest",
        folders=Folders.within(folder, folder / "modules", folder / "share"),
        trunk=Trunk("sip.example.de", user="4929211030", password="geheim"),
        default=Place("zentrale", "Servicecenter"),
        ari_secret="a1",
        ami_secret="a2",
        today=date(2026, 11, 30),
        stations=[Station("platz-1", "Platz 1", "901", password="p1")],
        places=[Place("soest", "Stadt Soest", (Numbers("+492921103", 12),), Hours.of(WEEK))],
    )
    return replace(value, **changes)


def lines(files, *, without_comments=True):
    """(file, line) of all that says something to Asterisk: what stands behind a `;` that is not escaped says nothing."""
    said = (
        (name, re.split(r"(?<!\\);", line)[0].rstrip()) for name, text in files.items() for line in text.splitlines()
    )
    return [(name, line) for name, line in said if line]


def with_examples(test):
    for evil in EVIL:
        test = example(evil)(test)
    return test


@with_examples
@settings(deadline=None)
@given(st.text(max_size=120))
def test_a_telephone_s_label_is_only_ever_shown(label):
    plain = lines(rendered(wanted()))
    typed = lines(rendered(wanted(stations=[Station("platz-1", label, "901", password="p1")])))
    differing = [(one, other) for one, other in zip(plain, typed, strict=True) if one != other]
    assert all(line.startswith("callerid=") for (_f, _l), (_file, line) in differing)
    for _one, (_file, line) in differing:
        assert re.fullmatch(r'callerid="[^"<>;$\\\[\]{}\n]*" <901>', line)


@with_examples
@settings(deadline=None)
@given(st.text(max_size=120))
def test_names_of_places_and_days_stand_in_comments_alone(typed):
    special = SpecialDay(date(2026, 12, 1), typed, (Interval(time(9), time(10)),))
    place = Place("soest", typed, (Numbers("+492921103", 12),), Hours.of(WEEK, special_days=[special]))
    plain = SpecialDay(date(2026, 12, 1), "x", special.intervals)
    same = Place("soest", "Stadt Soest", place.numbers, Hours.of(WEEK, special_days=[plain]))
    assert lines(rendered(wanted(places=[place], centre=typed))) == lines(rendered(wanted(places=[same])))


@pytest.mark.parametrize("evil", [e for e in EVIL if e not in {"Übergröße", "x" * 500}])
@pytest.mark.parametrize(
    "changes",
    [
        lambda evil: {"stations": [Station(evil, "x", password="p")]},
        lambda evil: {"stations": [Station("a", "x", evil, password="p")]},
        lambda evil: {"stations": [Station("a", "x", contact=f"{evil}@127.0.0.1:5060")]},
        lambda evil: {"default": Place(evil, "x")},
        lambda evil: {"trunk": Trunk(evil)},
        lambda evil: {"external": f"a{evil}"} if evil else {"trunk": Trunk(evil)},
        lambda evil: {"trunk": Trunk("h", sources=(evil,))},
        lambda evil: {"trunk": Trunk("h", user=evil, password="p")},
        lambda evil: {"places": [Place("soest", "x", (Numbers(evil),))]},
        lambda evil: {"places": [Place("soest", "x", emergency=f"/a/{evil}")]},
    ],
)
def test_what_names_something_is_refused_when_it_is_more(changes, evil):
    with pytest.raises(Refusal):
        rendered(wanted(**changes(evil)))


@pytest.mark.parametrize("name", ["trunk", "Common", "", "-x", "ä", "x" * 41])
def test_a_telephone_has_a_name_of_its_own(name):
    with pytest.raises(Refusal, match="Kennung"):
        rendered(wanted(stations=[Station(name, "x", password="p")]))


@pytest.mark.parametrize("password", ["", " x", "x\n[evil]", "x\ny", "x\0"])
def test_a_password_that_no_file_can_hold_is_refused(password):
    with pytest.raises(Refusal, match="Kennwort"):
        rendered(wanted(stations=[Station("a", "x", password=password)]))


def test_a_refusal_does_not_tell_the_password():
    with pytest.raises(Refusal) as told:
        escaping.secret(" mein geheimes Wort")
    assert "geheimes" not in str(told.value)
    assert "p1" not in repr(wanted())
    assert "geheim" not in repr(wanted())


def test_every_place_of_a_template_is_filled():
    files = rendered(wanted())
    assert {"pjsip.conf", "extensions.conf", "queues.conf", "cel.conf", "ari.conf", "manager.conf", "http.conf"} <= set(
        files
    )
    assert [name for name, text in files.items() if "<<" in text] == []
    assert all(text.startswith("; Vom Rufverbund geschrieben") for text in files.values())


def test_hours_end_a_minute_before_they_close_and_days_stand_together():
    dialplan = rendered(wanted())["extensions.conf"]
    assert "GotoIfTime(08:00-11:59,mon-thu,*,*,Europe/Berlin?open,1)" in dialplan
    assert "GotoIfTime(13:00-16:59,mon-thu,*,*,Europe/Berlin?open,1)" in dialplan
    assert "GotoIfTime(08:00-23:59,fri,*,*,Europe/Berlin?open,1)" in dialplan


def test_holidays_and_special_days_of_the_next_400_days_are_written():
    christmas_eve = SpecialDay(date(2026, 12, 24), "Heiligabend", (Interval(time(8), time(12)),))
    past, far = SpecialDay(date(2026, 11, 29), "gestern"), SpecialDay(date(2028, 1, 5), "zu weit")
    place = replace(wanted().places[0], hours=Hours.of(WEEK, special_days=[christmas_eve, past, far]))
    dialplan = rendered(wanted(places=[place]))["extensions.conf"]
    assert (
        "exten => 20261224,1,NoOp()  ; 24.12.2026 Heiligabend\n same => n,GotoIfTime(08:00-11:59,*,*,*,Europe/Berlin?open,1)\n"
        " same => n,Goto(closed,1)\n" in dialplan
    )
    assert "exten => 20261225,1,NoOp()  ; 25.12.2026 Erster Weihnachtstag\n same => n,Goto(closed,1)" in dialplan
    assert "20261129" not in dialplan
    assert "20280105" not in dialplan
    assert "20261226" not in dialplan  # a Saturday, which is closed anyway


def test_numbers_have_one_pattern_for_each_length():
    dialplan = rendered(wanted(places=[Place("soest", "x", (Numbers("+492921103", 11, is_did=True),))]))[
        "extensions.conf"
    ]
    found = re.findall(r"exten => (_\S+),1,Goto\(place-soest", dialplan)
    assert found == ["_+492921103", "_+492921103X", "_+492921103XX"] * 2  # among the centre's own, and among all


def test_behind_a_router_others_are_told_the_outer_address():
    inside, outside = rendered(wanted())["pjsip.conf"], rendered(wanted(external="192.0.2.7"))["pjsip.conf"]
    assert "external_" not in inside
    assert "external_signaling_address=192.0.2.7\nexternal_media_address=192.0.2.7\nlocal_net=10.0.0.0/8\n" in outside


def test_no_password_is_told_by_who_is_only_shown():
    from telephony_bridge.asterisk.ami import ManagerAccess
    from telephony_bridge.routing.ari import Access

    assert "geheim" not in repr(
        [Access("127.0.0.1", 8088, "bridge", "geheim"), ManagerAccess("127.0.0.1", 5038, "bridge", "geheim")]
    )
