"""„Ansagen“ in a real browser: uploaded by keyboard, listened to under the Content-Security-Policy, removed without JavaScript."""

import pytest

from tests.asterisk.slowness import slow
from tests.browser import browser, fits, looked_at, opened, shot  # noqa: F401  a fixture
from tests.onboarding.test_browser_pages import SOEST, main_words, sign_in, signed_in, tab_to
from tests.telephony_bridge.sounds import sine

pytestmark = [pytest.mark.browser, slow]
PATH = "/einstellungen/ansagen/"
LENGTH = """() => new Promise((done, failed) => {
    const audio = document.querySelector("audio");
    audio.onloadedmetadata = () => done(audio.duration);
    audio.onerror = () => failed(audio.error.message);
    audio.preload = "metadata";
    audio.load();
})"""


def file(data, name="Geschlossen Sommer.wav"):
    return {"name": name, "mimeType": "audio/wav", "buffer": data}


def section(page, kind):
    return page.locator(f"section[aria-labelledby={kind}-h]")


def test_it_is_looked_at_in_each_of_its_states(browser, live):  # noqa: F811
    with opened(browser, bypass_csp=True) as page:
        sign_in(page, live, "admin", SOEST)
        page.goto(live.server.url(SOEST, PATH))
        looked_at(page, "announcements-spoken")
        page.set_input_files("#id_closed-audio", file(b"MZ" + bytes(5000), "setup.exe.wav"))
        section(page, "closed").locator("button[type=submit]").click()
        page.wait_for_selector(".error-summary")
        looked_at(page, "announcements-refused")
        assert "error-summary" in page.evaluate("document.activeElement.className")
        page.locator(".error-summary a").click()
        assert page.evaluate("document.activeElement.id") == "id_closed-audio"
        page.set_input_files("#id_closed-audio", file(sine(2.4, rate=44100)))
        section(page, "closed").locator("button[type=submit]").click()
        page.wait_for_selector(".alertline--success")
        looked_at(page, "announcements-recorded")
        page.goto(live.server.url(SOEST, f"{PATH}closed/entfernen/"))
        looked_at(page, "announcements-remove")


def test_upload_by_keyboard_listen_and_remove(browser, live):  # noqa: F811
    with signed_in(browser, live, "editor", SOEST) as page:
        page.goto(live.server.url(SOEST, "/einstellungen/"))
        tab_to(page, f"a[href='{PATH}']")
        page.keyboard.press("Enter")
        page.wait_for_url(f"**{PATH}")
        tab_to(page, "#id_emergency-audio")
        page.set_input_files("#id_emergency-audio", file(sine(1.5), "Hochwasser.wav"))
        tab_to(page, "form[action$='/emergency/hochladen/'] button")
        page.keyboard.press("Enter")
        page.wait_for_selector(".alertline--success")
        assert "Hochwasser.wav 1,5 Sekunden, hochgeladen" in main_words(page)
        assert page.evaluate(LENGTH) == pytest.approx(1.5, abs=0.1)
        tab_to(page, "audio")
        tab_to(page, f"a[href='{PATH}emergency/entfernen/']")
        page.keyboard.press("Enter")
        page.wait_for_url("**/entfernen/")
        tab_to(page, "main button[type=submit]")
        page.keyboard.press("Enter")
        page.wait_for_selector("text=Die Aufnahme ist entfernt.")
        assert section(page, "emergency").locator("audio").count() == 0


def test_without_javascript_and_in_a_narrow_window(browser, live):  # noqa: F811
    with signed_in(browser, live, "admin", SOEST, "narrow", java_script_enabled=False) as page:
        page.goto(live.server.url(SOEST, PATH))
        page.set_input_files("#id_closed-audio", file(sine(1), f"{'Sommer' * 20}.wav"))
        section(page, "closed").locator("button[type=submit]").click()
        assert "Die Aufnahme ist gespeichert; Anrufende hören sie in wenigen Sekunden." in main_words(page)
    with signed_in(browser, live, "admin", SOEST, "narrow") as page:
        page.goto(live.server.url(SOEST, PATH))
        fits(page)


def test_a_file_that_is_larger_than_a_form_may_be(browser, live):  # noqa: F811
    with signed_in(browser, live, "admin", SOEST) as page:
        page.goto(live.server.url(SOEST, PATH))
        page.set_input_files("#id_closed-audio", file(sine(0.5) + bytes(11_000_000)))
        section(page, "closed").locator("button[type=submit]").click()
        page.wait_for_selector(".error-summary")
        assert "Die Datei ist größer als 10 MB." in main_words(page)
