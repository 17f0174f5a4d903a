"""A service centre's people on the operator's pages in a real browser: axe and width in every look; by keyboard alone; without JavaScript."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser import browser, looked_at
from tests.onboarding.test_browser_pages import FRONT, main_words, signed_in, tab_to

__all__ = ["browser"]
pytestmark = pytest.mark.browser
PEOPLE = "/betrieb/servicecenter/soest/personen/"


def look(page, name):
    """A picture, axe, and the width."""
    looked_at(page, f"onboarding-{name}", modes=["light", "narrow"])  # the parts are those of other pages


def go_on(page, name):
    """Follow a link of the page."""
    page.get_by_role("link", name=name).first.click()


def test_pages_are_accessible(browser, live):
    with signed_in(browser, live, "operator", FRONT, bypass_csp=True) as page:
        page.goto(live.server.url(FRONT, "/betrieb/servicecenter/soest/"))
        go_on(page, "Mitglieder verwalten")
        page.wait_for_url(f"**{PEOPLE}")
        look(page, "centre-people")
        page.goto(live.server.url(FRONT, f"{PEOPLE}?q=xyzzy"))
        look(page, "centre-people-empty")
        go_on(page, "Person einladen")
        look(page, "centre-invite")
        page.get_by_label("Name").fill("Nora Neu")
        page.locator("form.form").evaluate("form => { form.noValidate = true; form.elements.email.value = 'nora'; }")
        page.get_by_role("button", name="Link erzeugen").click()
        page.wait_for_selector(".error-summary")
        look(page, "centre-invite-errors")
        assert "error-summary" in page.evaluate("document.activeElement.className")
        assert page.get_by_label("Name").input_value() == "Nora Neu"
        page.get_by_label("E-Mail-Adresse").fill("nora@example.org")
        page.get_by_role("button", name="Link erzeugen").click()
        expect(page.get_by_label("Link", exact=True)).to_have_value(re.compile("//desk.localhost:"))
        look(page, "centre-invited")
        go_on(page, "Zu den Mitgliedern")
        look(page, "centre-people-invited")
        for link, name in (
            ("Erneuern", "renew"),
            ("Zurückziehen", "revoke"),
            ("Rolle ändern.*Petra", "role"),
            ("Entfernen.*Petra", "remove"),
        ):
            go_on(page, re.compile(link))
            look(page, f"centre-{name}")
            page.goto(live.server.url(FRONT, PEOPLE))


def test_from_the_invitation_to_the_end_by_keyboard(browser, live):
    with signed_in(browser, live, "operator", FRONT) as page:
        page.goto(live.server.url(FRONT, "/betrieb/servicecenter/soest/"))
        tab_to(page, f"a[href='{PEOPLE}']")
        page.keyboard.press("Enter")
        page.wait_for_url(f"**{PEOPLE}")
        tab_to(page, f"a[href='{PEOPLE}einladen/']")
        page.keyboard.press("Enter")
        page.wait_for_selector("#id_name")
        tab_to(page, "#id_name")
        page.keyboard.type("Tim Tastatur")
        tab_to(page, "#id_email")
        page.keyboard.type("tim@example.org")
        tab_to(page, "[name=role]")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.wait_for_selector("#link")
        tab_to(page, f"main a.kern-btn[href='{PEOPLE}']")
        page.keyboard.press("Enter")
        page.wait_for_url(f"**{PEOPLE}")
        row = page.locator("[data-invitation]", has_text="tim@example.org")
        expect(row).to_contain_text("Teamleitung")
        tab_to(page, f"a[href='{row.get_by_role('link', name='Zurückziehen').get_attribute('href')}']")
        page.keyboard.press("Enter")
        page.wait_for_url("**/zurueckziehen/")
        tab_to(page, "main form button")
        page.keyboard.press("Enter")
        page.wait_for_selector("text=Die Einladung an tim@example.org ist zurückgezogen")
        member = page.locator("[data-member]").first
        name = member.locator("th").inner_text()
        tab_to(page, f"a[href='{member.get_by_role('link', name='Rolle ändern').get_attribute('href')}']")
        page.keyboard.press("Enter")
        page.wait_for_selector("[name=role]")
        tab_to(page, "[name=role]:checked")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.wait_for_selector(".alertline--success")
        assert f"{name} hat jetzt die Rolle" in main_words(page)


def test_a_membership_is_ended_without_javascript(browser, live):
    with signed_in(browser, live, "operator", FRONT, java_script_enabled=False) as page:
        page.goto(live.server.url(FRONT, PEOPLE))
        row = page.locator("[data-member]", has_text="Servicecenter-Mitarbeitende").last
        name, key = row.locator("th").inner_text(), row.get_attribute("data-member")
        row.get_by_role("link", name="Entfernen").click()
        assert "Ein Gespräch, das gerade läuft, wird nicht getrennt" in main_words(page)
        page.get_by_role("button", name="Mitglied entfernen").click()
        assert f"{name} hat die Rolle „Servicecenter-Mitarbeitende“ nicht mehr." in main_words(page)
        assert page.locator(f"[data-member='{key}']").count() == 0
