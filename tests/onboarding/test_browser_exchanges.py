"""The operator's pages of exchanges in a real browser: axe, a narrow window, the waiting test with and without JavaScript."""

import pytest

from tests.browser import browser, fits, heard, listen, looked_at, opened  # noqa: F401  a fixture
from tests.onboarding.test_browser_pages import FRONT, main_words, sign_in, signed_in, tab_to

pytestmark = pytest.mark.browser
LIST = "/betrieb/telefonanlagen/"


def pages(live):
    """name -> path."""
    shared, signed = live.exchanges["zammad"][0], live.exchanges["placetel"][0]
    return {
        "exchanges": LIST,
        "exchange-new": f"{LIST}neu/",
        "exchange": f"{LIST}{shared}/",
        "exchange-seen": f"{LIST}{shared}/?seit=0.1",
        "exchange-signed": f"{LIST}{signed}/",
        "exchange-rotate": f"{LIST}{shared}/token/",
    }


def call(page, live, to):
    """A citizen calls: the exchange of Soest's centre reports it."""
    address = live.server.url(FRONT, f"/api/v1/cti/{live.exchanges['zammad'][1]}")
    report = {"event": "newCall", "callId": f"live-{to}", "to": to, "from": "01713920047"}
    assert page.request.post(address, form=report).status == 200


def test_pages_are_accessible(browser, live):  # noqa: F811
    with opened(browser, bypass_csp=True) as page:
        sign_in(page, live, "operator", FRONT)
        for name, path in pages(live).items():
            assert page.goto(live.server.url(FRONT, path)).status == 200
            looked_at(page, f"telephony-{name}")


def test_pages_fit_a_narrow_window_and_keep_the_content_security_policy(browser, live):  # noqa: F811
    with signed_in(browser, live, "operator", FRONT, "narrow") as page:
        for path in pages(live).values():
            assert page.goto(live.server.url(FRONT, path)).status == 200
            fits(page)


def test_the_waiting_test_says_by_itself_what_came(browser, live):  # noqa: F811
    with signed_in(browser, live, "operator", FRONT) as page:
        listen(page)
        page.goto(live.server.url(FRONT, pages(live)["exchange"]))
        assert "Noch kein Anruf, seit die Seite offen ist." in main_words(page)
        call(page, live, "0292130")
        page.wait_for_selector("#seen .alertline--success")
        assert "Anruf für Kreis Soest." in page.locator("#seen").inner_text()
        assert any("Anruf für Kreis Soest." in said for said in heard(page))


def test_without_javascript_a_link_looks_again(browser, live):  # noqa: F811
    with signed_in(browser, live, "operator", FRONT, java_script_enabled=False) as page:
        page.goto(live.server.url(FRONT, pages(live)["exchange"]))
        call(page, live, "Zentrale")
        page.get_by_role("link", name="Nachsehen").click()
        assert "die Kommune ist nicht erkannt. " in page.locator("#seen").inner_text()
        page.get_by_role("link", name="Noch ein Probeanruf").click()
        assert "Noch kein Anruf, seit die Seite offen ist." in main_words(page)


def test_networks_and_token_by_keyboard(browser, live):  # noqa: F811
    with signed_in(browser, live, "operator", FRONT) as page:
        page.goto(live.server.url(FRONT, pages(live)["exchange-signed"]))
        tab_to(page, "#id_networks")
        page.keyboard.press("Control+A")
        page.keyboard.type("sipgate.de")
        tab_to(page, "form[action$='/netze/'] button")
        page.keyboard.press("Enter")
        page.wait_for_selector(".error-summary")
        page.locator(".error-summary a").click()
        assert page.evaluate("document.activeElement.id") == "id_networks"
        before = page.input_value("#address")
        tab_to(page, "a[href$='/token/']")
        page.keyboard.press("Enter")
        page.wait_for_url("**/token/")
        tab_to(page, "main form button")
        page.keyboard.press("Enter")
        page.wait_for_selector(".alertline--success")
        assert page.input_value("#address") != before
