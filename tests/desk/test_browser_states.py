"""Every state of the desk in every look: axe, width, one screen; and the state in which the server is away."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import axe, browser, heard, looked_at, shot  # noqa: F401  the fixture
from tests.desk.test_browser_call import CARD, focused, in_state, ready

pytestmark = pytest.mark.browser
LOW = {"width": 1366, "height": 657}  # what a maximised browser leaves of 1366x768


def look(page: Page, name: str) -> None:
    """A picture to look at, axe, and the width, in every mode."""
    page.wait_for_timeout(200)
    looked_at(page, f"desk-{name}", whole=False)


def test_every_state_is_accessible(live, browser) -> None:  # noqa: F811
    page = live.desk(browser, bypass_csp=True)  # axe sets styles of its own; the other tests run with the policy
    ready(page)
    look(page, "idle")
    call = live.ring()
    waiting = live.ring(to="02921300", caller="")
    in_state(page, "ringing")
    expect(page.locator("#side [data-call-id]")).to_be_visible()
    look(page, "ringing")
    page.keyboard.press("F8")
    in_state(page, "talking")
    page.keyboard.press("F2")
    page.keyboard.type("müller standesamt")
    expect(page.locator("[role=group][data-kind=contacts] [data-hit]").first).to_be_visible()
    page.locator("[role=group][data-kind=contacts] [data-hit]").first.click()
    expect(page.locator(".contact__number b").first).to_be_visible()
    look(page, "talking")
    page.keyboard.press("F4")
    expect(page.locator("#concern")).to_be_focused()
    page.locator("#wrap-gap summary").click()
    look(page, "wrap-up")
    page.keyboard.press("F8")
    in_state(page, "ringing")  # the Kreis waited
    live.hang_up(waiting, "cancel")
    live.hang_up(call)
    live.ring(to="+4929419800")
    expect(page.locator(f'{CARD}[data-municipality=""]')).to_be_visible()
    look(page, "neutral")
    page.keyboard.press("F9")
    expect(page.locator("#choose-dialog")).to_be_visible()
    look(page, "choose")
    page.keyboard.press("Escape")
    page.locator("[data-action=settings]").click()
    expect(page.locator("#settings-dialog")).to_be_visible()
    look(page, "settings")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+,")
    expect(page.locator("#keys-dialog")).to_be_visible()
    look(page, "keys")


@pytest.mark.parametrize("size", [LOW, {"width": 1920, "height": 1080}])
def test_a_conversation_with_ten_hits_is_one_screen(live, browser, size) -> None:  # noqa: F811
    page = live.desk(browser, viewport=size)
    ready(page)
    live.ring()
    in_state(page, "ringing")
    page.keyboard.press("F8")
    in_state(page, "talking")
    page.keyboard.press("F2")
    page.keyboard.type("amt müller anmelden")
    expect(page.locator("[data-hit]")).to_have_count(10)
    inside = "() => { const b = document.getElementById('hits').parentElement; return [b.scrollHeight - b.clientHeight, document.documentElement.scrollHeight - innerHeight] }"
    over = page.evaluate(inside)
    assert max(over) <= 0, over
    heights = page.evaluate(
        "[...document.querySelectorAll('[data-hit]')].map(hit => hit.getBoundingClientRect().height)"
    )
    assert max(heights) <= 30, heights


def test_without_the_server_nothing_is_stale_and_afterwards_all_is_fetched(live, browser) -> None:  # noqa: F811
    page = live.desk(browser, bypass_csp=True)
    ready(page)
    live.ring()
    in_state(page, "ringing")
    page.keyboard.press("F8")
    in_state(page, "talking")
    page.keyboard.press("F4")
    page.locator("#note").fill("Mitten im Satz")
    live.server.kill()
    try:
        expect(page.locator("#connection")).to_be_visible(timeout=15000)
        assert page.locator(".call__state").text_content().startswith("Stand von ")
        assert page.locator("#side [data-stamp]").first.text_content().startswith("Stand von ")
        assert page.locator("[role=timer]").is_hidden()
        closing = page.locator("#wrap-up .foot button").first
        assert closing.get_attribute("aria-disabled") == "true"
        assert (
            page.locator(f"#{closing.get_attribute('aria-describedby')}").text_content()
            == "Ohne Verbindung bitte am Telefon bedienen."
        )
        expect(page.locator("#retry")).to_have_text(re.compile(r"Neuer Versuch in \d+ s"))
        assert heard(page).count("Verbindung zum Server unterbrochen.") == 1
        shot(page, "desk-lost-light")
        axe(page)
        page.keyboard.press("F8")  # is refused in words, nothing is lost
        assert page.input_value("#note") == "Mitten im Satz"
        page.locator("#note").press_sequentially(" weiter")
        assert page.input_value("#note") == "Mitten im Satz weiter"
    finally:
        live.server.start()
    page.locator("[data-action=reconnect]").click()
    expect(page.locator("#connection")).to_be_hidden(timeout=20000)
    assert heard(page)[-1] == "Verbindung wieder da."
    assert page.input_value("#note") == "Mitten im Satz weiter"
    assert focused(page) == "search"  # the button that was pressed is gone
    page.keyboard.press("F8")
    ready(page)
    expect(page.locator("#info")).to_contain_text("beantwortet")


def test_what_rang_and_ended_while_the_server_was_away_is_put_right(live, browser) -> None:  # noqa: F811
    page = live.desk(browser)
    ready(page)
    gone = live.ring()
    in_state(page, "ringing")
    live.server.kill()
    expect(page.locator("#connection")).to_be_visible(timeout=15000)
    page.context.set_offline(True)
    live.server.start()
    live.hang_up(gone, "cancel")
    live.ring(to="02921300")
    page.context.set_offline(False)
    expect(page.locator(f'{CARD}[data-municipality="kreis"]')).to_be_visible(timeout=20000)
    expect(page.locator("#connection")).to_be_hidden(timeout=20000)
    text = " ".join(heard(page))
    assert text.count("Anruf für Stadt Soest. Von") == 1
    assert "Der Anruf für Stadt Soest wurde beendet." in text
    assert text.count("Anruf für Kreis Soest. Von") == 1


def test_a_person_who_was_signed_out_elsewhere_reads_it(live, browser) -> None:  # noqa: F811
    live.sessions["spare"] = live.tool("session", "agent2")
    page = live.desk(browser, "spare")
    ready(page)
    live.tool("end_session", live.sessions["spare"])
    live.ring()
    expect(page.locator("#connection")).to_contain_text("Sie sind abgemeldet.", timeout=15000)
    expect(page.locator("#connection a")).to_have_text("Neu anmelden")


def test_whose_role_ends_during_a_call_reads_and_hears_what_that_means(live, browser) -> None:  # noqa: F811
    name = "Gesa"
    live.sessions[name] = live.tool("newcomer", name)
    page = live.desk(browser, name, bypass_csp=True)
    ready(page)
    call = live.ring()
    in_state(page, "ringing")
    page.keyboard.press("F8")
    in_state(page, "talking")
    page.keyboard.press("F2")
    page.keyboard.type("sperrmüll")
    page.wait_for_function("globalThis.heard.at(-1).includes('Sperrmüll')")  # the search has its say first
    live.tool("dismiss", name)
    words = "Ihre Rolle in diesem Servicecenter ist beendet. Ein laufendes Gespräch führen Sie am Telefon zu Ende"
    expect(page.locator("#connection")).to_contain_text(words, timeout=5000)
    assert words in heard(page)[-1]
    assert page.input_value("#search") == "sperrmüll"
    assert focused(page) == "search"
    looked_at(page, "desk-role-ended", modes=["light", "narrow"], whole=False)
    page.locator("#connection a").click()
    page.wait_for_url("**/konto/")
    state = f"SELECT state FROM telephony_bridge_call WHERE external_id = '{call}'"
    assert live.sql(state) == "talking"  # the telephone is not cut off
    live.hang_up(call)
    assert live.sql(state) == "wrap-up"
    live.tool("expire")
    assert live.sql(state) == "ended"


def test_who_leaves_one_of_two_centres_sees_its_calls_no_longer(live, browser) -> None:  # noqa: F811
    live.sessions["both"] = live.tool("newcomer", "Both", "soest", "unna")
    page = live.desk(browser, "both")
    ready(page)
    live.ring()
    in_state(page, "ringing")
    live.tool("dismiss", "Both")
    expect(page.locator("[data-call-id]")).to_have_count(0, timeout=8000)
    expect(page.locator("#connection")).to_be_hidden()
