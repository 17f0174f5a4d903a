"""A transfer with what the caller wants, by keyboard; and the page in the town hall, where the card comes by itself and is spoken once."""

import re

import pytest
from playwright.sync_api import expect

from tests.asterisk.slowness import slow
from tests.browser import browser, heard, listen, looked_at, opened  # noqa: F401  the fixture

pytestmark = [pytest.mark.browser, slow]
TOWN = "soest.localhost"
EVERY = 4000  # milliseconds, as handovers.js asks
CARD = """INSERT INTO telephony_bridge_handover (call_id, centre_id, municipality_id, called_name, contact_key, contact_name, person_id, email, caller,
concern, agent_id, agent_name, at, state, state_at, mail_tries) SELECT c.id, c.centre_id, m.id, 'Kreis Soest', 'person:x', 'Karin Ostermann', p.id, p.email,
'{caller}', '{concern}', 1, 'Jana Köster', now(), '{state}', now(), 0 FROM telephony_bridge_call c, tenants_municipality m, accounts_person p
WHERE c.id = (SELECT max(id) FROM telephony_bridge_call) AND m.slug = 'soest' AND p.email = 'reader@example.org'"""


def test_the_concern_is_written_and_sent_with_the_keyboard(live, browser):  # noqa: F811
    page = live.desk(browser, bypass_csp=True)
    live.ring()
    page.locator('#calls [data-state="ringing"]').wait_for()
    page.keyboard.press("F8")
    page.locator('#calls [data-state="talking"]').wait_for()
    live.sql("UPDATE telephony_bridge_call SET is_controlled = true WHERE state = 'talking'")
    page.keyboard.press("F2")
    page.keyboard.type("Sabine Müller 4711")
    page.locator('[data-hit][data-id="soest:p_mueller_bau"]').click()
    page.locator("#reading [data-opens^=to-]").first.wait_for()
    page.keyboard.press("F9")
    dialog = page.locator("dialog[open]")
    expect(dialog.get_by_role("button", name="Erst ankündigen")).to_be_focused()
    expect(dialog).to_have_accessible_description(
        re.compile(r"^Nummer 02921 103-\d+")
    )  # heard with the name, before the choice
    looked_at(page, "desk-transfer", whole=False)
    page.keyboard.press("Shift+Tab")
    concern = dialog.get_by_label("Anliegen")
    expect(concern).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.type("2 Ausweise, 1 Pass")  # digits are letters here, not choices
    expect(concern).to_have_value("2 Ausweise, 1 Pass")
    with page.expect_response(re.compile("/anlage/consult/")) as answer:
        page.keyboard.press("Enter")
    assert answer.value.status == 200
    assert live.sql("SELECT concern FROM telephony_bridge_handover ORDER BY id DESC LIMIT 1") == "2 Ausweise, 1 Pass"


def test_enter_in_the_field_of_a_number_asks_there(live, browser):  # noqa: F811
    page = live.desk(browser)
    live.ring()
    page.locator('#calls [data-state="ringing"]').wait_for()
    page.keyboard.press("F8")
    page.locator('#calls [data-state="talking"]').wait_for()
    live.sql("UPDATE telephony_bridge_call SET is_controlled = true WHERE state = 'talking'")
    page.reload()
    page.get_by_role("button", name="Nummer wählen").press("Enter")
    expect(page.get_by_label("Rufnummer oder Durchwahl")).to_be_focused()
    page.keyboard.type("02921 3022")
    with page.expect_response(re.compile("/anlage/")) as answer:
        page.keyboard.press("Enter")
    assert answer.value.url.endswith("/anlage/consult/")
    assert live.sql("SELECT number FROM telephony_bridge_exchangecommand ORDER BY id DESC LIMIT 1") == "+4929213022"


def test_a_card_comes_by_itself_and_is_ticked_off(live, browser):  # noqa: F811
    live.hang_up(live.ring())
    live.sql("DELETE FROM telephony_bridge_handover")
    session = live.tool("session", "reader", TOWN)
    with opened(browser, bypass_csp=True) as page:
        page.context.add_cookies([{"name": "rufverbund_session", "value": session, "domain": TOWN, "path": "/"}])
        listen(page)
        page.clock.install()
        page.goto(live.server.url(TOWN, "/gespraeche/"))
        looked_at(page, "town-handovers-empty", modes=["light"])
        live.sql(CARD.format(caller="02921 555", concern="Sperrmüll anmelden", state="ringing"))
        card = page.locator("#handovers .todo")
        page.clock.fast_forward(EVERY)
        expect(card).to_contain_text("Sperrmüll anmelden")
        expect(page.locator("#news")).to_have_text("Neuer Anruf von 02921 555: Sperrmüll anmelden")
        live.sql(CARD.format(caller="", concern="", state="ended"))
        live.sql(CARD.format(caller="0171 3920047", concern="Hundesteuer", state="transferred"))
        page.clock.fast_forward(EVERY)
        expect(card).to_have_count(3)
        ticks = page.get_by_role("button", name="Erledigt", exact=True)
        number = page.get_by_role("link", name="0171 3920047")
        number.focus()
        live.sql("UPDATE telephony_bridge_handover SET done_at = now() WHERE state = 'ended'")
        page.clock.fast_forward(EVERY)
        expect(page.locator("#handovers")).to_contain_text("erledigt")
        expect(number).to_be_focused()
        live.sql("UPDATE telephony_bridge_handover SET done_at = NULL")
        page.clock.fast_forward(EVERY)
        expect(ticks).to_have_count(3)
        ticks.nth(2).focus()
        live.sql("UPDATE telephony_bridge_handover SET state = 'transferred', state_at = now() WHERE state = 'ringing'")
        page.clock.fast_forward(EVERY)
        expect(card.filter(has_text="klingelt")).to_have_count(0)
        expect(ticks.nth(2)).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_contain_text("Der Anruf ist abgehakt.")
        looked_at(page, "town-handovers")
        page.route("**/gespraeche/**", lambda route: route.abort())
        for _ in range(2):
            page.clock.fast_forward(EVERY)
            expect(page.locator("#lost")).to_be_visible()
        page.unroute("**/gespraeche/**")
        page.clock.fast_forward(EVERY)
        expect(page.locator("#lost")).to_be_hidden()
        said = [line for line in heard(page) if "Verbindung" in line]
        assert [line.split()[0] for line in said] == ["Die", "Verbindung"]  # lost and back, once each
        assert [line for line in heard(page) if "Sperrmüll" in line] == []  # known on the page that came
