"""The people of a demonstration and the one-click sign-in: there in demo mode only, on this machine only."""

import importlib
import json
import re
import stat
from pathlib import Path

import pytest
from django.test import Client
from django.urls import clear_url_caches

from accounts import demo
from accounts.models import Membership, Person
from tenants import scope
from tenants.errors import Refusal
from tests.accounts.conftest import totp

ANY = "0.0.0.0"  # noqa: S104  what must be refused
URLS = ("accounts.urls", "config.urls.front", "config.urls.desk", "config.urls.municipality")


def reload_urls():
    for name in URLS:
        importlib.reload(importlib.import_module(name))
    clear_url_caches()


@pytest.fixture
def demo_mode(settings, tmp_path, db):
    """RUFVERBUND_DEMO=1, with an empty RUFVERBUND_HOME."""
    settings.DEMO, settings.RUFVERBUND_HOME = True, tmp_path
    reload_urls()
    yield tmp_path
    settings.DEMO = False
    reload_urls()


@pytest.fixture
def people_of_the_demo(demo_mode):
    """Everybody, made."""
    demo.ensure_demo_people()
    return {person.name: person for person in demo.demo_people()}


def entries():
    """What the front page offers, by name."""
    from django.test import RequestFactory

    request = RequestFactory().get("/", SERVER_PORT="8000", HTTP_HOST="localhost:8000")
    return {entry["person"].name: entry for group in demo.demo_entries(request) for entry in group["people"]}


def click(entry, **extra):
    host = re.match(r"http://([^/]+)/", entry["url"])[1]
    client = Client(headers={"host": host}, enforce_csrf_checks=True)
    return client, client.post("/demo/anmelden/", {"token": entry["token"]}, **extra)


def test_one_click_signs_in_where_the_person_works(people_of_the_demo):
    found = entries()
    assert found["Jana Köster"]["url"] == "http://desk.localhost:8000/demo/anmelden/"
    assert found["Stefan Droste"]["url"] == "http://lippstadt.localhost:8000/demo/anmelden/"
    assert found["Claudia Rennert"]["url"] == "http://localhost:8000/demo/anmelden/"
    client, answer = click(found["Ulrike Sander"])
    assert answer.headers["location"] == "/"
    assert client.get("/mitglieder/").status_code == 200


def test_every_role_is_offered(people_of_the_demo):
    assert {entry["person"].role for entry in entries().values()} == {
        "agent", "supervisor", "editor", "tenant_admin", "department_reader", "operator"
    }  # fmt: skip


def test_outside_demo_mode_the_address_does_not_exist(people_of_the_demo, settings):
    entry = entries()["Jana Köster"]
    settings.DEMO, settings.RUFVERBUND_PORT = False, "8000"
    assert click(entry)[1].status_code == 404  # the view itself
    reload_urls()
    assert click(entry)[1].status_code == 404  # nor the address
    assert demo.demo_entries(None) == []


@pytest.mark.parametrize(
    "extra",
    [
        {"REMOTE_ADDR": "192.0.2.7"},
        {"HTTP_ORIGIN": "https://evil.example"},
        {"HTTP_ORIGIN": "http://localhost.evil.example"},
    ],
)
def test_nobody_else_gets_in_by_a_click(people_of_the_demo, extra):
    assert click(entries()["Jana Köster"], **extra)[1].status_code == 404


@pytest.mark.parametrize(
    "extra",
    [
        {"HTTP_ORIGIN": "http://localhost:8000"},
        {"HTTP_ORIGIN": "null"},
        {"REMOTE_ADDR": "::1"},
        {"REMOTE_ADDR": "127.0.0.2"},
    ],
)
def test_this_machine_does(people_of_the_demo, extra):
    assert click(entries()["Jana Köster"], **extra)[1].status_code == 302


def test_a_foreign_or_old_token_signs_nobody_in(people_of_the_demo, time_machine):
    entry = entries()["Jana Köster"]
    client, answer = click(entry | {"token": "erfunden"})
    assert answer.headers["location"] == "/konto/login/"
    import time

    time_machine.move_to(time.time() + demo.TOKEN_LIFE + 1)
    client, answer = click(entry)
    assert answer.headers["location"] == "/konto/login/"
    assert client.get("/konto/").status_code == 302


def test_a_token_opens_only_people_of_the_demo(people_of_the_demo, people):
    from django.core import signing

    token = signing.dumps("admin@example.org", salt=demo.SALT)
    assert click(entries()["Jana Köster"] | {"token": token})[1].status_code == 404


def test_it_is_a_post_only(people_of_the_demo):
    assert Client(headers={"host": "desk.localhost"}).get("/demo/anmelden/").status_code == 405


def test_accounts_are_printed_as_the_contract_says_and_sign_in_by_the_forms(people_of_the_demo, demo_mode):
    accounts = demo.demo_accounts()
    assert [*accounts[0]] == ["role", "host", "email", "password", "totp_secret"]
    json.dumps(accounts)
    agent = next(a for a in accounts if a["role"] == "agent")
    assert (agent["host"], agent["email"]) == ("desk.localhost", "jana.koester@rufverbund.example")
    client = Client(headers={"host": agent["host"]})
    client.post("/konto/login/", {"login": agent["email"], "password": agent["password"]})
    assert client.post("/konto/2fa/authenticate/", {"code": totp(agent["totp_secret"])}).status_code == 302


def test_secrets_are_random_private_and_kept(people_of_the_demo, demo_mode):
    accounts = demo.demo_accounts()
    assert len({a["password"] for a in accounts} | {a["totp_secret"] for a in accounts}) == 2 * len(accounts)
    file = Path(demo_mode) / "secrets" / demo.FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert demo.demo_accounts() == accounts


def test_making_them_twice_changes_nothing_and_ends_no_session(people_of_the_demo):
    client, _answer = click(entries()["Ulrike Sander"])
    with scope.front():
        before = (Person.objects.count(), Membership.objects.count())
    assert demo.ensure_demo_people() == 0
    with scope.front():
        assert (Person.objects.count(), Membership.objects.count()) == before
    assert client.get("/mitglieder/").status_code == 200


def test_lost_secrets_are_replaced(people_of_the_demo, demo_mode):
    (Path(demo_mode) / "secrets" / demo.FILE).unlink()
    demo.ensure_demo_people()
    agent = demo.demo_accounts()[0]
    with scope.front():
        assert Person.objects.get(email=agent["email"]).check_password(agent["password"])


def test_a_real_account_is_never_taken_over(demo_mode):
    with scope.front():
        Person.objects.create_user("jana.koester@rufverbund.example", "geheim-und-lang", name="Jemand")
    with pytest.raises(Refusal, match="gehört schon einem wirklichen Konto"):
        demo.ensure_demo_people()


def test_people_of_the_demo_are_made_in_demo_mode_only(db):
    with pytest.raises(Refusal, match="RUFVERBUND_DEMO"):
        demo.ensure_demo_people()


@pytest.mark.parametrize("address", [ANY, "::", "192.168.1.5", "example.org", ""])
def test_demo_mode_listens_on_this_machine_only(settings, address):
    settings.DEMO = True
    with pytest.raises(Refusal, match="nur auf diesem Rechner"):
        demo.refuse_other_than_loopback(address)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.5.5.5", "::1", "[::1]", "localhost"])
def test_loopback_is_this_machine(settings, address):
    settings.DEMO = True
    demo.refuse_other_than_loopback(address)


def test_without_demo_mode_any_address_will_do(settings):
    demo.refuse_other_than_loopback(ANY)


def test_the_part_of_the_front_page_posts_to_the_right_hosts(people_of_the_demo):
    from django.template.loader import render_to_string
    from django.test import RequestFactory

    request = RequestFactory().get("/", HTTP_HOST="localhost:8000", SERVER_PORT="8000")
    html = render_to_string("accounts/demo_roles.html", {"groups": demo.demo_entries(request)})
    assert html.count("<form") == len(demo.demo_people())
    assert 'aria-label="Anmelden als Redaktion, Heike Brand"' in html
