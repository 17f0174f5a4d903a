"""For whom a call is, by the evidence that it brings: every kind, their order, and the limits of short prefixes."""

from time import perf_counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony_bridge.identify import Dialled, Evidence, Identified, Prefix, identify

# Digits without +: 49 2921 103 and up to four more; 49 2921 30 and up to four more; 49 2941 980 and up to four more.
NUMBERS = (
    Prefix("soest", "+492921103", 13),
    Prefix("kreis", "+49292130", 12),
    Prefix("lippstadt", "+492941980", 13),
    Prefix("soest", "+4929219990101", 13, is_did=True),
    Prefix("kreis", "+4929219990102", 13, is_did=True),
)
QUEUES = {"Zentrale Soest": "soest", "kreis": "kreis"}
CENTRE = "sip:+4929219990@centre.example"


def found(**evidence: Any) -> Identified[str]:
    return identify(Dialled(**evidence), NUMBERS, area_code="02921", queues=QUEUES)


@pytest.mark.parametrize(
    ("to", "key", "number"),
    [
        ("029211030", "soest", "+4929211030"),
        ("02921300", "kreis", "+492921300"),
        ("+49 2941 980-0", "lippstadt", "+4929419800"),
        ("0292130", "kreis", "+49292130"),
        ("02921 30-1234", "kreis", "+492921301234"),
        ("02921 103-1243", "soest", "+4929211031243"),
        ("103000", "soest", "+492921103000"),
        ("02921 30-12345", None, "+4929213012345"),  # somebody else's number that begins with 30
        ("02921 30123456", None, "+49292130123456"),
        ("02921 31-0", None, "+492921310"),
        ("02941 30-0", None, "+492941300"),
        ("anonymous", None, None),
        ("", None, None),
    ],
)
def test_what_a_webhook_says_was_called(to: str, key: str | None, number: str | None) -> None:
    assert found(to=to) == Identified(key, Evidence.TO if key else Evidence.UNKNOWN, number)


@pytest.mark.parametrize(
    ("evidence", "key", "kind"),
    [
        ({"request_uri": "sip:+4929219990102@x", "diversion": ["<sip:+492921103000@x>"]}, "kreis", Evidence.DID),
        (
            {"diversion": ["<sip:+492921103000@x;user=phone>;reason=unconditional;counter=1"]},
            "soest",
            Evidence.DIVERSION,
        ),
        (
            {"diversion": ['<sip:+4929219990@x>;reason=unconditional, "a, b" <sip:0049292130-0@x>']},
            "kreis",
            Evidence.DIVERSION,
        ),
        ({"diversion": ["<sip:+492921300@x>", "<sip:+4929211030@x>"]}, "kreis", Evidence.DIVERSION),
        ({"diversion": ["<sip:+492921300@x>,<sip:+4929211030@x>"]}, "kreis", Evidence.DIVERSION),
        ({"diversion": ["<sip:+49301234567@x>,<sip:+4929211030@x>"]}, "soest", Evidence.DIVERSION),
        ({"diversion": ['"quote \\" <, " <sip:+4929211030@x>']}, "soest", Evidence.DIVERSION),
        ({"diversion": ['O"Neill <sip:+4929211030@x>']}, "soest", Evidence.DIVERSION),
        ({"diversion": ["tel:+49-2921-103-0;reason=user-busy"]}, "soest", Evidence.DIVERSION),
        ({"diversion": ["<sip:anonymous@anonymous.invalid>"], "to": "029211030"}, "soest", Evidence.TO),
        (
            {"history_info": ["<sip:+492921103000@x;cause=302>;index=1, <sip:+4929219990@x>;index=1.1"]},
            "soest",
            Evidence.HISTORY_INFO,
        ),
        (
            {"history_info": ["<sip:+4929219990@x;cause=302>;index=1.1;mp=1", "<tel:02921-103-0>;index=1"]},
            "soest",
            Evidence.HISTORY_INFO,
        ),
        (
            {
                "history_info": [
                    "<sip:+4929211030@x>;index=1,<sip:+492921300@x>;index=1.2,<sip:+4929419800@x>;index=1.10,<sip:+4929219990@x>;index=1.11"
                ]
            },
            "lippstadt",  # 1.10 is newer than 1.2
            Evidence.HISTORY_INFO,
        ),
        ({"history_info": ["<sip:+4929211030@x>;index=1"]}, "soest", Evidence.HISTORY_INFO),  # the last hop added none
        (
            {"diversion": ["<sip:+492921300@x>"], "history_info": ["<sip:+4929211030@x>;index=1"]},
            "kreis",
            Evidence.DIVERSION,
        ),
        (
            {"diversion": ["<sip:+49301234567@x>"], "history_info": ["<sip:+4929211030@x>;index=1"]},
            "soest",
            Evidence.HISTORY_INFO,
        ),
        ({"request_uri": "sip:49292130123@x", "to": "029211030"}, "kreis", Evidence.REQUEST_URI),
        ({"request_uri": "sip:103000@x"}, "soest", Evidence.REQUEST_URI),
        ({"to": "<sip:+4929211030@x>;tag=1"}, "soest", Evidence.TO),
        ({"to": "029211030", "queue": "kreis"}, "soest", Evidence.TO),
        ({"queue": "zentrale soest "}, "soest", Evidence.QUEUE),
        ({"to": "KREIS"}, "kreis", Evidence.QUEUE),  # some connectors send the queue's name as `to`
        ({"to": "02921 555", "queue": "Zentrale Soest"}, "soest", Evidence.QUEUE),
        ({"request_uri": "sip:+4929213012345@x"}, None, Evidence.UNKNOWN),
        ({"queue": "Warteschlange 7"}, None, Evidence.UNKNOWN),
        ({}, None, Evidence.UNKNOWN),
    ],
)
def test_the_order_of_evidence(evidence: dict[str, Any], key: str | None, kind: Evidence) -> None:
    result = found(**{"request_uri": CENTRE, **evidence})
    assert (result.municipality_key, result.evidence) == (key, kind)


def test_the_last_of_the_history_is_the_target_when_there_is_no_request_uri() -> None:
    history = ["<sip:+4929211030@x>;index=1,<sip:+492921300@x>;index=1.1"]
    assert found(history_info=history) == Identified("soest", Evidence.HISTORY_INFO, "+4929211030")


def test_unknown_keeps_the_number_that_was_called() -> None:
    assert found(request_uri=CENTRE, to="02921 555") == Identified(None, Evidence.UNKNOWN, "+4929219990")
    assert found(to="02921 555") == Identified(None, Evidence.UNKNOWN, "+492921555")


def test_the_longest_prefix_wins_and_a_longer_number_of_nobody_does_not_hide_it() -> None:
    prefixes = [Prefix(1, "+4929", 15), Prefix(2, "+492921103", 15), Prefix(3, "+4929211030", 11)]
    assert identify(Dialled(to="+492921103"), prefixes).municipality_key == 2
    assert identify(Dialled(to="+4929211030"), prefixes).municipality_key == 3
    assert identify(Dialled(to="+4929211030123"), prefixes).municipality_key == 2
    assert identify(Dialled(to="+49295551"), prefixes).municipality_key == 1


def test_a_queue_without_a_number_is_told_without_one() -> None:
    assert found(queue="kreis") == Identified("kreis", Evidence.QUEUE, None)


HEADER = st.text(st.one_of(st.sampled_from('<>",;=@\\.:+49index sip'), st.characters()), max_size=60)


@given(
    st.builds(
        Dialled, to=HEADER, request_uri=HEADER, diversion=st.lists(HEADER), history_info=st.lists(HEADER), queue=HEADER
    )
)
def test_nothing_raises(dialled: Dialled) -> None:
    result = identify(dialled, NUMBERS, area_code="02921", queues=QUEUES)
    assert (result.municipality_key is None) is (result.evidence is Evidence.UNKNOWN)


def test_hostile_headers_take_no_time() -> None:
    began = perf_counter()
    for junk in ("<" * 5000, '"' * 5001, '"\\' * 3000, ",<" * 3000, ";index=" + "9" * 5000, "<sip:" * 1500):
        assert found(diversion=[junk] * 5, history_info=[junk] * 5).municipality_key is None
    assert perf_counter() - began < 1  # some ms; quadratic work would take longer
