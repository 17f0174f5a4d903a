"""Limits and networks of a source: who may report, and how much."""

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from telephony_bridge import actions, limits
from telephony_bridge.limits import BURST, MOST, RATE, Limit
from telephony_bridge.models import CtiEvent, Source
from telephony_bridge.networks import is_allowed, parse_networks
from telephony_bridge.tokens import hash_of
from tenants import scope
from tenants.audit import SYSTEM
from tenants.errors import Refusal


class Hand:
    """A clock that a test turns."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


def passed(limit, hand, rate, seconds):
    """How many of `rate` messages per second pass."""
    count = 0
    for _ in range(int(rate * seconds)):
        hand.now += 1 / rate
        count += limit.wait("a") == 0
    return count


def test_a_burst_of_200_and_50_per_second_pass_for_ever():
    hand = Hand()
    limit = Limit(clock=hand)
    assert all(limit.wait("a") == 0 for _ in range(200))
    assert passed(limit, hand, 50, 60) == 3000


def test_who_runs_wild_gets_the_rate_and_no_more():
    hand = Hand()
    limit = Limit(clock=hand)
    assert passed(limit, hand, 1000, 10) <= BURST + RATE * 10 + 1
    assert limit.wait("a") == 1
    assert limit.wait("b") == 0  # others have their own
    hand.now += 1
    assert limit.wait("a") == 0


def test_memory_is_bounded():
    limit = Limit(clock=Hand())
    for number in range(MOST * 3):
        limit.wait(str(number))
    assert len(limit) == MOST


@pytest.fixture
def token(soest):
    return actions.give_token(centre=soest.centre, acting_user=SYSTEM)


@pytest.fixture
def post(token):
    """post(n, address=…): the n-th new call."""
    client = Client(headers={"host": "localhost"})

    def send(number=1, address="192.0.2.7"):
        body = f"event=newCall&callId={number}&to=029211030"
        kind = "application/x-www-form-urlencoded"
        return client.post(f"/api/v1/cti/{token}", body, content_type=kind, REMOTE_ADDR=address)

    return send


def test_too_much_is_answered_429_and_not_stored(post, token, monkeypatch, django_assert_max_num_queries):
    monkeypatch.setattr(limits, "messages", Limit(RATE, 2.0, clock=Hand()))
    monkeypatch.setattr(limits, "notices", Limit(1.0, 1.0, clock=Hand()))
    answers = [post(number) for number in range(3)]
    assert [found.status_code for found in answers] == [200, 200, 429]
    assert answers[-1].headers["Retry-After"] == "1"
    with scope.telephony():
        assert CtiEvent.objects.count() == 2
        source = Source.objects.get(token_hash=hash_of(token))
        assert source.refused_why == answers[-1].json()["error"] == "Es kommen zu viele Meldungen auf einmal."
    with django_assert_max_num_queries(0):  # the next one within the second costs nothing
        assert post(4).status_code == 429


def allow(token, *networks):
    with scope.operator():
        source = Source.objects.get(token_hash=hash_of(token))
        return actions.change_networks(source, networks, acting_user=SYSTEM)


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("192.0.2.7", 200),
        ("::ffff:192.0.2.7", 200),
        ("192.0.3.7", 403),
        ("2001:db8::1", 200),
        ("2001:db9::1", 403),
        ("", 403),
    ],
)
def test_only_named_networks_may_report(post, token, address, status):
    allow(token, "192.0.2.0/24", "2001:db8::/32")
    assert post(address=address).status_code == status
    with scope.telephony():
        assert CtiEvent.objects.exists() == (status == 200)
        assert Source.objects.get(token_hash=hash_of(token)).refused_why.startswith("Von der Adresse") == (
            status == 403
        )


def test_a_forged_header_does_not_help(token):
    allow(token, "192.0.2.7/32")
    found = Client(headers={"host": "localhost", "x-forwarded-for": "192.0.2.7"}).post(
        f"/api/v1/cti/{token}", "event=newCall&callId=1", content_type="application/x-www-form-urlencoded"
    )
    assert found.status_code == 403


def test_without_networks_any_address_may(post, token):
    allow(token, "192.0.2.0/24")
    assert allow(token)
    assert post(address="203.0.113.9").status_code == 200
    assert not allow(token)  # nothing changed


def test_networks_as_they_are_typed():
    assert parse_networks("192.0.2.7\n 2001:db8::/32, 10.1.2.3/8;192.0.2.7") == [
        "192.0.2.7/32",
        "2001:db8::/32",
        "10.0.0.0/8",
    ]
    assert parse_networks(" \n") == []


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("sipgate.de", "keine IP-Adresse"),
        ("1.2.3.4/40", "keine IP-Adresse"),
        ("0.0.0.0/0", "ganze Internet"),
        ("::/0", "ganze Internet"),
    ],
)
def test_what_is_no_network_is_said(typed, said):
    with pytest.raises(Refusal, match=said):
        parse_networks(typed)
    with pytest.raises(Refusal, match="höchstens 50"):
        parse_networks(" ".join(f"10.0.0.{n}" for n in range(51)))


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text):
    try:
        networks = parse_networks(text)
    except Refusal:
        return
    assert parse_networks("\n".join(networks)) == networks


@given(st.text(max_size=60))
def test_an_address_that_is_none_is_not_allowed(text):
    assert not is_allowed(f"{text}x", ["192.0.2.0/24"])
