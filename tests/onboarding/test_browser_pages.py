"""Front, a municipality's start, joining, settings and log, and the operator's pages in a real browser: axe in light, dark, forced colours
and at 320 px; by keyboard alone; without JavaScript."""

from contextlib import contextmanager

import pytest

from tests.browser import MODES, browser, fits, looked_at, opened, shot  # noqa: F401  a fixture
from tests.server import Server

pytestmark = pytest.mark.browser
FRONT, SOEST, LIPPSTADT = "localhost", "soest.localhost", "lippstadt.localhost"
PAGES = {  # name: who, host, path
    "front": (None, FRONT, "/"),
    "front-signed-in": ("operator", FRONT, "/"),
    "start": ("admin", SOEST, "/"),
    "start-joining": ("admin.lippstadt", LIPPSTADT, "/"),
    "start-reader": ("reader", SOEST, "/"),
    "joining": ("admin", SOEST, "/beitritt/"),
    "joining-joining": ("admin.lippstadt", LIPPSTADT, "/beitritt/"),
    "settings": ("admin", SOEST, "/einstellungen/"),
    "settings-editor": ("editor", SOEST, "/einstellungen/"),
    "log": ("admin", SOEST, "/einstellungen/protokoll/"),
    "log-empty": ("admin", SOEST, "/einstellungen/protokoll/?q=xyzzy"),
    "municipalities": ("operator", FRONT, "/betrieb/"),
    "municipalities-empty": ("operator", FRONT, "/betrieb/?q=xyzzy"),
    "municipality-new": ("operator", FRONT, "/betrieb/kommunen/neu/"),
    "municipality-live": ("operator", FRONT, "/betrieb/kommunen/soest/"),
    "municipality-joining": ("operator", FRONT, "/betrieb/kommunen/lippstadt/"),
    "municipality-provisioning": ("operator", FRONT, "/betrieb/kommunen/welver/"),
    "centres": ("operator", FRONT, "/betrieb/servicecenter/"),
    "centre": ("operator", FRONT, "/betrieb/servicecenter/soest/"),
    "centre-people": ("operator", FRONT, "/betrieb/servicecenter/soest/personen/"),
    "centre-invite": ("operator", FRONT, "/betrieb/servicecenter/soest/personen/einladen/"),
    "centre-new": ("operator", FRONT, "/betrieb/servicecenter/neu/"),
    "operator-log": ("operator", FRONT, "/betrieb/protokoll/"),
}
# Together they hold every part, for the other modes.
PARTS = {"front", "start", "joining-joining", "settings", "log", "municipalities", "municipality-joining", "centre"}


@contextmanager
def signed_in(browser, live, who, host, mode="light", **options):  # noqa: F811
    """A page in which somebody is signed in on a host. Tests with axe bypass the Content-Security-Policy, which refuses axe's own styles."""
    with opened(browser, mode, **options) as page:
        sign_in(page, live, who, host)
        yield page


def sign_in(page, live, who, host):
    """Into the page's context; nobody signs out."""
    page.context.clear_cookies()
    if who:
        cookie = {"name": "rufverbund_session", "value": live.sessions[host][who], "url": live.server.url(host)}
        page.context.add_cookies([cookie])


def main_words(page):
    """What the page says, blanks collapsed."""
    return " ".join(page.locator("main").inner_text().split())


def test_pages_are_accessible(browser, live):  # noqa: F811
    with opened(browser, bypass_csp=True) as page:
        for name, (who, host, path) in PAGES.items():
            sign_in(page, live, who, host)
            assert page.goto(live.server.url(host, path)).status == 200
            looked_at(page, f"onboarding-{name}", modes=MODES if name in PARTS else ["light"])


def test_every_page_fits_a_narrow_window_and_keeps_the_content_security_policy(browser, live):  # noqa: F811
    with opened(browser, "narrow") as page:  # fails with what the browser refused
        for who, host, path in PAGES.values():
            sign_in(page, live, who, host)
            assert page.goto(live.server.url(host, path)).status == 200
            fits(page)


def test_a_front_page_without_demonstration(browser, plain, live):  # noqa: F811
    with opened(browser, bypass_csp=True) as page:
        page.goto(plain.url(FRONT))
        looked_at(page, "onboarding-front-plain")
        assert page.locator("form[action*='/demo/']").count() == 0
        assert "Vorführung" not in page.locator("body").inner_text()


@pytest.fixture(scope="module")
def plain(live):
    """The same database, served as an installation that is no demonstration."""
    server = Server(live.server.database_url)
    server.start()
    yield server
    server.stop()


def test_errors_in_settings_take_the_focus_and_lead_to_their_fields(browser, live):  # noqa: F811
    with signed_in(browser, live, "admin", SOEST, bypass_csp=True) as page:
        page.goto(live.server.url(SOEST, "/einstellungen/"))
        page.fill("#id_hours-day0", "8 bis 12, 11-15 Uhr")
        page.fill("#id_hours-day5", "vormittags")
        page.get_by_role("button", name="Öffnungszeiten speichern").click()
        page.wait_for_selector(".error-summary")
        looked_at(page, "onboarding-settings-errors")
        assert "error-summary" in page.evaluate("document.activeElement.className")
        assert page.input_value("#id_hours-day0") == "8 bis 12, 11-15 Uhr"
        page.locator(".error-summary a", has_text="vormittags").click()
        assert page.evaluate("document.activeElement.id") == "id_hours-day5"


def tab_to(page, selector):
    """Press Tab until an element has the focus, as somebody without a mouse does; the focus is seen on each stop."""
    for _press in range(120):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
            return
    raise AssertionError(f"{selector} is not reached with Tab")


def test_greeting_and_special_day_by_keyboard(browser, live):  # noqa: F811
    with signed_in(browser, live, "admin", SOEST) as page:
        page.goto(live.server.url(SOEST, "/"))
        tab_to(page, "nav a[href='/einstellungen/']")
        page.keyboard.press("Enter")
        page.wait_for_url("**/einstellungen/")
        tab_to(page, "#id_texts-greeting")
        page.keyboard.press("Control+A")
        page.keyboard.type("Guten Tag, {agent} für {name}.")
        tab_to(page, "form[action$='/texte/'] button")
        page.keyboard.press("Enter")
        page.wait_for_selector(".alertline--success")
        assert "Die Texte sind gespeichert; das Servicecenter liest sie ab sofort." in main_words(page)
        assert page.input_value("#id_texts-greeting") == "Guten Tag, {agent} für {name}."
        tab_to(page, "#id_day-day")
        page.keyboard.type("24.12.2031")
        tab_to(page, "#id_day-label")
        page.keyboard.type("Weihnachten")
        page.keyboard.press("Enter")
        page.wait_for_selector("text=Der besondere Tag ist eingetragen.")
        assert "24.12.2031, Weihnachten geschlossen" in main_words(page)
        tab_to(page, "button[aria-label='Entfernen: Weihnachten, 24.12.2031']")
        page.keyboard.press("Enter")
        page.wait_for_selector("text=Der besondere Tag ist entfernt")
        assert "Weihnachten" not in page.locator("[aria-labelledby=days-h]").inner_text()


def test_a_municipality_is_added_by_keyboard(browser, live):  # noqa: F811
    with signed_in(browser, live, "operator", FRONT) as page:
        page.goto(live.server.url(FRONT, "/betrieb/"))
        tab_to(page, "a[href='/betrieb/kommunen/neu/']")
        page.keyboard.press("Enter")
        page.wait_for_selector("#id_name")
        for field, text in (("name", "Gemeinde Ense"), ("kind", "Gemeinde"), ("slug", "ense"), ("ags", "5974012")):
            tab_to(page, f"#id_{field}")
            page.keyboard.type(text)
        page.keyboard.press("Enter")
        page.wait_for_selector(".error-summary")  # a digit is missing; what was typed is still there
        assert page.input_value("#id_name") == "Gemeinde Ense"
        assert page.input_value("#id_kind") == "gemeinde"
        tab_to(page, "#id_ags")
        page.keyboard.press("Control+A")
        page.keyboard.type("05974012")
        page.keyboard.press("Enter")
        page.wait_for_selector(".alertline--success")
        assert "Gemeinde Ense ist angelegt und wird eingerichtet." in main_words(page)
        assert page.locator("h1").inner_text() == "Gemeinde Ense"


def test_a_number_is_confirmed_by_keyboard(browser, live):  # noqa: F811
    with signed_in(browser, live, "operator", FRONT) as page:
        page.goto(live.server.url(FRONT, "/betrieb/kommunen/soest/"))
        tab_to(page, "button[aria-label='Bestätigen: 02921 999']")
        page.keyboard.press("Enter")
        page.wait_for_selector("text=Die Rufnummer 02921 999 ist bestätigt.")
        assert page.get_by_role("button", name="Bestätigen: 02921 999").count() == 0


def test_a_review_is_confirmed_where_it_is_due(browser, live):  # noqa: F811
    with signed_in(browser, live, "reader", SOEST) as page:
        page.goto(live.server.url(SOEST, "/"))
        due = page.locator("[aria-labelledby=due-h] li")
        before, title = due.count(), due.first.locator("a").inner_text()
        page.get_by_role("button", name=f"Stimmt noch: {title}").click()
        page.wait_for_selector(".alertline--success")
        assert f"„{title}“ stimmt noch; die nächste Prüfung ist am" in main_words(page)
        assert due.count() == before - 1


def test_settings_without_javascript(browser, live):  # noqa: F811
    with signed_in(browser, live, "admin", SOEST, java_script_enabled=False) as page:
        page.goto(live.server.url(SOEST, "/einstellungen/"))
        page.fill("#id_situation-situation", "Bombenfund in der Altstadt, Rathaus geräumt.")
        page.get_by_role("button", name="Lagemeldung ändern").click()
        assert "Die Lagemeldung ist geändert." in main_words(page)
        page.fill("#id_number-number", "02921 998")
        page.get_by_role("button", name="Rufnummer vorschlagen").click()
        assert "02921 998 wartet auf den Betreiber" in main_words(page)
        page.fill("#id_day-day", "1.4.2031")
        page.fill("#id_day-label", "Umzug")
        page.fill("#id_day-intervals", "8 bis 12 Uhr")
        page.get_by_role("button", name="Tag eintragen").click()
        assert "01.04.2031, Umzug 08:00–12:00" in main_words(page)
        page.fill("#id_hours-day0", "immer")
        page.get_by_role("button", name="Öffnungszeiten speichern").click()
        assert "„immer“ ist keine Zeitspanne wie 8:00–12:00." in main_words(page)
        page.goto(live.server.url(SOEST, "/einstellungen/protokoll/?q=Soest"))
        assert "Lagemeldung geändert" in main_words(page)
        page.goto(live.server.url(SOEST, "/"))
        assert "Lage: Bombenfund in der Altstadt" in main_words(page)
        page.locator("[aria-labelledby=due-h]").get_by_role("button", name="Stimmt noch").first.click()
        assert "stimmt noch; die nächste Prüfung ist am" in main_words(page)


def test_the_operators_pages_without_javascript(browser, live):  # noqa: F811
    with signed_in(browser, live, "operator", FRONT, java_script_enabled=False) as page:
        page.goto(live.server.url(FRONT, "/betrieb/kommunen/neu/"))
        for field, text in (("name", "Stadt Werl"), ("slug", "werl"), ("ags", "05974052"), ("number", "02922 800")):
            page.fill(f"#id_{field}", text)
        page.get_by_role("button", name="Kommune aufnehmen").click()
        assert "Stadt Werl ist angelegt und wird eingerichtet." in main_words(page)
        page.goto(live.server.url(FRONT, "/betrieb/"))
        page.select_option("#filter_status", "provisioning")
        page.get_by_role("button", name="Liste filtern").click()
        assert "Stadt Werl" in main_words(page)
        assert "Stadt Soest" not in page.locator("tbody").inner_text()
        page.goto(live.server.url(FRONT, "/betrieb/kommunen/lippstadt/"))
        page.get_by_role("button", name="Bestätigen: 02941 988").click()
        assert "Die Rufnummer 02941 988 ist bestätigt." in main_words(page)
        page.get_by_role("button", name="Stadt Lippstadt live schalten").click()
        assert "Stadt Lippstadt: Stand ist jetzt „live“." in main_words(page)
