"""Sign-in, second factors and members in a real Chromium, on a real server with one database login per scope."""

import os
import re
from collections.abc import Iterator
from functools import partial

import pytest
from playwright.sync_api import Page, expect

from tests.accounts.conftest import totp
from tests.browser import browser, looked_at, opened
from tests.database import cloned
from tests.server import Server
from tests.template import PASSWORD

__all__ = ["browser"]
pytestmark = pytest.mark.browser
HOST = "soest.localhost"
DEVICE = {  # a platform authenticator that confirms by itself, as a fingerprint would
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True,
    "automaticPresenceSimulation": True,
}  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server of its own."""
    with cloned(f"rv_accounts_{os.getpid()}") as url:
        started = Server(url)
        started.start()
        yield started
        started.stop()


def sign_in(page: Page, server: Server, who: str, *, host: str = HOST) -> None:
    """With the keyboard alone, through both pages. A code works once, so every test takes another person."""
    page.goto(server.url(host, "/konto/login/"))
    page.get_by_label("E-Mail-Adresse").focus()
    page.keyboard.type(f"{who}@example.org")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Zweiter Schritt")).to_be_visible()
    expect(page.locator("input[name=code]")).to_be_focused()
    page.keyboard.type(totp())
    page.keyboard.press("Enter")
    page.wait_for_url(server.url(host, "/"))


def test_every_page_of_the_account(browser, server):
    with opened(browser, bypass_csp=True) as page:
        host = "kreis.localhost"
        page.goto(server.url(host, "/konto/login/"))
        looked_at(page, "account-login", modes=["light"])
        sign_in(page, server, "editor.kreis", host=host)
        for path in (
            "",
            "password/change/",
            "2fa/",
            "2fa/recovery-codes/generate/",
            "2fa/webauthn/",
            "2fa/webauthn/add/",
            "sitzungen/",
            "logout/",
        ):
            page.goto(server.url(host, f"/konto/{path}"))
            looked_at(page, f"account-{path.strip('/').replace('/', '-') or 'profile'}", modes=["light"])


@pytest.mark.parametrize("look", [False, True], ids=["under the policy", "looked at"])
def test_an_invitation_from_the_form_to_the_second_factor(browser, server, look):
    see = partial(looked_at, modes=["light"]) if look else (lambda _page, _name: None)
    who, host = ("admin", HOST) if look else ("admin.lippstadt", "lippstadt.localhost")
    with opened(browser, bypass_csp=look) as page:
        sign_in(page, server, who, host=host)
        page.goto(server.url(host, "/mitglieder/"))
        see(page, "members")
        page.get_by_role("link", name="Person einladen").click()
        see(page, "invite")
        page.get_by_label("Name").fill("Nora Neu")
        page.get_by_label("E-Mail-Adresse").fill(f"nora{int(look)}@example.org")
        page.get_by_label("Redaktion").check()
        page.get_by_role("button", name="Link erzeugen").click()
        link = page.get_by_label("Link", exact=True).input_value()
        see(page, "invited")
    with opened(browser, bypass_csp=look) as page:
        page.goto(link)
        see(page, "invitation")
        page.locator("input[name=password1]").fill("Vier-Pferde-am-Teich")
        page.locator("input[name=password2]").fill("Vier-Pferde-am-Teich")
        page.get_by_role("button", name="Konto anlegen und Einladung annehmen").click()
        expect(page.get_by_text("Bevor Sie weiterarbeiten, richten Sie einen zweiten Faktor ein.")).to_be_visible()
        see(page, "second-factor-required")
        page.get_by_role("link", name="App einrichten").click()
        assert page.locator("img.qr").evaluate("image => image.complete && image.naturalWidth > 0")
        see(page, "second-factor-app")
        page.get_by_label("Code").fill(totp(page.locator("[data-totp-secret]").inner_text()))
        page.get_by_role("button", name="App einrichten").click()
        expect(page.locator("[data-recovery-codes] li")).to_have_count(10)
        see(page, "recovery-codes")
        page.get_by_role("link", name="Weiter", exact=True).click()
        page.wait_for_url(server.url(host, "/"))


def test_a_passkey_is_added_signs_in_alone_and_as_second_step(browser, server):
    with opened(browser) as page:
        devices = page.context.new_cdp_session(page)
        devices.send("WebAuthn.enable")
        devices.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
        sign_in(page, server, "editor")
        page.goto(server.url(HOST, "/konto/2fa/webauthn/add/"))
        page.get_by_label("Name des Schlüssels").fill("Diensthandy")
        page.get_by_label("Auch ohne Passwort anmelden").check()
        page.get_by_role("button", name="Schlüssel jetzt einrichten").click()
        expect(page).not_to_have_url(re.compile("/webauthn/add/"))
        page.goto(server.url(HOST, "/konto/2fa/webauthn/"))
        expect(page.get_by_role("rowheader", name="Diensthandy")).to_be_visible()
        sign_out(page, server)
        page.get_by_role("button", name="Mit Passkey anmelden").click()
        page.wait_for_url(server.url(HOST, "/"))
        sign_out(page, server)
        page.get_by_label("E-Mail-Adresse").fill("editor@example.org")
        page.get_by_label("Passwort").fill(PASSWORD)
        page.get_by_role("button", name="Anmelden", exact=True).click()
        page.get_by_role("button", name="Schlüssel benutzen").click()
        page.wait_for_url(server.url(HOST, "/"))


def test_a_passkey_that_is_refused_is_said_and_another_way_stays(browser, server):
    with opened(browser) as page:
        devices = page.context.new_cdp_session(page)
        devices.send("WebAuthn.enable")
        devices.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})  # knows no key
        page.goto(server.url(HOST, "/konto/login/"))
        page.get_by_role("button", name="Mit Passkey anmelden").click()
        expect(page.get_by_text("Abgebrochen. Versuchen Sie es noch einmal")).to_be_visible()
        expect(page.get_by_label("Passwort")).to_be_enabled()


def sign_out(page: Page, server: Server) -> None:
    page.get_by_role("button", name="Abmelden").first.click()
    page.wait_for_url("**/konto/login/**")
    page.goto(server.url(HOST, "/konto/login/"))


def test_sign_in_and_account_look_right_everywhere(browser, server):
    with opened(browser, bypass_csp=True) as page:
        sign_in(page, server, "supervisor", host="desk.localhost")
        for path in ("login/", "", "2fa/"):
            page.goto(server.url(HOST if path == "login/" else "desk.localhost", f"/konto/{path}"))
            looked_at(page, f"account-{path.strip('/') or 'profile'}", modes=["dark", "forced", "narrow"])


def test_members_work_without_javascript(browser, server):
    with opened(browser, java_script_enabled=False) as page:
        host = "lippstadt.localhost"
        session = server.tool("session", "admin.lippstadt", host)
        page.context.add_cookies([{"name": "rufverbund_session", "value": session, "domain": host, "path": "/"}])
        page.goto(server.url(host, "/mitglieder/einladen/"))
        page.get_by_label("Name").fill("Ohne Skript")
        page.get_by_label("E-Mail-Adresse").fill("ohne@example.org")
        page.get_by_role("button", name="Link erzeugen").click()
        assert "/einladung/" in page.get_by_label("Link", exact=True).input_value()
        page.get_by_role("link", name="Zu den Mitgliedern").click()
        page.get_by_role("link", name=re.compile("Zurückziehen.*ohne@example.org")).click()
        page.get_by_role("button", name="Einladung zurückziehen").click()
        expect(page.get_by_text("ist zurückgezogen; der Link gilt nicht mehr")).to_be_visible()
        expect(page.get_by_text("ohne@example.org", exact=True)).to_have_count(0)
