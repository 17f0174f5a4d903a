"""Signing in through the real forms: password, code, lock-out, and what never tells whether somebody exists."""

import re
import time

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import MD5PasswordHasher, ScryptPasswordHasher
from django.core import mail
from django.test import Client

from tenants import scope
from tests.accounts.conftest import text_of, totp
from tests.template import PASSWORD, TOTP_SECRET

HOST = "soest.localhost"


def attempt(email="editor@example.org", password="falsch", host=HOST, ip="127.0.0.1"):
    return Client(headers={"host": host}, REMOTE_ADDR=ip).post("/konto/login/", {"login": email, "password": password})


def test_password_and_code_lead_to_the_start_page(sign_in):
    client = sign_in("editor@example.org", HOST)
    assert client.get("/konto/").status_code == 200


def test_a_password_as_production_keeps_it_is_accepted(sign_in, people):
    with scope.front():
        people["editor"].password = ScryptPasswordHasher().encode(PASSWORD, "salt")
        people["editor"].save()
    assert sign_in("editor@example.org", HOST).get("/konto/").status_code == 200


def test_the_password_alone_opens_nothing(db):
    client = Client(headers={"host": HOST})
    client.post("/konto/login/", {"login": "editor@example.org", "password": PASSWORD})
    assert client.get("/konto/").status_code == 302
    assert client.get("/mitglieder/").headers["location"].startswith("/konto/login/")


def test_a_wrong_code_is_refused_in_words(db):
    client = Client(headers={"host": HOST})
    client.post("/konto/login/", {"login": "editor@example.org", "password": PASSWORD})
    response = client.post("/konto/2fa/authenticate/", {"code": "000000"})
    assert "Der Code stimmt nicht oder ist abgelaufen." in text_of(response)


def test_a_code_works_once_as_long_as_it_would_be_accepted(sign_in, time_machine):
    sign_in("editor@example.org", HOST)
    code = totp()
    time_machine.move_to(time.time() + 31)  # allauth has forgotten it by now, the tolerance would still accept it
    client = Client(headers={"host": HOST})
    client.post("/konto/login/", {"login": "editor@example.org", "password": PASSWORD})
    assert client.post("/konto/2fa/authenticate/", {"code": code}).status_code == 200
    assert client.post("/konto/2fa/authenticate/", {"code": totp()}).status_code == 302


def test_a_clock_that_is_half_a_minute_slow_still_signs_in(sign_in):
    sign_in("editor@example.org", HOST, step=-1)


@pytest.mark.parametrize(("email", "password"), [("editor@example.org", "falsch"), ("niemand@example.org", "falsch")])
def test_a_failure_says_the_same_for_everybody(db, email, password):
    response = attempt(email, password)
    assert response.status_code == 200
    assert "E-Mail-Adresse oder Passwort stimmen nicht." in text_of(response)


def test_an_unknown_person_costs_as_much_work_as_a_known_one(people, monkeypatch):
    """Otherwise the time of an answer tells who has an account."""
    with scope.front():
        people["editor"].set_password(PASSWORD)
        people["editor"].save()
    hashed = []
    encode = MD5PasswordHasher.encode
    monkeypatch.setattr(MD5PasswordHasher, "encode", lambda self, *a, **k: (hashed.append(1), encode(self, *a, **k))[1])
    attempt("editor@example.org", "falsch")
    known = len(hashed)
    attempt("niemand@example.org", "falsch")
    assert len(hashed) - known == known > 0


def test_five_failures_lock_the_address_even_for_the_right_password(db):
    for _ in range(5):
        attempt()
    response = attempt(password=PASSWORD)
    assert response.status_code == 200
    assert "Zu viele Fehlversuche. Warten Sie 15 Minuten" in text_of(response)
    assert attempt("admin@example.org", PASSWORD).status_code == 302  # others are not locked


def test_failures_on_several_hosts_count_together(db):
    for host in ("soest.localhost", "desk.localhost", "localhost", "soest.localhost", "kreis.localhost"):
        attempt(host=host)
    assert "Zu viele Fehlversuche" in text_of(attempt(password=PASSWORD, host="desk.localhost"))


def test_the_lock_ends_after_a_quarter_of_an_hour(db, time_machine):
    for _ in range(5):
        attempt()
    time_machine.move_to(time.time() + 15 * 60 + 1)
    assert attempt(password=PASSWORD).status_code == 302


def test_guessing_codes_is_locked_too(db):
    client = Client(headers={"host": HOST})
    client.post("/konto/login/", {"login": "editor@example.org", "password": PASSWORD})
    for _ in range(5):
        client.post("/konto/2fa/authenticate/", {"code": "000000"})
    response = client.post("/konto/2fa/authenticate/", {"code": totp()})
    assert "Zu viele Fehlversuche" in text_of(response)


def test_signing_in_rotates_the_session(db):
    client = Client(headers={"host": HOST})
    client.post("/konto/login/", {"login": "editor@example.org", "password": PASSWORD})
    before = client.cookies["rufverbund_session"].value
    client.post("/konto/2fa/authenticate/", {"code": totp()})
    assert client.cookies["rufverbund_session"].value != before


def test_the_cookie_belongs_to_this_host_and_scripts_cannot_read_it(sign_in):
    cookie = sign_in("editor@example.org", HOST).cookies["rufverbund_session"]
    assert (cookie["domain"], cookie["httponly"], cookie["samesite"]) == ("", True, "Lax")


def test_nobody_signs_up(db):
    client = Client(headers={"host": HOST})
    assert "Konten entstehen durch Einladung" in text_of(client.get("/konto/signup/"))
    client.post("/konto/signup/", {"email": "neu@example.org", "password1": PASSWORD, "password2": PASSWORD})
    assert attempt("neu@example.org", PASSWORD).status_code == 200


def test_a_recovery_code_replaces_the_app_once(people):
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes

    with scope.front():
        code = RecoveryCodes.activate(people["editor"]).get_unused_codes()[0]
    for expected in (302, 200):
        client = Client(headers={"host": HOST})
        client.post("/konto/login/", {"login": "editor@example.org", "password": PASSWORD})
        assert client.post("/konto/2fa/authenticate/", {"code": code}).status_code == expected


def test_secrets_of_second_factors_are_not_stored_in_the_clear(people):
    with scope.front():
        stored = Authenticator.objects.get(user=people["editor"]).data["secret"]
    assert TOTP_SECRET not in stored


def reset_link(email):
    Client(headers={"host": HOST}).post("/konto/password/reset/", {"email": email})
    return re.search(r"http://soest\.localhost(/\S+)", mail.outbox[-1].body)


def test_a_forgotten_password_is_set_by_a_link_that_works_once(sign_in):
    link = reset_link("editor@example.org")[1]
    assert mail.outbox[-1].subject == "Rufverbund: Neues Passwort festlegen"
    client = Client(headers={"host": HOST})
    form = client.get(link, follow=True)
    done = client.post(
        form.redirect_chain[-1][0],
        {"password1": "Vier-Pferde-am-Teich", "password2": "Vier-Pferde-am-Teich"},
        follow=True,
    )
    assert "Ihr neues Passwort gilt" in text_of(done)
    sign_in("editor@example.org", HOST, password="Vier-Pferde-am-Teich")
    assert "Der Link gilt nicht mehr" in text_of(Client(headers={"host": HOST}).get(link, follow=True))


def test_an_unknown_address_gets_the_same_page_and_a_mail_without_a_link(db):
    known = Client(headers={"host": HOST}).post("/konto/password/reset/", {"email": "editor@example.org"}, follow=True)
    unknown = Client(headers={"host": HOST}).post(
        "/konto/password/reset/", {"email": "niemand@example.org"}, follow=True
    )
    assert text_of(known) == text_of(unknown)
    assert "gibt es aber kein Konto" in mail.outbox[-1].body
    assert "http" not in mail.outbox[-1].body


def test_a_mail_server_that_is_away_breaks_no_page(db, monkeypatch):
    def away(*_a, **_k):
        raise ConnectionRefusedError

    monkeypatch.setattr("django.core.mail.EmailMessage.send", away)
    response = Client(headers={"host": HOST}).post("/konto/password/reset/", {"email": "editor@example.org"})
    assert response.headers["location"] == "/konto/password/reset/done/"


@pytest.mark.parametrize("weak", ["kurz", "123456789012", "passwort1234passwort1234"[:8], "editor@example.org"])
def test_weak_passwords_are_refused(sign_in, weak):
    client = sign_in("editor@example.org", HOST)
    response = client.post("/konto/password/change/", {"oldpassword": PASSWORD, "password1": weak, "password2": weak})
    assert response.status_code == 200
    assert "Bitte prüfen Sie" in text_of(response)


def test_the_page_after_signing_in_stays_on_this_installation(db):
    client = Client(headers={"host": HOST})
    client.post("/konto/login/?next=https://evil.example/", {"login": "editor@example.org", "password": PASSWORD})
    response = client.post("/konto/2fa/authenticate/", {"code": totp()})
    assert response.headers["location"] == "/"
