"""A call from the first ring to the closed wrap-up in a real Chromium, with the keyboard alone; two agents at once; what a blind agent hears."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import browser, hear, heard, transcript  # noqa: F401  the fixture

pytestmark = pytest.mark.browser
CARD = "#calls [data-call-id]"


def ready(page: Page) -> None:
    """The desk listens and its agent is ready."""
    expect(page.locator("#calls h2")).to_have_text("Bereit für den nächsten Anruf")


def in_state(page: Page, state: str) -> None:
    expect(page.locator(f'{CARD}[data-state="{state}"]')).to_be_visible()


def focused(page: Page) -> str:
    return str(
        page.evaluate(
            "document.activeElement.id || document.activeElement.textContent.trim().slice(0, 40) || document.activeElement.tagName"
        )
    )


def test_a_routine_call_needs_at_most_six_keys_beside_the_words(live, browser) -> None:  # noqa: F811
    page = live.desk(browser)
    ready(page)
    pressed = []

    def press(key: str) -> None:
        pressed.append(key)
        page.keyboard.press(key)

    live.ring()
    in_state(page, "ringing")
    card = page.locator(CARD)
    assert card.get_attribute("data-municipality") == "soest"
    expect(page.locator(".greeting")).to_contain_text(
        "Guten Tag, Servicecenter der Stadt Soest, mein Name ist Jana Köster."
    )
    assert page.title() == "Stadt Soest ruft an – Rufverbund"
    press("F8")
    in_state(page, "talking")
    assert page.title() == "Im Gespräch: Stadt Soest – Rufverbund"
    press("F2")
    assert focused(page) == "search"
    assert page.locator("#search").get_attribute("aria-label") == "Suche für Stadt Soest"
    assert page.locator("#search").get_attribute("aria-describedby") == "greeting"
    page.keyboard.type("sperrmüll")
    expect(page.locator("[data-hit]").first).to_have_attribute("data-id", "soest:sperrmuell")
    page.wait_for_timeout(600)  # the number of hits is said after a pause of 400 ms
    press("Enter")
    expect(page.locator("#answer-h")).to_have_text("Sperrmüllabfuhr anmelden")
    assert focused(page) == "search"
    press("F4")
    in_state(page, "wrap-up")
    expect(page.locator("#concern")).to_have_value("Sperrmüllabfuhr anmelden")
    press("F8")
    ready(page)
    expect(page.locator("#info")).to_contain_text("Sperrmüllabfuhr anmelden")
    expect(page.locator("#info")).to_contain_text("beantwortet")
    assert len(pressed) <= 6
    assert heard(page) == [
        "Anruf für Stadt Soest. Von 02921 555.",
        "Verbunden.",
        next(line for line in heard(page) if "Erster: Sperrmüllabfuhr anmelden, Stadt Soest." in line),
        "Geöffnet: Sperrmüllabfuhr anmelden, Stadt Soest.",
        "Abgeschlossen: Anruf für Stadt Soest.",
    ]


def test_the_wrap_up_knows_the_answer_that_the_server_has_not_heard_of_yet(live, browser) -> None:  # noqa: F811
    page, held = live.desk(browser), []
    ready(page)
    page.route("**/entwurf/", lambda route: held.append(route))  # noqa: PLW0108  Playwright sets an attribute on it
    live.ring()
    in_state(page, "ringing")
    page.keyboard.press("F8")
    in_state(page, "talking")
    page.keyboard.press("F2")
    page.keyboard.type("sperrmüll")
    page.keyboard.press("Enter")
    expect(page.locator("#answer-h")).to_have_text("Sperrmüllabfuhr anmelden")
    page.keyboard.press("F4")
    in_state(page, "wrap-up")
    expect(page.locator("#concern")).to_have_value("Sperrmüllabfuhr anmelden")
    page.keyboard.press("F8")
    ready(page)
    expect(page.locator("#info")).to_contain_text("Sperrmüllabfuhr anmelden")
    assert held
    stored = live.sql("SELECT concern || ' ' || concern_key FROM telephony_bridge_call ORDER BY id DESC LIMIT 1")
    assert stored == "Sperrmüllabfuhr anmelden soest:sperrmuell"
    for route in held:
        route.abort()


def test_the_wrap_up_knows_the_last_answer_where_the_server_has_heard_of_the_one_before(live, browser) -> None:  # noqa: F811
    page, held = live.desk(browser), []
    ready(page)
    live.ring()
    in_state(page, "ringing")
    page.keyboard.press("F8")
    in_state(page, "talking")
    page.keyboard.press("F2")
    page.keyboard.type("sperrmüll")
    with page.expect_response("**/entwurf/"):
        page.keyboard.press("Enter")
    page.route("**/entwurf/", lambda route: held.append(route))  # noqa: PLW0108  Playwright sets an attribute on it
    page.keyboard.press("F2")
    page.keyboard.type("personalausweis")
    page.keyboard.press("Enter")
    expect(page.locator("#answer-h")).to_have_text("Personalausweis beantragen")
    page.keyboard.press("F4")
    in_state(page, "wrap-up")
    assert page.input_value("#concern") == "Personalausweis beantragen"
    assert page.input_value("[name=concern_key]") == "soest:perso_neu"
    for route in held:
        route.abort()


def test_the_wrap_up_knows_the_answer_that_was_opened_while_it_rang(live, browser) -> None:  # noqa: F811
    page = live.desk(browser)
    ready(page)
    live.ring()
    in_state(page, "ringing")
    page.keyboard.press("F2")
    page.keyboard.type("sperrmüll")
    page.keyboard.press("Enter")
    expect(page.locator("#answer-h")).to_have_text("Sperrmüllabfuhr anmelden")
    page.keyboard.press("F8")
    in_state(page, "talking")
    page.keyboard.press("F4")
    in_state(page, "wrap-up")
    expect(page.locator("#concern")).to_have_value("Sperrmüllabfuhr anmelden")


def test_of_two_agents_one_has_the_call_and_the_other_reads_who(live, browser) -> None:  # noqa: F811
    jana, murat = live.desk(browser), live.desk(browser, "agent2")
    ready(jana)
    ready(murat)
    live.ring()
    in_state(jana, "ringing")
    in_state(murat, "ringing")
    murat.keyboard.press("F8")
    in_state(murat, "talking")
    ready(jana)
    assert heard(jana)[-1] == "Murat Aydın hat den Anruf für Stadt Soest angenommen."
    expect(jana.locator("#side")).to_contain_text("Murat Aydın")
    expect(jana.locator("#side")).to_contain_text("Im Gespräch")
    assert jana.title() == "Arbeitsplatz – Rufverbund"


def test_two_who_press_at_once_end_with_one_call(live, browser) -> None:  # noqa: F811
    desks = [live.desk(browser), live.desk(browser, "agent2")]
    for desk in desks:
        ready(desk)
    live.ring()
    for desk in desks:
        in_state(desk, "ringing")
    for desk in desks:  # both requests are on their way before either is answered
        desk.evaluate("document.querySelector('[data-action=accept]').click()")
    won = [desk for desk in desks if wait_for(desk) == "talking"]
    assert len(won) == 1
    lost = next(desk for desk in desks if desk not in won)
    assert any("angenommen" in line for line in heard(lost))


def wait_for(page: Page) -> str:
    """What became of a pressed Annehmen: talking or idle."""
    expect(page.locator("#state")).to_have_attribute("data-phase", re.compile("talking|idle"))
    return str(page.locator("#state").get_attribute("data-phase"))


def test_hanging_up_leads_into_the_wrap_up_without_taking_away_what_is_read(live, browser) -> None:  # noqa: F811
    page = live.desk(browser)
    ready(page)
    call = live.ring()
    in_state(page, "ringing")
    page.keyboard.press("F8")
    in_state(page, "talking")
    page.keyboard.press("F2")
    page.keyboard.type("sperrmüll")
    expect(page.locator("[data-hit]").first).to_be_visible()
    page.keyboard.press("Alt+1")
    expect(page.locator("#reading")).to_be_visible()
    live.hang_up(call)
    in_state(page, "wrap-up")
    expect(page.locator("#reading")).to_be_visible()
    assert (focused(page), page.input_value("#search")) == ("search", "sperrmüll")
    page.keyboard.press("F4")
    expect(page.locator("#concern")).to_be_focused()
    page.locator("#note").fill("Ruft wieder an")
    page.wait_for_timeout(1200)  # longer than the pause before a draft is saved
    page.reload()
    expect(page.locator("#note")).to_have_value("Ruft wieder an")
    expect(page.locator("#concern")).to_have_value("Sperrmüllabfuhr anmelden")


def test_two_rings_are_said_once_each_and_the_second_waits_in_the_queue(live, browser) -> None:  # noqa: F811
    page = live.desk(browser)
    ready(page)
    live.ring()
    live.ring(to="02921300", caller="01713920047")
    expect(page.locator("#side [data-call-id]")).to_have_attribute("data-municipality", "kreis")
    in_state(page, "ringing")
    text = " ".join(heard(page))
    assert text.count("Anruf für Stadt Soest. Von 02921 555.") == 1
    assert text.count("Anruf für Kreis Soest. Von 0171 3920047.") == 1


def test_a_municipality_that_is_only_joining_is_chosen_with_two_keys(live, browser) -> None:  # noqa: F811
    page = live.desk(browser)
    ready(page)
    live.ring(to="+49 2941 980-0")
    in_state(page, "ringing")
    assert page.locator(CARD).get_attribute("data-municipality") == ""
    assert heard(page)[-1].startswith("Anruf ohne erkannte Kommune.")
    page.keyboard.press("F9")
    expect(page.locator("#choose-dialog")).to_be_visible()
    page.keyboard.press("2")
    expect(page.locator(f'{CARD}[data-municipality="soest"]')).to_be_visible()
    expect(page.locator("#choose-dialog")).to_be_hidden()


def test_a_transfer_is_one_key_beside_the_contact(live, browser) -> None:  # noqa: F811
    page = live.desk(browser)
    ready(page)
    live.ring()
    in_state(page, "ringing")
    page.keyboard.press("F8")
    in_state(page, "talking")
    page.keyboard.press("F2")
    page.keyboard.type("Müller Standesamt")
    contact = page.locator("[role=group][data-kind=contacts] [data-hit]").first
    expect(contact).to_contain_text("Thomas Müller")
    contact.click()
    expect(page.locator(".contact__number b").first).to_be_visible()
    page.keyboard.press("F9")
    expect(page.locator(".facts")).to_contain_text("weitergeleitet an Thomas Müller")
    page.keyboard.press("F4")
    expect(page.locator("input[name=outcome][value=transferred]")).to_be_checked()
    assert "Thomas Müller" in page.input_value("#transferred_to")


def test_a_ring_moves_neither_focus_nor_layout_nor_typed_text(live, browser) -> None:  # noqa: F811
    page = live.desk(browser)
    ready(page)
    page.keyboard.press("F2")
    page.keyboard.type("wohnsitz")
    expect(page.locator("[data-hit]").first).to_be_visible()
    page.wait_for_timeout(700)  # recent input would excuse a shift
    page.evaluate("""() => { globalThis.shifts = []; new PerformanceObserver(list => list.getEntries().forEach(entry => {
        if (!entry.hadRecentInput) shifts.push(entry.value); })).observe({ type: 'layout-shift', buffered: false }); }""")
    before = page.locator("#search").bounding_box()
    live.ring()
    in_state(page, "ringing")
    page.wait_for_timeout(500)
    assert page.locator("#search").bounding_box() == before
    assert (focused(page), page.input_value("#search")) == ("search", "wohnsitz")
    assert sum(page.evaluate("shifts")) < 0.01


def test_a_screen_reader_says_the_ring_exactly_once(live, browser) -> None:  # noqa: F811
    page = live.desk(browser)
    ready(page)
    hear(page)
    page.wait_for_timeout(300)
    live.ring(caller="01713920047")
    in_state(page, "ringing")
    page.wait_for_timeout(1500)
    spoken = [line for line in transcript(page) if "Anruf für Stadt Soest" in line]
    assert spoken == ["assertive: Anruf für Stadt Soest. Von 0171 3920047."]
    page.keyboard.press("F8")
    in_state(page, "talking")
    page.wait_for_timeout(800)
    assert [line for line in transcript(page) if "Verbunden" in line] == ["polite: Verbunden."]
    assert len([line for line in transcript(page) if "Anruf für Stadt Soest" in line]) == 1


def test_a_gap_is_answered_and_found_without_a_reload(live, browser) -> None:  # noqa: F811
    page = live.desk(browser)
    ready(page)
    page.keyboard.press("F2")
    page.keyboard.type("Qurxzwombat")
    expect(page.locator("#nothing")).to_be_visible()
    page.locator("#nothing button").click()
    expect(page.locator("#gap-form [name=gap_title]")).to_have_value("Qurxzwombat")
    page.locator("#gap-form [name=gap_municipality]").select_option("soest")
    page.locator("#gap-form [name=gap_title]").press("Enter")
    expect(page.locator("#gap-dialog")).to_be_hidden()
    page.evaluate("globalThis.neverReloaded = true")
    live.tool("answer", "Qurxzwombat halten", "Dafür reicht ein Antrag.")
    expect(page.locator("[data-hit]").first).to_contain_text("Qurxzwombat halten")
    expect(page.locator("#calls")).to_contain_text("Ihre Meldung wurde beantwortet")
    assert any("Ihre Meldung wurde beantwortet" in line for line in heard(page))
    page.keyboard.press("Alt+1")
    expect(page.locator("#reading")).to_contain_text("Dafür reicht ein Antrag.")
    assert page.evaluate("globalThis.neverReloaded")


def test_when_the_time_is_over_everything_that_was_typed_is_kept(live, browser) -> None:  # noqa: F811
    page = live.desk(browser)
    ready(page)
    live.ring(caller="01713920011")
    in_state(page, "ringing")
    page.keyboard.press("F8")
    in_state(page, "talking")
    page.keyboard.press("F4")
    in_state(page, "wrap-up")
    public_id = page.locator(CARD).get_attribute("data-call-id")
    live.sql(
        f"UPDATE telephony_bridge_call SET wrap_up_until = now() + interval '6 seconds' WHERE public_id = '{public_id}'"
    )
    page.reload()
    expect(page.locator("[data-until]")).to_be_visible()
    page.locator("#concern").fill("Hundesteuer")
    page.locator("#wrap-gap summary").click()
    page.locator("#wrap-gap-title").fill("Hundesteuer für Assistenzhunde")
    page.locator("#note").press_sequentially("noch im Tippen")
    expect(page.locator("#idle-h")).to_be_visible(timeout=15000)
    kept = live.sql(
        f"SELECT state || '|' || concern || '|' || note || '|' || outcome FROM telephony_bridge_call WHERE public_id = '{public_id}'"
    )
    assert kept == "ended|Hundesteuer|noch im Tippen|answered"
    assert live.sql(f"SELECT title FROM pool_gap WHERE call_id = '{public_id}'") == "Hundesteuer für Assistenzhunde"
    assert heard(page)[-1] == "Die Zeit ist um: abgeschlossen mit dem, was im Abschluss stand."
    assert not any(line.startswith("Abgeschlossen:") for line in heard(page))


def test_a_call_that_was_answered_at_the_telephone_comes_to_that_agent_s_desk(live, browser) -> None:  # noqa: F811
    live.sql("UPDATE accounts_person SET phone_user = 'murat' WHERE email = 'agent2@example.org'")
    jana, murat = live.desk(browser), live.desk(browser, "agent2")
    ready(jana)
    ready(murat)
    call = live.ring()
    in_state(jana, "ringing")
    in_state(murat, "ringing")
    live.cti("answer", call, user="murat", to="029211030", **{"from": "02921555"})
    in_state(murat, "talking")
    ready(jana)
    assert heard(murat)[-1] == "Verbunden."
    assert heard(jana)[-1] == "Murat Aydın hat den Anruf für Stadt Soest angenommen."


def test_the_palette_names_every_deed_and_does_it(live, browser) -> None:  # noqa: F811
    page = live.desk(browser)
    ready(page)
    live.ring()
    in_state(page, "ringing")
    page.keyboard.press("Control+k")
    names = page.locator("#palette-list [role=option]")
    expect(names.filter(has_text="Annehmen")).to_have_count(1)
    for name in ("Zurück in die Warteschlange", "Pause", "Einstellungen", "Hilfe"):
        expect(names.filter(has_text=name)).to_have_count(1)
    page.keyboard.type("annehm")
    page.keyboard.press("Enter")
    in_state(page, "talking")


def test_the_tone_sounds_while_it_rings_and_can_be_switched_off(live, browser) -> None:  # noqa: F811
    page = live.desk(browser)
    page.evaluate("""() => { globalThis.started = 0; const start = OscillatorNode.prototype.start;
        OscillatorNode.prototype.start = function (...when) { started += 1; return start.apply(this, when); }; }""")
    ready(page)
    call = live.ring()
    in_state(page, "ringing")
    page.wait_for_timeout(500)
    assert page.evaluate("started") == 1
    live.hang_up(call, "cancel")
    ready(page)
    page.locator("[data-action=settings]").click()
    page.locator("#settings-form [name=tone]").uncheck()
    page.locator("#sentence").select_option("short")
    page.locator("#settings-form button[type=submit]").click()
    expect(page.locator("#settings-dialog")).to_be_hidden()
    live.ring()
    in_state(page, "ringing")
    page.wait_for_timeout(500)
    assert page.evaluate("started") == 1
    assert heard(page)[-1] == "Soest"
    page.reload()
    in_state(page, "ringing")
    expect(page.locator("body")).to_have_attribute("data-sink", "off")
    live.sql("UPDATE accounts_person SET preferences = '{}' WHERE email = 'agent@example.org'")
