"""Turns of a shift that went wrong once: what was cut off, what was lost, where the focus went, what was not said."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser import WIDE, browser, heard  # noqa: F401  the fixture
from tests.desk.test_browser_call import CARD, focused, in_state, ready
from tests.desk.test_browser_states import LOW

pytestmark = pytest.mark.browser
OUTSIDE = """() => { const end = document.querySelector('#calls .call').getBoundingClientRect().bottom;
  return [...document.querySelectorAll('#calls .call :is(button, .greeting, .facts dd)')].filter(el => {
    const box = el.getBoundingClientRect(), hit = document.elementFromPoint(box.left + 5, box.bottom - 3);
    return box.bottom > end || !(el.contains(hit) || hit?.contains(el)); }).map(el => el.textContent.trim()); }"""


def talk(live, page: Page, **call: str) -> str:  # type: ignore[no-untyped-def]
    """A conversation has begun; returns the exchange's id of it."""
    ready(page)
    call_id = str(live.ring(**call))
    in_state(page, "ringing")
    page.keyboard.press("F8")
    in_state(page, "talking")
    return call_id


def wrap_up(page: Page) -> None:
    page.keyboard.press("F4")
    expect(page.locator("#concern")).to_be_focused()


@pytest.mark.parametrize("size", [LOW, WIDE], ids=["657", "768"])
def test_of_a_ringing_call_nothing_is_cut_off_and_the_search_stays_where_it_was(live, browser, size) -> None:  # noqa: F811
    emergency = "Lebensgefahr, Feuer, Unfall: 112. Überfall oder Einbruch: 110."
    live.sql(
        f"UPDATE tenants_municipality SET emergency = '{emergency}', situation = 'Wasserrohrbruch Jakobistraße.' WHERE slug = 'soest'"
    )
    try:
        page = live.desk(browser, viewport=size)
        ready(page)
        before = page.locator("#search").bounding_box()
        live.ring()
        in_state(page, "ringing")
        expect(page.locator(".call .alertline")).to_have_count(2)
        assert page.evaluate(OUTSIDE) == []
        assert float(page.evaluate("parseFloat(getComputedStyle(document.querySelector('.greeting')).fontSize)")) >= 24
        assert page.locator("#search").bounding_box() == before
    finally:
        live.sql("UPDATE tenants_municipality SET emergency = '', situation = '' WHERE slug = 'soest'")


def test_a_withheld_number_is_said_so_however_the_exchange_spells_it(live, browser) -> None:  # noqa: F811
    page = live.desk(browser)
    ready(page)
    live.ring(caller="anonymous")
    in_state(page, "ringing")
    assert heard(page) == ["Anruf für Stadt Soest. Nummer unterdrückt."]
    expect(page.locator(".facts")).to_contain_text("unterdrückt")


def test_who_waited_during_a_call_is_said_again_when_it_rings_after_it(live, browser) -> None:  # noqa: F811
    page = live.desk(browser)
    ready(page)
    live.ring()
    in_state(page, "ringing")
    live.ring(to="02921300", caller="01713920047")
    expect(page.locator("#side [data-call-id]")).to_be_visible()
    page.keyboard.press("F8")
    in_state(page, "talking")
    wrap_up(page)
    page.keyboard.press("F8")
    expect(page.locator(f'{CARD}[data-municipality="kreis"]')).to_be_visible()
    assert heard(page).count("Anruf für Kreis Soest. Von 0171 3920047.") == 2


def test_a_call_that_was_given_back_waits_without_a_sound_and_the_focus_is_kept(live, browser) -> None:  # noqa: F811
    page = live.desk(browser)
    ready(page)
    live.ring()
    in_state(page, "ringing")
    page.locator("[data-action=release]").focus()
    page.keyboard.press("Enter")
    ready(page)
    expect(page.locator("#side [data-call-id][data-declined]")).to_be_visible()
    assert focused(page) == "search"
    page.evaluate("""() => { globalThis.started = 0; const start = OscillatorNode.prototype.start;
        OscillatorNode.prototype.start = function (...when) { started += 1; return start.apply(this, when); }; }""")
    page.wait_for_timeout(5500)  # a ring tone repeats every five seconds
    assert page.evaluate("started") == 0
    assert heard(page) == ["Anruf für Stadt Soest. Von 02921 555.", "Der Anruf steht wieder in der Warteschlange."]


def test_when_the_call_under_the_focus_goes_the_search_has_it(live, browser) -> None:  # noqa: F811
    page = live.desk(browser)
    ready(page)
    call = live.ring()
    in_state(page, "ringing")
    page.locator("[data-action=accept]").focus()
    live.hang_up(call, "cancel")
    ready(page)
    assert focused(page) == "search"


def test_arrow_keys_pass_over_presences_and_keep_the_focus(live, browser) -> None:  # noqa: F811
    page = live.desk(browser)
    ready(page)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.post_data or "") if request.method == "POST" else None)
    page.locator("[name=presence]:checked").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#idle-h")).to_have_text("Pause")
    expect(page.locator("[name=presence][value=break]")).to_be_focused()
    assert len(sent) == 1
    assert "break" in sent[0]


def test_a_call_is_taken_from_an_open_dialog_and_what_is_typed_there_stays(live, browser) -> None:  # noqa: F811
    page = live.desk(browser)
    ready(page)
    page.keyboard.press("F2")
    page.keyboard.type("Blorfkwanzig")  # a word of its own: another test answers its missing one on the same server
    expect(page.locator("#nothing")).to_be_visible()
    page.locator("#nothing button").click()
    page.locator("#gap-form [name=gap_text]").fill("Mitten im Satz")
    live.ring()
    in_state(page, "ringing")
    page.keyboard.press("F8")
    in_state(page, "talking")
    assert page.input_value("#gap-form [name=gap_text]") == "Mitten im Satz"
    expect(page.locator("#gap-form [name=gap_text]")).to_be_focused()


def test_who_has_connected_a_caller_hears_with_whom(live, browser) -> None:  # noqa: F811
    page = live.desk(browser)
    call = talk(live, page)
    live.sql(
        "UPDATE telephony_bridge_call SET outcome = 'transferred', transferred_to = 'Olaf Becker' WHERE state = 'talking'"
    )
    live.hang_up(call)
    in_state(page, "wrap-up")
    assert heard(page)[-1] == "Weitergeleitet an Olaf Becker. Nachbearbeitung."


def test_a_caller_who_hangs_up_is_told_and_the_end_of_the_wrap_up_before_it_comes(live, browser) -> None:  # noqa: F811
    page = live.desk(browser)
    call = talk(live, page)
    page.keyboard.press("F2")
    live.hang_up(call)
    in_state(page, "wrap-up")
    assert heard(page)[-1] == "Gespräch beendet. Nachbearbeitung."
    assert focused(page) == "search"
    public_id = page.locator(CARD).get_attribute("data-call-id")
    live.sql(
        f"UPDATE telephony_bridge_call SET wrap_up_until = now() + interval '30 seconds' WHERE public_id = '{public_id}'"
    )
    page.reload()
    page.wait_for_function("() => heard.some(line => line.startsWith('Noch '))")
    assert [line for line in heard(page) if line.startswith("Noch ")] == [
        "Noch 25 Sekunden, dann wird der Anruf abgeschlossen. Der Befehl „Länger brauchen“ hält die Zeit an."
    ]
    page.keyboard.press("Control+k")
    page.keyboard.type("länger")
    page.keyboard.press("Enter")
    expect(page.locator("[data-until]")).to_have_count(0)


def test_what_was_typed_last_stands_in_the_form_after_a_reload_and_after_a_choice(live, browser) -> None:  # noqa: F811
    page = live.desk(browser)
    talk(live, page)
    wrap_up(page)
    page.locator("#wrap-gap summary").click()
    page.locator("#wrap-gap-text").fill("Gilt das auch für Assistenzhunde?")
    page.evaluate("document.querySelector('[name=presence][value=break]').click()")
    expect(page.locator("#wrap-up .foot button").first).to_contain_text("Abschließen, danach Pause")
    assert page.input_value("#wrap-gap-text") == "Gilt das auch für Assistenzhunde?"
    page.locator("#note").press_sequentially("ohne Pause")
    page.reload()  # before the draft was sent
    expect(page.locator("#note")).to_have_value("ohne Pause")
    expect(page.locator("#wrap-gap-text")).to_have_value("Gilt das auch für Assistenzhunde?")
    page.keyboard.press("F8")
    expect(page.locator("#idle-h")).to_have_text("Pause")
    assert live.sql("SELECT note FROM telephony_bridge_call ORDER BY id DESC LIMIT 1") == "ohne Pause"
    assert page.evaluate("sessionStorage.getItem('wrap-up')") == "[]"


def test_a_transfer_that_is_noted_in_the_wrap_up_stays_in_the_form(live, browser) -> None:  # noqa: F811
    page = live.desk(browser)
    talk(live, page)
    wrap_up(page)
    page.keyboard.press("F2")
    page.keyboard.type("Müller Standesamt")
    page.locator("[role=group][data-kind=contacts] [data-hit]").first.click()
    expect(page.locator(".contact__number b").first).to_be_visible()
    page.keyboard.press("F9")
    expect(page.locator(".facts")).to_contain_text("weitergeleitet an Thomas Müller")
    expect(page.locator("input[name=outcome][value=transferred]")).to_be_checked()
    page.keyboard.press("F8")  # the contact stands before the form
    ready(page)
    kept = live.sql("SELECT outcome || ' ' || transferred_to FROM telephony_bridge_call ORDER BY id DESC LIMIT 1")
    assert kept.startswith("transferred Thomas Müller")


def test_what_was_opened_in_a_call_is_offered_as_its_subject_whatever_happens_meanwhile(live, browser) -> None:  # noqa: F811
    page = live.desk(browser)
    talk(live, page)
    page.keyboard.press("F2")
    page.keyboard.type("sperrmüll")
    expect(page.locator("[data-hit]").first).to_be_visible()
    page.keyboard.press("Alt+1")
    expect(page.locator("#answer-h")).to_be_visible()
    live.ring(to="02921300")
    expect(page.locator("#side")).to_contain_text("Kreis Soest")
    wrap_up(page)
    expect(page.locator("#concerns option")).to_have_count(1)


def test_an_answer_from_before_a_deed_does_not_undo_it(live, browser) -> None:  # noqa: F811
    page = live.desk(browser)
    talk(live, page)
    page.wait_for_timeout(500)
    page.evaluate("""() => { const real = fetch; globalThis.held = []; globalThis.fetch = async (...asked) => {
        const answer = await real(...asked);
        if (asked[0].startsWith('/anruf/?')) await new Promise(goOn => held.push(goOn));
        return answer; }; }""")
    live.ring(to="02921300")
    page.wait_for_function("() => held.length")
    wrap_up(page)
    page.keyboard.type("Hund")
    page.evaluate(
        "() => { const late = held; globalThis.held = { push: goOn => goOn() }; late.forEach(goOn => goOn()); }"
    )
    page.wait_for_timeout(800)
    page.keyboard.type("esteuer")
    assert (focused(page), page.input_value("#concern")) == ("concern", "Hundesteuer")


def test_a_card_behind_a_dialog_runs_again_after_a_lost_connection(live, browser) -> None:  # noqa: F811
    page = live.desk(browser)
    ready(page)
    live.ring(to="+4929419800")
    in_state(page, "ringing")
    page.keyboard.press("F9")
    expect(page.locator("#choose-dialog")).to_be_visible()
    live.server.kill()
    try:
        expect(page.locator("#calls [data-stamp]").first).to_contain_text("Stand von", timeout=15000)
    finally:
        live.server.start()
    expect(page.locator("#connection")).to_be_hidden(timeout=30000)
    expect(page.locator("#choose-dialog")).to_be_visible()
    expect(page.locator("#calls [data-stamp]").first).to_contain_text("klingelt seit")


def test_only_who_is_speaking_reads_that_the_call_goes_on(live, browser) -> None:  # noqa: F811
    page, busy = live.desk(browser), live.desk(browser, "agent2")
    ready(page)
    talk(live, busy)
    for desk in (page, busy):
        desk.wait_for_timeout(300)
    live.server.kill()
    try:
        for desk in (page, busy):
            expect(desk.locator("#connection")).to_be_visible(timeout=15000)
    finally:
        live.server.start()
    assert "Verbindung zum Server unterbrochen." in heard(page)
    assert "Verbindung zum Server unterbrochen. Ihr Gespräch läuft weiter." in heard(busy)


def test_a_call_that_is_accepted_begins_with_an_empty_search(live, browser) -> None:  # noqa: F811
    page = live.desk(browser)
    ready(page)
    page.keyboard.press("F2")
    page.keyboard.type("sperrmüll")
    expect(page.locator("[data-hit]").first).to_be_visible()
    live.ring()
    in_state(page, "ringing")
    expect(page.locator("#search")).to_have_value("sperrmüll")  # nothing was done yet
    page.keyboard.press("F8")
    in_state(page, "talking")
    expect(page.locator("#search")).to_have_value("")
    expect(page.locator("#hits")).to_be_hidden()
    assert focused(page) == "search"
    page.keyboard.type("wohnsitz")
    expect(page.locator("[data-hit]").first).to_be_visible()
    wrap_up(page)
    expect(page.locator("#search")).to_have_value("wohnsitz")  # for a report of missing knowledge
    page.keyboard.press("F8")
    ready(page)
    page.reload()
    expect(page.locator("#search")).to_have_value("wohnsitz")


def test_what_is_typed_while_it_rings_is_for_this_caller(live, browser) -> None:  # noqa: F811
    page = live.desk(browser)
    ready(page)
    live.ring()
    in_state(page, "ringing")
    page.keyboard.press("F2")
    page.keyboard.type("sperrmüll")
    page.keyboard.press("F8")
    in_state(page, "talking")
    page.wait_for_timeout(300)
    assert page.input_value("#search") == "sperrmüll"


def test_words_for_an_open_wrap_up_stay_when_the_telephone_brings_the_next_call(live, browser) -> None:  # noqa: F811
    live.sql("UPDATE accounts_person SET phone_user = 'jana' WHERE email = 'agent@example.org'")
    page = live.desk(browser)
    talk(live, page)
    wrap_up(page)
    page.keyboard.press("F2")
    page.keyboard.type("Assistenzhund")
    call = live.ring(to="02921300")
    live.cti("answer", call, user="jana", to="02921300", **{"from": "02921555"})
    in_state(page, "talking")
    page.wait_for_timeout(300)
    assert page.input_value("#search") == "Assistenzhund"


def test_news_whose_parts_do_not_arrive_are_fetched_again(live, browser) -> None:  # noqa: F811
    page = live.desk(browser)
    ready(page)
    failures: list[str] = []

    def fail_once(route) -> None:  # type: ignore[no-untyped-def]
        failures.append(route.request.url)
        route.fulfill(status=503) if len(failures) == 1 else route.continue_()

    page.route("**/anruf/?seen=*", fail_once)
    live.ring()
    in_state(page, "ringing")
    assert len(failures) > 1


def test_a_municipality_that_goes_live_is_searched_called_and_reported_to_without_a_reload(live, browser) -> None:  # noqa: F811
    live.tool("entries", "lippstadt", "Ambientetrauung")
    page = live.desk(browser)
    ready(page)
    page.keyboard.press("F2")
    page.keyboard.type("ambientetrauung")
    expect(page.locator("#search")).not_to_have_attribute("aria-busy", "true")
    choices, hit = page.locator("#gap-form option"), page.locator('[data-hit][data-id="lippstadt:trauorte"]')
    expect(choices).to_have_count(2)
    expect(hit).to_have_count(0)
    page.locator("#gap-form select").select_option("soest", force=True)
    live.tool("become", "lippstadt", "live")
    try:
        expect(hit).to_have_count(1)
        expect(choices).to_have_count(3)
        expect(page.locator("#gap-form select")).to_have_value("soest")
        live.ring(to="+49 2941 980-0")
        expect(page.locator(CARD)).to_have_attribute("data-municipality", "lippstadt")
    finally:
        live.tool("become", "lippstadt", "joining")
    expect(hit).to_have_count(0)
    expect(choices).to_have_count(2)
