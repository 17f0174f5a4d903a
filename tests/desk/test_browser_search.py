"""The search while somebody types: what is marked and said, what stays where it is, what is offered again."""

import re
from urllib.parse import quote_plus

import pytest
from playwright.sync_api import Page, expect

from tests.browser import browser, hear, heard, looked_at, transcript  # noqa: F401  the fixture
from tests.desk.test_browser_call import focused, ready
from tests.desk.test_browser_shift import talk
from tests.desk.test_browser_states import LOW

pytestmark = pytest.mark.browser


CHOSEN = "() => document.getElementById(document.getElementById('search').getAttribute('aria-activedescendant') ?? '')?.dataset.id ?? ''"


def type_in(page: Page, words: str) -> None:
    """Type other words into the search; returns when they have been answered."""
    page.keyboard.press("F2")
    with page.expect_response(lambda answer: "/suche?" in answer.url and answer.url.endswith(query_of(words))):
        page.keyboard.type(words)
    expect(page.locator("#search")).not_to_have_attribute("aria-busy", "true")


def query_of(words: str) -> str:
    """The end of the address; "soest" is called."""
    return f"q={quote_plus(words)}&called=soest"


def chosen(page: Page) -> str:
    """The id of the hit that is chosen, empty when there is none."""
    return str(page.evaluate(CHOSEN))


def first(page: Page) -> str:
    return str(page.locator("[data-hit]").first.get_attribute("data-id"))


def test_what_was_searched_for_is_marked_and_spoken_as_whole_words(live, browser) -> None:  # noqa: F811
    page = live.desk(browser, viewport=LOW, bypass_csp=True)
    talk(live, page)
    type_in(page, "personalausweis lichtbild")
    hit = page.locator("[data-hit]").first
    assert hit.locator(".hit__title mark").all_text_contents() == ["Personalausweis"]
    assert hit.locator(".hit__passage mark").all_text_contents() == ["Lichtbild"]
    expect(hit).to_have_accessible_name(
        re.compile(r"^Personalausweis beantragen ?, Stadt Soest ?\. … .*ein digitales Lichtbild\.$")
    )
    assert hit.bounding_box()["height"] < 50  # one line below the title
    looked_at(page, "desk-search-passage", whole=False)


def test_a_typing_error_is_said_once_and_put_right_with_the_keyboard(live, browser) -> None:  # noqa: F811
    page = live.desk(browser, viewport=LOW, bypass_csp=True)
    talk(live, page)
    type_in(page, "personalauswies")
    page.wait_for_function("() => heard.at(-1).startsWith('Meinten Sie')")
    assert re.match(r"Meinten Sie Personalausweis\? \d Artikel.*\. Erster: ", heard(page)[-1])
    page.keyboard.type(" mel")
    page.wait_for_function("() => heard.at(-1).includes('Meinten Sie Personalausweis mel?')")
    page.keyboard.type(" ")  # the same words: no news
    page.wait_for_function("() => !heard.at(-1).includes('Meinten')")
    looked_at(page, "desk-search-meant", whole=False)
    page.keyboard.press("Tab")
    assert focused(page) == "Meinten Sie Personalausweis mel?"
    page.keyboard.press("Enter")
    expect(page.locator("#search")).to_have_value("Personalausweis mel")
    expect(page.locator("#hints")).to_be_hidden()
    assert focused(page) == "search"
    assert first(page).startswith("soest:perso")


ROOM = """() => { const panel = document.getElementById('hits').parentElement;
  return [panel.scrollHeight - panel.clientHeight, document.documentElement.scrollHeight - innerHeight]; }"""


def test_ten_hits_with_everything_that_can_be_said_are_one_screen(live, browser) -> None:  # noqa: F811
    always = (
        """UPDATE pool_searchentry SET payload = payload || '{"hours": "täglich 0-24 Uhr"}' WHERE kind = 'person'"""
    )
    live.tool("entries", "lippstadt", "Standesamt")
    live.tool("become", "lippstadt", "live")
    live.sql(always)
    try:
        page = live.desk(browser, viewport=LOW)
        talk(live, page)
        type_in(page, "standsamt müller")
        expect(page.locator("[data-hit]")).to_have_count(10)
        for extra in (".hit__also", ".hit__now", "#hints button"):
            expect(page.locator(extra).first).to_be_visible()
        assert max(page.evaluate(ROOM)) <= 0
        heights = page.locator("[data-hit]").evaluate_all("hits => hits.map(hit => hit.getBoundingClientRect().height)")
        assert max(heights) <= 30, heights
        page.set_viewport_size({"width": 1024, "height": 657})  # lines wrap, and names are not lost
        names = page.locator("[data-hit]:has(.hit__now) .hit__title").evaluate_all(
            "all => all.map(name => name.clientWidth)"
        )
        assert min(names) > 100, names
    finally:
        live.tool("become", "lippstadt", "joining")
        live.sql("UPDATE pool_searchentry SET payload = payload - 'hours'")


def test_the_chosen_hit_stays_chosen_while_it_is_there(live, browser) -> None:  # noqa: F811
    page = live.desk(browser)
    talk(live, page)
    type_in(page, "personalausw")
    page.keyboard.press("ArrowDown")
    wanted = chosen(page)
    assert wanted == first(page) == "soest:perso_neu"
    with page.expect_response("**/suche?*"):
        page.keyboard.type("eis verl")
    expect(page.locator("[data-hit]").first).to_have_attribute("data-id", "soest:perso_verlust")
    assert chosen(page) == wanted
    assert page.locator("[aria-selected=true]").get_attribute("data-id") == wanted
    page.keyboard.press("Enter")
    expect(page.locator("#reading [data-entry]")).to_have_attribute("data-entry", wanted)
    type_in(page, "sperrmüll")
    assert chosen(page) == ""
    assert page.locator("[aria-selected=true]").count() == 0


CHANGES = """() => { globalThis.moved = 0; globalThis.waits = []; const box = document.getElementById('hits');
  box.addEventListener('pointermove', () => { moved = performance.now(); }, true);
  new MutationObserver(() => waits.push(performance.now() - moved)).observe(box, { childList: true }); }"""


def test_what_the_pointer_has_come_to_rest_on_waits(live, browser) -> None:  # noqa: F811
    page = live.desk(browser)
    talk(live, page)
    type_in(page, "personal")
    page.evaluate(CHANGES)
    page.locator("[data-hit]").nth(2).hover()
    page.keyboard.type("ausweis verl")
    expect(page.locator("[data-hit]").first).to_have_attribute("data-id", "soest:perso_verlust")
    assert page.evaluate("waits[0]") >= 399


def test_what_is_being_clicked_is_what_opens(live, browser) -> None:  # noqa: F811
    page = live.desk(browser)
    talk(live, page)
    type_in(page, "personal")
    hit = page.locator("[data-hit]").nth(2)
    wanted = hit.get_attribute("data-id")
    hit.hover()
    page.mouse.down()
    with page.expect_response("**/suche?*"):
        page.keyboard.type("ausweis verl")
    assert page.locator("[data-hit]").nth(2).get_attribute("data-id") == wanted
    page.mouse.up()
    expect(page.locator("#reading [data-entry]")).to_have_attribute("data-entry", str(wanted))
    expect(page.locator("[data-hit]").first).to_have_attribute("data-id", "soest:perso_verlust")


def offered(page: Page) -> list[str]:
    """What is offered to search again, with the field empty and focused."""
    page.keyboard.press("F2")
    page.keyboard.press("Delete")
    expect(page.locator("[data-hit]")).to_have_count(0)
    return [text.strip() for text in page.locator("[data-recent]").all_text_contents()]


def test_searches_of_a_call_are_offered_again_and_end_with_it(live, browser) -> None:  # noqa: F811
    page = live.desk(browser, bypass_csp=True)
    talk(live, page)
    assert offered(page) == []
    type_in(page, "sperrm")
    type_in(page, "hund anmelden")  # "sperrm" was only passed through
    page.keyboard.press("Enter")
    expect(page.locator("#answer-h")).to_be_visible()
    assert offered(page) == ["hund anmelden"]
    type_in(page, "personalausweis")
    page.wait_for_timeout(1700)  # it stands for more than a second and a half
    assert offered(page) == ["personalausweis", "hund anmelden"]
    assert page.get_attribute("#search", "aria-expanded") == "true"
    assert page.locator("#below").is_visible()
    looked_at(page, "desk-search-recent", whole=False)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#search")).to_have_value("hund anmelden")
    expect(page.locator("[data-hit]").first).to_be_visible()
    assert offered(page) == ["personalausweis", "hund anmelden"]
    page.keyboard.press("Escape")
    assert page.locator("#hits").is_hidden()
    page.keyboard.press("F4")
    expect(page.locator("#concern")).to_be_focused()
    page.keyboard.press("F8")
    ready(page)
    assert offered(page) == []
    talk(live, page)
    assert offered(page) == []
    assert (
        page.evaluate("[localStorage, sessionStorage].some(store => JSON.stringify(store).includes('hund'))") is False
    )


def test_nothing_found_offers_a_report_with_the_words_of_now(live, browser) -> None:  # noqa: F811
    page = live.desk(browser)
    talk(live, page)
    type_in(page, "Blorf Kwanzig")
    expect(page.locator("#nothing")).to_contain_text("Nichts gefunden.")
    for words in ("Blorf Kwanzig", "Zwirbel Kwanzig"):
        type_in(page, words)
        page.keyboard.press("Tab")
        assert focused(page) == "Wissenslücke melden"
        page.keyboard.press("Enter")
        expect(page.locator("#gap-form [name=gap_title]")).to_have_value(words)
        page.keyboard.press("Escape")
        expect(page.locator("#gap-dialog")).to_be_hidden()


def test_a_simpler_search_is_said_once(live, browser) -> None:  # noqa: F811
    page = live.desk(browser)
    talk(live, page)
    page.evaluate("""() => { const real = fetch; globalThis.fetch = async (...asked) => {
        const answer = await real(...asked), hint = '<div data-hints><span data-simple>Einfache Suche</span></div>';
        return asked[0].startsWith('/suche?') ? new Response(hint + await answer.text()) : answer; }; }""")
    for words in ("sperrmüll", "hund anmelden"):
        type_in(page, words)
        page.wait_for_function(
            "n => heard.filter(line => line.includes('Erster:')).length === n", arg=1 + (words != "sperrmüll")
        )
        expect(page.locator("#hints")).to_have_text("Einfache Suche")
    assert [line.startswith("Einfache Suche. ") for line in heard(page) if "Erster:" in line] == [True, False]


def test_copies_elsewhere_are_named_and_read_with_the_keyboard(live, browser) -> None:  # noqa: F811
    live.tool("entries", "lippstadt", "Personalausweis")
    live.tool("become", "lippstadt", "live")
    try:
        page = live.desk(browser, viewport=LOW, bypass_csp=True)
        talk(live, page)
        type_in(page, "personalausweis")
        hit = page.locator("[data-hit]", has_text="Personalausweis beantragen").first
        expect(hit.locator(".hit__also")).to_contain_text("auch: Lippstadt")
        hear(page)
        page.keyboard.press("ArrowDown")
        looked_at(page, "desk-search-also", whole=False)
        page.keyboard.press("Enter")
        expect(page.locator("[role=tab]")).to_contain_text(["Stadt Lippstadt"])
        page.locator("#reading").focus()
        while page.evaluate("document.activeElement.getAttribute('role')") != "tab":
            page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        assert focused(page) == "Ganz öffnen"
        page.keyboard.press("Enter")
        expect(page.locator("#reading [data-entry]")).to_have_attribute("data-entry", re.compile("^lippstadt:"))
        expect(page.locator("#elsewhere")).to_have_text(
            re.compile(r"Auskunft gehört zu .*Stadt Lippstadt, der Anruf ist für .*Stadt Soest")
        )
        assert any("Stadt Lippstadt" in line for line in transcript(page))
    finally:
        live.tool("become", "lippstadt", "joining")
