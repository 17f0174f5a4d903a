"""One's own account: name, language, display, exchange identifier; and the page for people at the wrong host."""

import pytest
from django.test import Client

from accounts.models import Membership, Person
from tenants import scope
from tests.accounts.conftest import text_of

PROFILE = {
    "name": "Jana Köster-Lang",
    "language": "de",
    "theme": "dark",
    "density": "bequem",
    "sentence": "short",
    "phone_user": "42",
}


def person(local):
    with scope.front():
        return Person.objects.get(email=f"{local}@example.org")


def test_a_profile_is_saved_and_the_name_copied_to_memberships(visit):
    client = visit("agent", "desk.localhost")
    done = client.post("/konto/", PROFILE, follow=True)
    assert "Ihre Angaben sind gespeichert." in text_of(done)
    saved = person("agent")
    assert (saved.name, saved.phone_user) == ("Jana Köster-Lang", "42")
    assert saved.preferences == {"theme": "dark", "density": "bequem", "sentence": "short"}
    with scope.front():
        assert Membership.objects.get(person=saved).person_name == "Jana Köster-Lang"
    html = client.get("/konto/").content.decode()
    assert 'data-density="bequem"' in html
    assert 'data-kern-theme="dark"' in html


def test_other_preferences_are_kept(visit, people):
    with scope.front():
        Person.objects.filter(pk=people["agent"].pk).update(preferences={"keys": {"accept": "F9"}})
    visit("agent", "desk.localhost").post("/konto/", PROFILE)
    assert person("agent").preferences["keys"] == {"accept": "F9"}


def test_who_is_not_at_the_telephone_is_not_asked_about_it(visit):
    page = visit("editor", "soest.localhost").get("/konto/")
    assert "Kennung in der Telefonanlage" not in text_of(page)
    visit("editor", "soest.localhost").post("/konto/", PROFILE)
    assert person("editor").phone_user == ""
    assert "sentence" not in person("editor").preferences


def test_an_exchange_identifier_belongs_to_one_colleague(visit):
    visit("agent", "desk.localhost").post("/konto/", PROFILE)
    taken = visit("agent2", "desk.localhost").post("/konto/", PROFILE)
    assert taken.status_code == 422
    assert "benutzt schon jemand anderes" in text_of(taken)
    assert person("agent2").name == "Murat Aydın"
    visit("agent", "desk.localhost").post("/konto/", PROFILE | {"phone_user": "Jana"})
    assert visit("agent2", "desk.localhost").post("/konto/", PROFILE | {"phone_user": "jANA"}).status_code == 422
    visit("agent", "desk.localhost").post("/konto/", PROFILE)
    elsewhere = visit("agent.unna", "desk.localhost").post("/konto/", PROFILE)  # another centre, another exchange
    assert elsewhere.status_code == 302


@pytest.mark.parametrize("broken", [{"theme": "neon"}, {"language": "xx"}, {"name": ""}, {"density": ""}])
def test_what_is_not_offered_is_refused(visit, broken):
    assert visit("agent", "desk.localhost").post("/konto/", PROFILE | broken).status_code == 422
    assert person("agent").preferences == {}


def test_the_language_is_remembered_by_cookie_and_with_the_person(visit):
    client = visit("agent", "desk.localhost")
    done = client.post("/sprache/", {"language": "en", "next": "/konto/"})
    assert done.headers["location"] == "/konto/"
    assert client.cookies["rufverbund_language"].value == "en"
    assert person("agent").language == "en"
    assert client.get("/konto/").headers["Content-Language"] == "en"


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", ""])
def test_the_way_back_stays_on_this_host(db, target):
    assert (
        Client(headers={"host": "localhost"}).post("/sprache/", {"language": "en", "next": target}).headers["location"]
        == "/"
    )


def test_signing_in_brings_the_persons_language(sign_in, people):
    with scope.front():
        Person.objects.filter(pk=people["editor"].pk).update(language="en")
    assert sign_in("editor@example.org", "soest.localhost").cookies["rufverbund_language"].value == "en"


def test_at_the_desk_without_a_role_one_is_told_and_can_sign_out(visit):
    client = visit("editor", "desk.localhost")
    page = client.get("/")
    assert page.status_code == 403
    assert "haben aber in keinem Servicecenter eine Rolle" in text_of(page)
    assert 'action="/konto/logout/"' in page.content.decode()
    assert client.post("/konto/logout/", {"next": "/konto/login/"}).headers["location"] == "/konto/login/"
    assert client.get("/konto/").status_code == 302


ACCOUNT_PAGES = [
    "/konto/", "/konto/logout/", "/konto/password/change/", "/konto/2fa/", "/konto/2fa/webauthn/", "/konto/2fa/webauthn/add/",
    "/konto/2fa/recovery-codes/generate/", "/konto/2fa/totp/deactivate/", "/konto/sitzungen/", "/konto/reauthenticate/",
    "/konto/2fa/reauthenticate/",
]  # fmt: skip
OPEN_PAGES = ["/konto/login/", "/konto/signup/", "/konto/inactive/", "/konto/password/reset/", "/konto/password/reset/done/",
              "/konto/password/reset/key/done/", "/einladung/unbekannt/", "/konto/password/reset/key/1-falsch/"]  # fmt: skip


@pytest.mark.parametrize("host", ["localhost", "soest.localhost", "desk.localhost"])
def test_every_page_is_ours_german_and_without_inline_code(host, sign_in, db):
    """allauth's own templates would show English words; scripts and styles in a page would be stopped by the browser."""
    who = {"localhost": "operator", "soest.localhost": "admin", "desk.localhost": "agent"}[host]
    client, stranger = sign_in(f"{who}@example.org", host), Client(headers={"host": host})
    for visitor, addresses in ((client, ACCOUNT_PAGES), (stranger, OPEN_PAGES)):
        for address in addresses:
            page = visitor.get(address)
            html = page.content.decode()
            assert page.status_code in {200, 404}, (address, page.status_code)
            assert "<h1>" in html, address
            assert 'rel="stylesheet" href="/static/css/rufverbund.css"' in html, address
            assert " style=" not in html, address
            assert " onclick=" not in html, address
            assert "<script>" not in html, address
            for english in ("Sign In", "Sign Out", "Password", "Your ", "Email", "Confirm", "Remove"):
                assert english not in text_of(page).replace("E-Mail", ""), (address, english)
