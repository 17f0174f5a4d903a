"""How searches end is sent by the page: once for each, with what was opened, when it is over."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import browser, heard, looked_at, shot  # noqa: F401  the fixture
from tests.desk.test_browser_call import in_state, ready

pytestmark = pytest.mark.browser
# Not what a page of another test sends while it is closed: all that it leaves is somebody's data, of which nothing is kept.
KEPT = "SELECT coalesce(json_agg(json_build_array(words, outcome, place, entry) ORDER BY id), '[]') FROM pool_loggedsearch WHERE words <> ''"


@pytest.fixture
def talking(live, browser):  # noqa: F811
    """A page on which a call for Stadt Soest is answered, nothing searched yet."""
    live.sql("DELETE FROM pool_loggedsearch")
    page = live.desk(browser)
    ready(page)
    page.call = live.ring()
    in_state(page, "ringing")
    page.keyboard.press("F8")
    in_state(page, "talking")
    page.keyboard.press("F2")
    return page


def search(page: Page, words: str, hits: int | None = None) -> None:
    """Type over what stands there and rest until it counts as a search."""
    page.keyboard.press("Control+A")
    page.keyboard.type(words)
    if hits == 0:
        expect(page.locator("#nothing")).to_be_visible()
    else:
        expect(page.locator("[data-hit]").first).to_be_visible()
    page.wait_for_timeout(1200)  # the rest itself is what is tested


def kept(live, page: Page, number: int):
    """What the database has, once so many have arrived."""
    for _try in range(50):
        found = live.sql(KEPT)
        if len(found) >= number:
            break
        page.wait_for_timeout(100)
    return found


def test_what_was_opened_in_the_end_belongs_to_what_failed_before(live, talking) -> None:
    search(talking, "zwergelefant", hits=0)
    search(talking, "sperrmüll anmelden")
    talking.keyboard.press("Enter")
    expect(talking.locator("#answer-h")).to_have_text("Sperrmüllabfuhr anmelden")
    talking.keyboard.press("Control+A")
    talking.keyboard.press("Delete")
    assert sorted(kept(live, talking, 2)) == [
        ["sperrmüll anmelden", "chosen", 1, "soest:sperrmuell"],
        ["zwergelefant", "nothing", None, "soest:sperrmuell"],
    ]


def test_typing_on_is_one_search_and_the_end_of_the_call_ends_it(live, talking) -> None:
    search(talking, "hund")
    talking.keyboard.type(" anmelden")
    talking.wait_for_timeout(1200)
    for _letter in " anmelden":
        talking.keyboard.press("Backspace")
    talking.wait_for_timeout(1200)
    assert live.sql(KEPT) == []
    live.hang_up(talking.call)
    in_state(talking, "wrap-up")
    talking.keyboard.press("F8")
    ready(talking)
    assert kept(live, talking, 1) == [["hund anmelden", "abandoned", None, ""]]


def test_of_several_hits_the_last_counts_and_leaving_the_page_sends_it(live, talking) -> None:
    search(talking, "personalausweis")
    second, third = (
        talking.locator("[data-kind=articles] [data-hit]").nth(at).get_attribute("data-id") for at in (1, 2)
    )
    for key in ("Alt+2", "Alt+3"):
        talking.keyboard.press(key)
        expect(talking.locator(".hits .open")).to_have_count(1)
    assert second != third
    assert live.sql(KEPT) == []
    talking.goto("about:blank")
    assert kept(live, talking, 1) == [["personalausweis", "chosen", 3, third]]


def test_without_a_call_nothing_is_sent(live, browser) -> None:  # noqa: F811
    live.sql("DELETE FROM pool_loggedsearch")
    page = live.desk(browser)
    ready(page)
    page.keyboard.press("F2")
    with page.expect_response(lambda answer: "/suche?" in answer.url):
        page.keyboard.type("hund")
    page.wait_for_timeout(1200)
    page.keyboard.press("Enter")
    expect(page.locator("#answer-h")).to_be_visible()
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    page.goto("about:blank")
    assert live.sql(KEPT) == []


def test_who_types_a_callers_data_is_told_once_and_keeps_the_focus(live, talking) -> None:
    words = "Bitte keine Namen oder Daten von Anrufenden in die Suche schreiben."
    talking.keyboard.type("1243")  # an extension
    talking.wait_for_timeout(300)
    expect(talking.locator("#toast")).to_be_hidden()
    talking.keyboard.press("Control+A")
    talking.keyboard.type("3.5.1961")
    expect(talking.locator("#toast")).to_have_text(words)
    shot(talking, "desk-personal-data")
    assert talking.evaluate("document.activeElement.id") == "search"
    talking.keyboard.press("Control+A")
    talking.keyboard.type("erna@example.org")
    talking.wait_for_timeout(600)
    assert heard(talking).count(words) == 1


def test_a_supervisor_writes_a_synonym_with_the_keyboard_and_reads_the_weeks(live, browser) -> None:  # noqa: F811
    live.sql("DELETE FROM pool_loggedsearch")
    live.sql(
        "INSERT INTO pool_loggedsearch (municipality_id, hour, words, hits, outcome, place, entry, entry_title, settled) SELECT m.id,"
        " now() - n * interval '1 day', 'x', 1, 'chosen', 1 + n % 5, '', '', '' FROM tenants_municipality m, generate_series(1, 30) n"
        " WHERE m.status = 'live'"
    )
    page = live.desk(browser, "supervisor", bypass_csp=True)
    page.get_by_role("button", name="Einstellungen").press("Enter")
    page.get_by_role("link", name="Synonyme für alle Kommunen").wait_for()
    shot(page, "desk-settings-supervisor")
    page.goto(live.server.url("desk.localhost", "/synonyme/"))
    page.get_by_role("link", name="Synonym anlegen").press("Enter")
    page.locator("#id_words").press_sequentially("zwergelefant")
    page.keyboard.press("Tab")
    page.keyboard.type("Hundesteuer")
    page.keyboard.press("Enter")  # the effect, not the saving
    told = re.compile(
        "Prüffälle mit richtigem Treffer|Der Vergleich wurde nach einigen Sekunden abgebrochen"
    )  # on a busy machine
    expect(page.locator("#wirkung")).to_contain_text(told)
    looked_at(page, "desk-synonym-effect", modes=["light"])
    page.get_by_role("button", name="Synonym speichern").press("Enter")
    expect(page.locator("main")).to_contain_text("wird ab jetzt als „Hundesteuer“ verstanden")
    looked_at(page, "desk-synonyms")
    page.get_by_role("button", name="Entfernen: zwergelefant").press("Enter")
    expect(page.locator("main")).to_contain_text("ist kein Synonym mehr")
    page.goto(live.server.url("desk.localhost", "/suchen/"))
    looked_at(page, "desk-search-weeks")
