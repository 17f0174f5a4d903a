"""A supervisor says what somebody can do, with the keyboard, in every look."""

import pytest
from playwright.sync_api import expect

from tests.asterisk.slowness import slow
from tests.browser import browser, looked_at  # noqa: F401  the fixture

pytestmark = [pytest.mark.browser, slow]


@pytest.fixture
def live(live):
    """Without skills before and afterwards."""
    forget = "DELETE FROM telephony_bridge_agentskills", "DELETE FROM telephony_bridge_numberlanguage"
    for statement in forget:
        live.sql(statement)
    yield live
    for statement in forget:
        live.sql(statement)


def test_a_supervisor_says_what_somebody_can_do(live, browser):  # noqa: F811
    page = live.desk(browser, "supervisor", bypass_csp=True)
    page.goto(live.server.url("desk.localhost", "/leitstand/"))
    page.get_by_role("link", name="Kenntnisse des Teams").press("Enter")
    page.get_by_role("link", name="Ändern: Jana Köster").press("Enter")
    places = page.get_by_role("group", name="Kommunen", exact=True)
    expect(places).to_be_hidden()
    everybody = page.get_by_role("radio", name="alle Kommunen", exact=True)
    everybody.press("ArrowDown")
    expect(places).to_be_visible()
    page.get_by_role("button", name="Kenntnisse speichern").press("Enter")
    expect(page.locator(".error-summary")).to_be_focused()
    page.get_by_role("link", name="Bitte mindestens eine Kommune").press("Enter")
    box = page.get_by_role("checkbox", name="Kreis Soest")
    expect(box).to_be_focused()
    looked_at(page, "desk-skill-refused")
    box.press("Space")
    page.get_by_role("checkbox", name="Türkisch").press("Space")
    page.get_by_role("radio", name="übliches Team").press("ArrowDown")
    looked_at(page, "desk-skill")
    page.get_by_role("button", name="Kenntnisse speichern").press("Enter")
    row = page.get_by_role("row", name="Jana Köster")
    expect(row).to_contain_text("Kreis Soest")
    expect(row).to_contain_text("Deutsch, Türkisch")
    expect(row).to_contain_text("Aushilfe")
    page.get_by_role("textbox", name="Rufnummer").fill("103-77")
    page.get_by_role("textbox", name="Rufnummer").press("Enter")
    expect(page.locator(".error-summary")).to_be_focused()
    looked_at(page, "desk-skills-refused", modes=["narrow"])
    page.get_by_role("link", name="Bitte eine Rufnummer mit Vorwahl").press("Enter")
    expect(page.get_by_role("textbox", name="Rufnummer")).to_be_focused()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("02921 103-77")
    page.get_by_role("combobox", name="Sprache").select_option("Türkisch")
    page.get_by_role("button", name="Rufnummer eintragen").press("Enter")
    expect(page.get_by_role("row", name="02921 10377")).to_contain_text("Türkisch")
    looked_at(page, "desk-skills")
    kept = "SELECT municipalities = '{kreis}' AND languages = '{de,tr}' AND line = 1 FROM telephony_bridge_agentskills"
    assert live.sql(kept)
