"""Every page of knowledge, directory and gaps in a real browser: axe in light, dark, forced colours and at 320 px, and nothing sticks out."""

from contextlib import contextmanager

import pytest

from tests.browser import MODES, axe, browser, fits, looked_at, opened, shot  # noqa: F401  a fixture

pytestmark = pytest.mark.browser
PAGES = {
    "articles": "/wissen/",
    "articles-empty": "/wissen/?q=xyzzy",
    "article": "/wissen/{article}/?luecke={gap}",
    "article-new": "/wissen/~neu/?luecke={gap}",
    "publish": "/wissen/{article}/veroeffentlichen/?luecke={gap}",
    "withdraw": "/wissen/{article}/zurueckziehen/",
    "discard": "/wissen/{article}/verwerfen/",
    "history": "/wissen/{article}/verlauf/",
    "print": "/wissen/{article}/druck/",
    "contacts": "/verzeichnis/",
    "contact": "/verzeichnis/kontakte/{contact}/",
    "departments": "/verzeichnis/abteilungen/",
    "department": "/verzeichnis/abteilungen/{below}/",
    "searches": "/wissen/~suchen/",
    "searches-empty": "/wissen/~suchen/?q=xyzzy",
    "search": "/wissen/~suchen/wort/zwergelefant/",
    "search-effect": "/wissen/~suchen/wirkung/",
    "search-explain": "/wissen/~suchen/erklaeren/?q=sperrmüll",
    "synonyms": "/wissen/~suchen/synonyme/",
    "synonym-new": "/wissen/~suchen/synonyme/neu/?words=zwergelefant&meaning=Hund",
    "synonym": "/wissen/~suchen/synonyme/{synonym}/",
    "gaps": "/luecken/",
    "gap": "/luecken/{gap}/?q=sperr",
}
PARTS = {
    "article",
    "publish",
    "history",
    "contacts",
    "departments",
    "searches",
    "search-effect",
    "gap",
}  # together they hold every part, for the other modes


@contextmanager
def signed_in(browser, live, who="editor", mode="light", **options):  # noqa: F811
    """A page on soest.localhost as somebody. Tests with axe bypass the Content-Security-Policy, which refuses axe's own styles."""
    with opened(browser, mode, **options) as page:
        page.context.add_cookies(
            [{"name": "rufverbund_session", "value": live.sessions[who], "url": live.server.url("soest.localhost")}]
        )
        yield page


def address(live, path):
    """A page of PAGES on the server."""
    return live.server.url("soest.localhost", path.format(**live.keys, gap=live.gap))


def test_pages_are_accessible(browser, live):  # noqa: F811
    with signed_in(browser, live, bypass_csp=True) as page:
        for name, path in PAGES.items():
            page.goto(address(live, path))
            looked_at(page, f"knowledge-{name}", modes=MODES if name in PARTS else ["light"])


def test_pages_fit_a_narrow_window_and_keep_the_content_security_policy(browser, live):  # noqa: F811
    with signed_in(browser, live, mode="narrow") as page:  # fails with what the browser refused
        for path in PAGES.values():
            assert page.goto(address(live, path)).status == 200
            fits(page)


def test_errors_are_accessible_and_take_the_focus(browser, live):  # noqa: F811
    with signed_in(browser, live, bypass_csp=True) as page:
        page.goto(address(live, "/wissen/{article}/"))
        page.fill("#id_title", "")
        page.fill("#id_leika", "123")
        page.locator("input[name=contacts]").nth(2).fill("Niemand Bekanntes")
        page.get_by_role("button", name="Entwurf speichern").last.click()
        page.wait_for_selector(".error-summary")
        looked_at(page, "knowledge-errors")
        assert page.evaluate("document.activeElement.className").count("error-summary") == 1
        assert page.locator("input[name=contacts]").nth(2).input_value() == "Niemand Bekanntes"
        page.locator(".error-summary a", has_text="Niemand Bekanntes").click()
        assert page.evaluate("document.activeElement.id") == "id_contacts"


def test_a_synonym_is_made_from_a_search_with_the_keyboard(browser, live):  # noqa: F811
    with signed_in(browser, live, bypass_csp=True) as page:
        page.goto(address(live, "/wissen/~suchen/"))

        def press(name, key="Enter"):
            page.get_by_role("link", name=name, exact=True).or_(
                page.get_by_role("button", name=name, exact=True)
            ).focus()
            page.keyboard.press(key)

        press("zwergelefant")
        page.get_by_role("heading", level=1, name="„zwergelefant“").wait_for()
        press("Synonym anlegen")
        page.locator("#id_meaning").fill("Hundesteuer")
        page.keyboard.press("Enter")  # the effect, not the saving
        page.get_by_role("heading", name="Wirkung: „zwergelefant“ heißt „Hundesteuer“").wait_for()
        assert "Findet jetzt etwas" in page.locator("#wirkung").inner_text()
        assert "Prüffälle" in page.locator("#wirkung").inner_text()
        looked_at(page, "knowledge-synonym-effect")
        press("Synonym speichern")
        page.get_by_role("heading", level=1, name="Erfolglose Suchen").wait_for()
        assert "wird ab jetzt als „Hundesteuer“ verstanden" in page.locator("main").inner_text()
        assert page.get_by_role("link", name="zwergelefant", exact=True).count() == 0
        press("Erledigt: hund abmelden", " ")
        page.get_by_text("„hund abmelden“ ist erledigt.").wait_for()


def test_what_is_explained_takes_the_focus(browser, live):  # noqa: F811
    with signed_in(browser, live) as page:
        page.goto(address(live, "/wissen/~suchen/erklaeren/"))
        page.locator("#explain-q").fill("sperrmüll")
        page.keyboard.press("Enter")
        page.locator("#treffer:focus", has_text="Treffer").wait_for()
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('h3') !== null")  # the first hit


def test_an_article_on_paper_has_nothing_to_press(browser, live):  # noqa: F811
    with signed_in(browser, live) as page:
        page.goto(address(live, "/wissen/{article}/druck/"))
        page.emulate_media(media="print")
        shot(page, "knowledge-paper", whole=True)
        assert (
            page.locator("nav, .no-print, .top").evaluate_all(
                "parts => parts.filter(part => part.checkVisibility()).length"
            )
            == 0
        )
        assert page.locator(".short").is_visible()


def test_a_department_sees_no_buttons(browser, live):  # noqa: F811
    with signed_in(browser, live, who="reader", bypass_csp=True) as page:
        for path in ("/wissen/", "/wissen/{article}/", "/verzeichnis/", "/luecken/{gap}/"):
            page.goto(address(live, path))
            words = page.locator("main button").all_text_contents()
            assert {word.strip() for word in words if "filtern" not in word} <= {"Stimmt noch"}  # departments confirm
        page.goto(address(live, "/wissen/{article}/"))
        shot(page, "knowledge-reader", whole=True)
        axe(page)


def test_written_and_published_without_javascript(browser, live):  # noqa: F811
    with signed_in(browser, live, java_script_enabled=False) as page:
        page.goto(address(live, "/wissen/~neu/"))
        page.fill("#id_title", "Lastenrad leihen")
        page.fill("#id_short_answer", "Die Stadt verleiht zwei Lastenräder.")
        page.locator("input[name=contacts]").first.fill("Dirk Große Böckmann")
        page.locator("input[name='links-label']").first.fill("Lastenrad buchen")
        page.locator("input[name='links-url']").first.fill("www.soest.de/lastenrad")
        page.get_by_role("button", name="Vorschau").click()
        assert page.locator(".short").inner_text().endswith("Die Stadt verleiht zwei Lastenräder.")
        assert "Noch nicht gespeichert" in page.locator(".publish").inner_text()
        page.get_by_role("button", name="Für Stadt Soest veröffentlichen").click()
        assert page.get_by_role("heading", level=1).inner_text() == "Für Stadt Soest veröffentlichen?"
        page.get_by_role("button", name="Für Stadt Soest veröffentlichen").click()
        assert "ist für Stadt Soest veröffentlicht" in page.locator("main").inner_text()
        assert page.locator(".kern-badge").first.inner_text() == "veröffentlicht"


def test_typed_text_is_kept_by_keyboard_alone(browser, live):  # noqa: F811
    """Enter in a field saves the draft; the count runs along; leaving asks."""
    with signed_in(browser, live) as page:
        page.goto(address(live, "/verzeichnis/kontakte/{silent}/"))
        page.focus("#id_ext")
        page.keyboard.type("1580")
        page.keyboard.press("Enter")
        page.wait_for_selector(".alertline--success")
        assert page.input_value("#id_ext") == "1580"
        page.goto(address(live, "/wissen/{article}/"))
        before = page.locator("#id_short_answer_helptext").inner_text()
        page.focus("#id_short_answer")
        page.keyboard.press("Control+End")
        page.keyboard.type(" Auch samstags.")
        after = page.locator("#id_short_answer_helptext").inner_text()
        assert numbers(before)[0] - numbers(after)[0] == len(" Auch samstags.")
        asked = []
        page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
        page.goto(address(live, "/wissen/"))
        assert asked == ["beforeunload"]


def numbers(text):
    """The numbers in a hint."""
    import re

    return [int(number) for number in re.findall(r"\d+", text)]
