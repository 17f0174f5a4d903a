"""The modules in a real browser, by keyboard: ring, focus, search, keys, palette, tabs, dialogs; what is spoken, and that nothing moves."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import axe, hear, heard, listen, looked_at, opened, shot, transcript

pytestmark = pytest.mark.browser
RING = "Anruf für Stadt Soest. Von 0171 3920047."
TALLY = "6 Artikel, 4 Kontakte. Erster: Sperrmüllabfuhr anmelden, Stadt Soest."
WINDOW = {"width": 1366, "height": 657}  # what a maximised browser leaves of 1366x768
PAUSE = 700  # milliseconds: longer than the pause before the count is said


SWAP = """async ([url, html]) => {
  const { holdFocus, parse } = await import(url), place = document.getElementById("calls"), restore = holdFocus(place);
  place.replaceChildren(parse(html));
  restore();
  place.dispatchEvent(new CustomEvent("swap:done", { bubbles: true })); }"""


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """The desk of the gallery."""
    with opened(browser, viewport=WINDOW) as page:
        listen(page)
        page.goto(f"{address}/desk.html")
        page.wait_for_timeout(200)
        yield page


@pytest.fixture
def put(page: Page, gallery: Path) -> Callable[[str], None]:
    """put("ringing") swaps that card into its place, as the page does; put("") empties it; other text is put as it is."""
    paths = json.loads((gallery / "static" / "staticfiles.json").read_text(encoding="utf-8"))["paths"]
    module = f"/static/{paths['desk/js/swap.js']}"

    def swap(what: str) -> None:
        file = gallery / f"card-{what}.part"
        html = file.read_text(encoding="utf-8") if file.is_file() else what
        page.evaluate(SWAP, [module, html])

    return swap


def focused(page: Page) -> str:
    """Id, action or text of what has the focus."""
    return str(page.evaluate("(e => e.id || e.dataset.action || e.textContent.trim())(document.activeElement)"))


# Ring


def test_a_ring_is_said_once(page: Page, put: Callable[[str], None]) -> None:
    put("ringing")
    put("ringing")
    assert heard(page) == [RING]
    put("talking")
    assert heard(page) == [RING, "Verbunden."]


@pytest.mark.parametrize(
    ("style", "said"),
    [
        ("short", "Soest"),
        (
            "greeting",
            f"{RING} Guten Tag, Servicecenter der Stadt Soest, mein Name ist Jana Köster. Was kann ich für Sie tun?",
        ),
    ],
)
def test_the_sentence_is_as_long_as_wanted(page: Page, put: Callable[[str], None], style: str, said: str) -> None:
    page.evaluate("style => { document.body.dataset.sentence = style }", style)
    put("ringing")
    assert heard(page) == [said]


def test_a_call_that_went_away_is_told_with_the_servers_words(page: Page, put: Callable[[str], None]) -> None:
    put("ringing")
    put("")
    assert heard(page)[-1] == "Anruf für Stadt Soest wurde beendet."
    put('<section data-call-id="c-2" data-state="ringing"></section>')
    assert heard(page)[-1] == "Anruf ohne erkannte Kommune. Nummer unterdrückt."
    put('<p data-ended="c-2">Murat Aydın hat den Anruf angenommen.</p>')
    assert heard(page)[-1] == "Murat Aydın hat den Anruf angenommen."


def test_the_virtual_screen_reader_speaks_the_ring(page: Page, put: Callable[[str], None]) -> None:
    hear(page)
    put("ringing")
    page.wait_for_timeout(300)
    put("talking")
    page.wait_for_timeout(300)
    spoken = transcript(page)
    assert spoken.count(f"assertive: {RING}") == 1
    assert spoken.count("polite: Verbunden.") == 1
    assert spoken.index(f"assertive: {RING}") < spoken.index("polite: Verbunden.")


def test_a_ring_is_heard_over_an_open_dialog(page: Page, put: Callable[[str], None]) -> None:
    page.keyboard.press("Control+,")
    put("ringing")
    assert page.locator('dialog[open] [data-region="live-ring"]').text_content() == RING


def test_a_ring_moves_nothing(page: Page, put: Callable[[str], None]) -> None:
    where = "() => [...document.querySelectorAll('.search, .answer, .side')].map(e => e.getBoundingClientRect().top)"
    before = page.evaluate(where)
    page.evaluate(
        "() => { globalThis.shift = 0; new PerformanceObserver(l => l.getEntries().forEach(e => { shift += e.value })).observe({ type: 'layout-shift' }) }"
    )
    put("ringing")
    page.wait_for_timeout(300)
    assert page.evaluate(where) == before
    assert page.evaluate("shift") == 0
    shot(page, "design-desk-ringing")


def test_card_search_and_ten_hits_fit_one_screen(page: Page, put: Callable[[str], None]) -> None:
    put("talking")
    page.keyboard.press("F2")
    page.keyboard.type("sofa")
    page.wait_for_selector("[data-hit]")
    assert page.evaluate("(b => b.scrollHeight <= b.clientHeight)(document.getElementById('hits').parentElement)")
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    shot(page, "design-desk-talking")


def test_ringing_and_talking_are_sound(browser: Browser, address: str, gallery: Path) -> None:
    with opened(browser) as page:
        page.goto(f"{address}/desk.html")
        for state in ("ringing", "talking"):
            card = (gallery / f"card-{state}.part").read_text(encoding="utf-8")
            page.evaluate(
                "html => { document.getElementById('calls').replaceChildren(...new DOMParser().parseFromString(html, 'text/html').body.childNodes) }",
                card,
            )
            page.locator("#search").fill("sofa")
            page.wait_for_selector("[data-hit]")
            looked_at(page, f"design-desk-{state}", modes=["dark", "forced", "narrow"], whole=False)


# Focus


def test_accepting_leaves_the_focus_where_it_was(page: Page, put: Callable[[str], None]) -> None:
    put("ringing")
    page.locator("#search").fill("sof")
    page.locator("#search").focus()
    put("talking")
    assert focused(page) == "search"
    assert page.input_value("#search") == "sof"


def test_focus_on_a_button_that_goes_moves_to_the_first_that_comes(page: Page, put: Callable[[str], None]) -> None:
    put("ringing")
    page.locator("[data-action=accept]").focus()
    put("ringing")
    assert focused(page) == "accept"
    put("talking")
    assert focused(page) == "wrap"


# Search


def test_hits_are_counted_after_a_pause_and_opened_with_enter(page: Page) -> None:
    page.evaluate("() => { globalThis.openings = []; addEventListener('hit:open', e => openings.push(e.detail)) }")
    page.keyboard.press("F2")
    page.keyboard.type("sofa")
    page.wait_for_selector("[data-hit]")
    assert page.get_attribute("#search", "aria-expanded") == "true"
    assert heard(page) == []
    page.wait_for_timeout(PAUSE)
    assert heard(page) == [TALLY]
    page.keyboard.press("Enter")
    assert page.evaluate("openings") == [{"id": "soest:sperrmuell", "url": "/auskunft/soest:sperrmuell"}]
    assert heard(page)[-1] == "Geöffnet: Sperrmüllabfuhr anmelden, Stadt Soest."
    page.keyboard.press("Escape")
    assert page.input_value("#search") == "sofa"
    page.keyboard.type(" alt")
    page.wait_for_timeout(300)
    assert page.locator("[data-hit].open").count() == 1


def test_arrows_move_and_wrap_around(page: Page) -> None:
    page.locator("#search").fill("sofa")
    page.locator("#search").focus()
    page.wait_for_selector("[data-hit]")
    chosen = lambda: page.get_attribute("#search", "aria-activedescendant")  # noqa: E731
    seen = []
    for key in ("ArrowDown", "ArrowDown", "ArrowUp", "ArrowUp"):
        page.keyboard.press(key)
        seen.append(chosen())
    assert seen == ["hit-articles-1", "hit-articles-2", "hit-articles-1", "hit-contacts-4"]
    assert page.locator("[aria-selected=true]").count() == 1
    page.keyboard.press("Escape")
    assert chosen() is None
    page.keyboard.press("ArrowUp")
    assert chosen() == "hit-contacts-4"


def test_alt_and_a_digit_open_a_hit_from_anywhere(page: Page) -> None:
    page.locator("#search").fill("sofa")
    page.wait_for_selector("[data-hit]")
    page.locator("#note").fill("getippt")
    page.keyboard.press("Alt+5")
    assert heard(page)[-1] == "Geöffnet: Schadstoffmobil und Problemabfälle, Kreis Soest."
    assert focused(page) == "note"


def test_nothing_found_and_nothing_answered_are_said(page: Page) -> None:
    page.locator("#search").fill("nichts")
    page.wait_for_timeout(PAUSE)
    assert heard(page)[-1] == "Nichts gefunden. Andere Wörter oder Wissenslücke melden."
    page.locator("#search").fill("sofa")
    page.wait_for_selector("[data-hit]")
    page.locator("#search").fill("kaputt")
    page.wait_for_timeout(PAUSE)
    assert heard(page)[-1] == "Die Suche antwortet nicht."
    assert page.locator("[data-hit]").count() == 10
    page.locator("#search").fill("")
    page.wait_for_timeout(200)
    assert page.locator("#hits").is_hidden()


def test_only_the_newest_question_is_answered(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/suche" in request.url else None)
    page.locator("#search").focus()
    page.keyboard.type("sofa abholen", delay=15)
    page.wait_for_timeout(PAUSE)
    assert len(asked) < len("sofa abholen")
    assert "q=sofa+abholen&called=" in asked[-1]
    assert heard(page) == [TALLY]


def test_enter_right_after_typing_opens_a_fresh_hit(page: Page) -> None:
    page.locator("#search").focus()
    page.keyboard.type("sofa")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-hit].open")
    assert heard(page)[-1] == "Geöffnet: Sperrmüllabfuhr anmelden, Stadt Soest."


# Keys and palette


def test_keys_do_what_the_buttons_do(page: Page, put: Callable[[str], None]) -> None:
    put("ringing")
    page.evaluate(
        "() => { globalThis.done = []; addEventListener('click', e => done.push(e.target.closest('[data-action]')?.dataset.action)) }"
    )
    page.keyboard.press("F8")
    assert page.evaluate("done") == ["accept"]
    assert page.locator("[data-action=accept]").get_attribute("aria-keyshortcuts") == "F8"
    put("talking")
    page.keyboard.press("F9")
    assert page.evaluate("done") == ["accept"]
    assert heard(page)[-1] == "Ohne Verbindung bitte am Telefon bedienen."
    page.keyboard.press("F8")
    assert heard(page)[-1].startswith("Gerade nicht möglich: Annehmen")


def test_escape_leads_back_to_the_search_and_keeps_what_was_typed(page: Page) -> None:
    page.locator("#note").fill("Wohnungsauflösung")
    page.locator("#note").focus()
    page.keyboard.press("Escape")
    assert focused(page) == "search"
    assert page.input_value("#note") == "Wohnungsauflösung"


def change(page: Page, row: int, key: str) -> str:
    """In the help dialog, give the nth action another key; what is said then."""
    page.locator("#keys-dialog .keys button").nth(row).click()
    page.keyboard.press(key)
    return heard(page)[-1]


def test_a_key_is_changed_refused_and_switched_off(page: Page) -> None:
    page.evaluate(
        "() => { globalThis.changes = []; document.addEventListener('keys:change', e => changes.push(e.detail)) }"
    )
    page.keyboard.press("Control+,")
    assert change(page, 0, "F3") == "F3 ist vom Browser oder vom Bildschirmleser belegt."
    assert change(page, 0, "x") == "X ist vom Browser oder vom Bildschirmleser belegt."
    assert change(page, 0, "F8").startswith("F8 ist schon vergeben: Annehmen")
    assert change(page, 0, "Escape") == "Es bleibt bei F2."
    assert page.locator("#keys-dialog").is_visible()
    page.locator("#keys-dialog .keys button").nth(0).click()
    page.keyboard.press("Shift")
    assert page.locator("#keys-dialog kbd").nth(0).text_content() == "Taste drücken …"
    page.keyboard.press("Control+m")
    assert heard(page)[-1] == "Suche, markiert den Text: Strg+M."
    assert change(page, 3, "Delete") == "Nachbearbeitung: aus."
    assert page.evaluate("changes") == [{"search": "Control+m"}, {"search": "Control+m", "wrap": ""}]
    shot(page, "design-keys")
    axe(page)
    page.reload()
    page.keyboard.press("Control+m")
    assert focused(page) == "search"
    assert page.get_attribute("#search", "aria-keyshortcuts") == "Control+m"
    assert page.locator(".searchbox kbd").text_content() == "Strg+M"


def test_the_palette_does_an_action_by_name(page: Page, put: Callable[[str], None]) -> None:
    put("talking")
    page.evaluate(
        "() => { globalThis.done = []; addEventListener('click', e => done.push(e.target.closest('[data-action]')?.dataset.action)) }"
    )
    page.locator("#note").focus()
    page.keyboard.press("Control+k")
    names = page.locator("#palette-list [role=option]").all_text_contents()
    assert {"NachbearbeitungF4", "Tasten und HilfeStrg+,"} <= set(names)
    assert not any("Weiterleiten" in name for name in names)
    shot(page, "design-palette")
    axe(page)
    page.keyboard.type("nachb")
    assert page.locator("#palette-list [role=option]").count() == 1
    page.keyboard.press("Enter")
    assert page.locator("dialog[open]").count() == 0
    assert page.evaluate("done") == ["wrap"]


def test_the_palette_closes_without_a_deed(page: Page) -> None:
    page.locator("#note").focus()
    page.keyboard.press("Control+k")
    page.keyboard.type("gibtesnicht")
    page.wait_for_timeout(PAUSE)
    assert heard(page)[-1] == "Kein Befehl heißt so."
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    assert page.locator("dialog[open]").count() == 0
    assert focused(page) == "note"


# Panels


def test_tabs_and_dialogs(browser: Browser, address: str) -> None:
    with opened(browser) as page:
        page.goto(f"{address}/parts.html")
        page.locator("#tab-1").focus()
        page.keyboard.press("ArrowRight")
        assert focused(page) == "tab-2"
        assert page.locator("#panel-1").is_hidden()
        assert page.locator("#panel-2").is_visible()
        page.keyboard.press("ArrowRight")
        assert focused(page) == "tab-1"
        page.keyboard.press("End")
        assert page.locator("[role=tab][tabindex='-1']").get_attribute("id") == "tab-1"
        page.get_by_text("Für Stadt Soest veröffentlichen", exact=True).click()
        assert page.locator("#publish").is_visible()
        shot(page, "design-dialog")
        axe(page)
        page.get_by_text("Abbrechen").click()
        assert page.locator("#publish").is_hidden()
        assert focused(page) == "Für Stadt Soest veröffentlichen"


def test_the_error_summary_takes_the_focus(browser: Browser, address: str) -> None:
    with opened(browser) as page:
        page.goto(f"{address}/form.html")
        assert page.evaluate("document.activeElement.classList.contains('error-summary')")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        assert focused(page) == "id_title"


def test_an_article_on_paper_is_the_article_alone(browser: Browser, address: str) -> None:
    with opened(browser) as page:
        page.goto(f"{address}/desk.html")
        page.evaluate("() => { document.documentElement.dataset.kernTheme = 'dark' }")
        page.emulate_media(media="print")
        colours = "(s => [s.color, s.backgroundColor])(getComputedStyle(document.body))"
        assert page.evaluate(colours) == ["rgb(0, 0, 0)", "rgb(255, 255, 255)"]
        assert page.locator("#answer-h").is_visible()
        for gone in (".top", ".search", ".side", ".call-place"):
            assert page.locator(gone).is_hidden()
        link = "getComputedStyle(document.querySelector('.details a'), '::after').content"
        assert "https://www.soest.example/sperrmuell" in page.evaluate(link)
        shot(page, "design-print", whole=True)
