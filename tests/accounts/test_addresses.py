"""Links in mails lead to our own hosts, whatever the request's headers say."""

import pytest
from django.core import mail
from django.test import Client

from tests.accounts.conftest import text_of

RESET = "/konto/password/reset/"


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("evil.example", 400),
        ("soest.localhost:6666", 400),
        ("soest.localhost:443", 400),
        ("soest.localhost.evil.example", 400),
        ("nobody.localhost", 404),
        ("evil.desk.localhost", 404),
    ],
)
def test_a_forged_host_gets_no_mail_sent(db, host, status):
    forger = Client(headers={"host": host})
    assert forger.post(RESET, {"email": "editor@example.org"}).status_code == status
    assert mail.outbox == []


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:80", "[::1]", "[::1]:80"])
def test_an_address_is_a_name_in_the_demonstration_and_in_tests_only(db, settings, host):
    """The front page looks the same by number."""
    client = Client(headers={"host": host})
    assert client.get("/").status_code == 200
    settings.ALLOWED_HOSTS = [name for name in settings.ALLOWED_HOSTS if name not in {"127.0.0.1", "[::1]"}]
    assert client.get("/").status_code == 400


def test_forwarding_headers_change_nothing(db):
    forged = {"x-forwarded-host": "evil.example", "x-forwarded-port": "6666", "x-forwarded-proto": "https"}
    Client(headers={"host": "soest.localhost", **forged}).post(RESET, {"email": "editor@example.org"})
    assert "http://soest.localhost/konto/password/reset/key/" in mail.outbox[-1].body
    assert "evil" not in mail.outbox[-1].body


@pytest.mark.parametrize(
    ("setting", "host", "server_port", "status"),
    [
        ({}, "localhost:8000", "8000", 200),
        ({}, "localhost:8080", "8000", 400),
        ({"RUFVERBUND_PORT": "8080"}, "localhost:8080", "8000", 200),
        ({"HTTPS": True}, "localhost:8000", "8000", 400),  # browsers come through the proxy, on another port
        ({"DEMO": True}, "localhost:9000", "8000", 200),
    ],
)
def test_ports_are_those_on_which_browsers_come(db, settings, setting, host, server_port, status):
    for name, value in setting.items():
        setattr(settings, name, value)
    assert Client(headers={"host": host}).get("/", SERVER_PORT=server_port).status_code == status


def test_an_invitation_carries_the_port_that_the_browser_wrote(visit):
    """Behind a proxy it is not the one that we listen on."""
    client = visit("operator", "localhost")
    page = client.post(
        "/betrieb/servicecenter/soest/personen/einladen/",
        {"name": "Nora Neu", "email": "nora@example.org", "role": "agent"},
        SERVER_PORT="8000",
    )
    assert "http://desk.localhost/einladung/" in page.content.decode(), text_of(page)
