"""The supervisor's page in a browser: live, by keyboard, in every look; and what the desks hear of it."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import axe, browser, heard, looked_at  # noqa: F401  the fixture
from tests.desk.test_browser_call import focused, in_state, ready

pytestmark = pytest.mark.browser


@pytest.fixture
def live(live):
    """Without notices before and afterwards."""
    yield live
    live.sql("DELETE FROM telephony_bridge_centrenotice")


def leading(live, browser, **options) -> Page:  # noqa: F811
    """The page of the supervisor, that listens."""
    page = live.desk(browser, "supervisor", **options)
    page.goto(live.server.url("desk.localhost") + "leitstand/")
    return page


def controlled(live) -> None:
    """As if the calls were at an exchange of ours."""
    live.sql("UPDATE telephony_bridge_call SET is_controlled = true WHERE state <> 'ended'")


def test_the_supervisors_desk_has_one_line_of_links(live, browser) -> None:  # noqa: F811
    """At 1366 pixels nothing of it is in a second line."""
    page = live.desk(browser, "supervisor")
    boxes = [one.bounding_box() for one in page.locator("header.top > :is(a, button)").all()]
    assert max(box["y"] for box in boxes) - min(box["y"] for box in boxes) < 20
    page.get_by_role("link", name="Leitstand").click()
    expect(page.get_by_role("heading", name="Leitstand")).to_be_visible()


def test_calls_and_presences_follow_without_a_reload(live, browser) -> None:  # noqa: F811
    page, agent = leading(live, browser), live.desk(browser)
    ready(agent)
    expect(page.locator("#lead-team")).to_contain_text("Jana Köster")
    expect(page.locator("#lead-team .state--ready")).to_have_count(1)
    call = live.ring()
    expect(page.locator("#lead-waiting tbody tr")).to_have_count(1)
    expect(page.locator("#lead-figures")).to_contain_text("1 warten")
    in_state(agent, "ringing")
    agent.keyboard.press("F8")
    expect(page.locator("#lead-talking tbody tr")).to_contain_text("Jana Köster")
    expect(page.locator("#lead-waiting")).to_contain_text("Niemand wartet.")
    live.hang_up(call)
    expect(page.locator("#lead-talking")).to_contain_text("Niemand spricht.")
    expect(page.locator("#lead-figures")).to_contain_text(
        re.compile(r"[1-9][0-9]* %")
    )  # of all calls of the day, those of other tests, too


def test_somebody_is_put_on_a_break_by_keyboard_and_reads_why(live, browser) -> None:  # noqa: F811
    page, agent = leading(live, browser), live.desk(browser)
    ready(agent)
    setting = page.get_by_role("button", name="In Pause setzen: Jana Köster")
    expect(setting).to_be_visible()
    setting.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#told")).to_contain_text("Bitte einen Grund angeben")
    assert heard(page)[-1].startswith("Bitte einen Grund angeben")
    sent = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.locator("#reason").fill("Besprechung")
    page.keyboard.press("Enter")  # says not whom: nothing is sent
    setting.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#lead-team")).to_contain_text("Besprechung (Beate Hüsing)")
    assert heard(page)[-1] == "Jana Köster ist in Pause."
    assert page.input_value("#reason") == ""
    assert [url.split("/")[-2] for url in sent] == ["break"]
    expect(agent.locator(".presence__why")).to_have_text("Besprechung (Beate Hüsing)")
    assert heard(agent)[-1] == "Sie sind in Pause: Besprechung (Beate Hüsing)."
    expect(
        page.get_by_role("button", name="Abmelden: Jana Köster")
    ).to_be_focused()  # the other one of the row; the first is gone


def test_what_is_typed_stays_while_calls_come_and_go(live, browser) -> None:  # noqa: F811
    page = leading(live, browser)
    page.locator("#closing-text").fill("Brandalarm")
    page.locator("#closing-text").focus()
    for number in range(1, 4):
        live.ring()
        expect(page.locator("#lead-waiting tbody tr")).to_have_count(number)
    assert page.input_value("#closing-text") == "Brandalarm"
    assert focused(page) == "closing-text"
    controlled(live)
    live.ring()
    first = page.get_by_role("button", name="Nach vorn: Platz 2, Stadt Soest")
    expect(first).to_be_visible()
    first.focus()
    kept = focused(page)
    live.ring(to="02921300")
    expect(page.locator("#lead-waiting tbody tr")).to_have_count(5)
    assert focused(page) == kept
    page.keyboard.press("Enter")
    expect(page.locator("#told")).to_contain_text("Der Anruf steht jetzt vorn.")


def test_situation_and_closing_are_said_once_at_all_desks(live, browser) -> None:  # noqa: F811
    page, agent = leading(live, browser), live.desk(browser)
    ready(agent)
    page.locator("#situation-text").fill("Stromausfall in Soest")
    page.locator("#situation-text").press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#lead-situation")).to_contain_text("Stromausfall in Soest")
    expect(agent.locator("#notices")).to_contain_text("Stromausfall in Soest")
    page.locator("#closing-text").fill("Brandalarm")
    page.get_by_role("button", name="Servicecenter sofort schließen").click()
    expect(agent.locator("#notices")).to_contain_text("Servicecenter sofort geschlossen Brandalarm")
    live.ring()
    in_state(agent, "ringing")
    page.get_by_role("button", name="Wieder öffnen").click()
    expect(agent.locator("#notices")).not_to_contain_text("Brandalarm")
    expect(page.locator("#lead-closing")).to_be_hidden()
    page.get_by_role("button", name="Lage aufheben").click()
    expect(agent.locator("#notices")).to_be_hidden()
    words = [one for one in heard(agent) if "Stromausfall" in one or "Brandalarm" in one]
    assert words == [
        "Lage: Stromausfall in Soest",
        "Das Servicecenter ist sofort geschlossen: Brandalarm",
        "Gilt nicht mehr: Das Servicecenter ist sofort geschlossen: Brandalarm",
        "Gilt nicht mehr: Lage: Stromausfall in Soest",
    ]


def test_while_the_server_is_away_the_page_says_so_and_follows_again_afterwards(live, browser) -> None:  # noqa: F811
    page = leading(live, browser)
    expect(page.locator("#lead-waiting")).to_contain_text("Niemand wartet.")
    live.server.kill()
    try:
        expect(page.locator("#connection")).to_be_visible()
        assert heard(page).count("Verbindung unterbrochen. Was hier steht, kann veraltet sein.") == 1
    finally:
        live.server.start()
    live.ring()
    expect(page.locator("#connection")).to_be_hidden(timeout=20000)
    expect(page.locator("#lead-waiting tbody tr")).to_have_count(1)


def test_a_stream_that_ends_alone_is_opened_anew_without_a_word(live, browser) -> None:  # noqa: F811
    """As when a municipality comes or goes: the server ends it, so that the page hears other streams."""
    page, asked = live.desk(browser, "supervisor"), []

    def once(route) -> None:  # type: ignore[no-untyped-def]
        asked.append(route.request.url)
        if len(asked) > 1:
            route.continue_()
        else:
            route.fulfill(content_type="text/event-stream", body='data: {"kind": "hello"}\n\n')

    page.route("**/events?*", once)
    page.goto(live.server.url("desk.localhost") + "leitstand/")
    for number in (1, 2):
        live.ring()
        expect(page.locator("#lead-waiting tbody tr")).to_have_count(number)
    assert len(asked) > 1
    assert page.locator("#connection").is_hidden()
    assert not any("unterbrochen" in one for one in heard(page))


def test_what_the_exchange_has_not_done_is_said_once(live, browser) -> None:  # noqa: F811
    live.sql("UPDATE accounts_person SET phone_user = 'leitung' WHERE email = 'supervisor@example.org'")
    page = leading(live, browser)
    live.ring()
    controlled(live)
    live.ring()
    page.get_by_role("button", name="Zu mir holen: Platz 1").click()
    expect(page.locator("#told")).to_contain_text("Ihr Telefon klingelt gleich.")
    live.sql("UPDATE telephony_bridge_exchangecommand SET done_at = now(), result = 'refused'")
    for number in range(3, 5):
        live.ring()
        expect(page.locator("#lead-waiting tbody tr")).to_have_count(number)
    expect(page.locator("#told")).to_contain_text("Das ging nicht")
    assert [one[:14] for one in heard(page)].count("Das ging nicht") == 1


def test_a_talk_is_taken_over_by_a_second_press_that_names_both(live, browser) -> None:  # noqa: F811
    live.sql("UPDATE accounts_person SET phone_user = 'leitung' WHERE email = 'supervisor@example.org'")
    page, agent = leading(live, browser, bypass_csp=True), live.desk(browser)
    ready(agent)
    live.ring(caller="01713920047")
    in_state(agent, "ringing")
    agent.keyboard.press("F8")
    in_state(agent, "talking")
    controlled(live)
    live.ring()
    taking = page.get_by_role("button", name="Gespräch übernehmen: Jana Köster mit 0171 3920047")
    dialog = page.get_by_role("dialog")
    taking.focus()
    page.keyboard.press("Enter")
    expect(dialog).to_contain_text("Jana Köster spricht mit 0171 3920047.")
    axe(page)
    expect(page.locator("#lead-waiting tbody tr")).to_have_count(1)
    live.ring()
    expect(page.locator("#lead-waiting tbody tr")).to_have_count(2)  # all is drawn anew behind the dialog
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(taking).to_be_focused()
    expect(page.locator("#confirm")).not_to_have_attribute("formaction", re.compile("."))
    assert live.sql("SELECT count(*) FROM telephony_bridge_exchangecommand WHERE verb = 'take_over'") == 0
    page.keyboard.press("Enter")
    dialog.get_by_role("button", name="Gespräch übernehmen").press("Enter")
    expect(dialog).to_be_hidden()
    expect(page.locator("#told")).to_contain_text("Sobald Sie abheben, sprechen Sie mit der anrufenden Person.")
    live.sql("UPDATE telephony_bridge_exchangecommand SET done_at = now(), result = 'not_taken'")
    live.ring()
    expect(page.locator("#told")).to_contain_text("Es geht ohne Sie weiter.")


def test_whose_session_has_ended_is_told_so(live, browser) -> None:  # noqa: F811
    page = leading(live, browser)
    expect(page.locator("#lead-waiting")).to_be_visible()
    page.context.clear_cookies()
    live.ring()
    expect(page.locator("#signed-out")).to_be_visible()


def test_every_look_is_accessible(live, browser) -> None:  # noqa: F811
    page, agent = leading(live, browser, bypass_csp=True), live.desk(browser, bypass_csp=True)
    ready(agent)
    looked_at(page, "lead-quiet")
    live.ring()
    in_state(agent, "ringing")
    agent.keyboard.press("F8")
    in_state(agent, "talking")
    live.ring(to="02921300", caller="")
    live.ring(caller="01713920047")
    controlled(live)
    page.locator("#situation-text").fill(
        "Stromausfall in Soest und Umgebung, der Netzbetreiber ist informiert, bitte auf 0800 123456 verweisen."
    )
    page.get_by_role("button", name="Lage melden").click()
    page.locator("#closing-text").fill("Brandalarm, wir räumen das Haus und sind in einer Stunde wieder da.")
    page.get_by_role("button", name="Servicecenter sofort schließen").click()
    expect(page.locator("#lead-closing .alertline")).to_be_visible()
    page.locator("#reason").fill("Bitte zu mir kommen")
    page.get_by_role("button", name="In Pause setzen: Jana Köster").click()
    expect(page.locator("#lead-team")).to_contain_text("danach: Pause")
    looked_at(page, "lead-busy")
    expect(agent.locator("#notices .alertline")).to_have_count(2)
    looked_at(agent, "desk-notices", whole=False)
