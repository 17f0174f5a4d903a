"""The desk at the real Asterisk, in a real Chromium, with the keyboard alone: accept, hold, ask, connect, transfer to somebody who is busy, hang up."""

import subprocess
import sys
from types import SimpleNamespace

import pytest
from playwright.sync_api import expect

from tests.asterisk.processes import Bridge
from tests.asterisk.sip import play
from tests.browser import axe, browser, heard, shot  # noqa: F401  the fixture
from tests.database import cloned
from tests.desk.live import Live
from tests.server import ROOT, Server, variables

pytestmark = pytest.mark.browser
CARD = "#calls [data-call-id]"


@pytest.fixture
def live(asterisk, tmp_path):
    """A server, the bridge and SIP callers, on a database of their own; the agent sits at agent1."""
    with cloned("rv_exchange_desk") as url:
        server = Server(url)
        made = Live(server, **server.tool("seed"))
        made.sql("UPDATE accounts_person SET phone_user = 'agent1' WHERE email = 'agent@example.org'")
        server.start()
        bridge = Bridge(SimpleNamespace(folder=tmp_path), asterisk, database_url=url)
        bridge.start()
        play(bridge.serves())
        callers = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "config.cli", "simulate", "telephones", "--rate", "20/min", "--seed", "1",
             "--centre", "soest", "--folder", str(asterisk.folder)],
            env=variables(url), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            yield made
        finally:
            callers.terminate()
            callers.wait(10)
            bridge.kill()
            server.stop()
        made.close()


def in_state(page, state, phase=""):
    expect(page.locator(f'{CARD}[data-state="{state}"][data-phase="{phase}"]')).to_be_visible()


def command(page, name):
    """By the palette."""
    page.keyboard.press("Control+k")
    expect(page.locator("#palette-dialog")).to_be_visible()
    page.keyboard.type(name)
    page.keyboard.press("Enter")


def test_a_shift_at_our_own_exchange_needs_no_mouse(live, browser):  # noqa: F811
    page = live.desk(browser, bypass_csp=True)
    in_state(page, "ringing")
    axe(page)
    page.keyboard.press("F8")
    in_state(page, "talking")
    assert "Verbunden." in heard(page)
    command(page, "Halten")
    in_state(page, "talking", "held")
    axe(page)
    shot(page, "exchange-held")
    page.keyboard.press("F8")
    in_state(page, "talking")
    page.keyboard.press("F2")
    page.keyboard.type("Müller Standesamt")
    contact = page.locator("[role=group][data-kind=contacts] [data-hit]").first
    expect(contact).to_contain_text("Thomas Müller")
    page.keyboard.press(f"Alt+{contact.locator('.hit__key').inner_text()}")
    expect(page.locator("#answer-h")).to_have_text("Thomas Müller")
    page.keyboard.press("F9")
    expect(page.get_by_role("dialog")).to_contain_text("Weiterleiten an")
    axe(page)
    page.keyboard.press("1")
    in_state(page, "talking", "dialling")
    in_state(page, "talking", "consulting")
    axe(page)
    shot(page, "exchange-consulting")
    page.keyboard.press("F9")
    in_state(page, "wrap-up")
    expect(page.locator(".facts")).to_contain_text("weitergeleitet an")
    said = heard(page)
    assert sum("Rückfrage: " in sentence and "es klingelt" in sentence for sentence in said) == 1
    page.keyboard.press("F8")
    in_state(page, "ringing")
    page.keyboard.press("F8")
    in_state(page, "talking")
    command(page, "Nummer wählen")
    page.keyboard.type("02921 103-1200")
    for _ in range(2):  # over "Rückfrage"
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    in_state(page, "ringing")
    expect(page.locator(".facts")).to_contain_text("Nicht erreicht: 02921 103-1200.")
    said = heard(page)
    assert sum("Nicht erreicht: 02921 103-1200. Anruf " in sentence for sentence in said) == 1, said  # "für", or "ohne"
    axe(page)
    page.keyboard.press("F8")
    in_state(page, "talking")
    page.keyboard.press("F4")
    in_state(page, "wrap-up")


def test_a_browser_that_is_closed_in_the_middle_of_a_talk_and_opened_again(live, browser):  # noqa: F811
    """The telephone holds the talk, not the page: the new one shows it as it is, and can end it."""
    page = live.desk(browser, bypass_csp=True)
    in_state(page, "ringing")
    page.keyboard.press("F8")
    in_state(page, "talking")
    call = page.locator(f'{CARD}[data-state="talking"]').get_attribute("data-call-id")
    page.close()
    assert live.sql("SELECT count(*) FROM telephony_bridge_call WHERE state = 'talking' AND hung_up_at IS NULL") == 1
    again = live.desk(browser, bypass_csp=True)
    in_state(again, "talking")
    expect(again.locator(f'{CARD}[data-state="talking"]')).to_have_attribute("data-call-id", str(call))
    assert (
        sum(sentence.startswith("Anruf ") for sentence in heard(again)) == 0
    )  # it does not ring: nothing is announced as new
    again.keyboard.press("F4")
    in_state(again, "wrap-up")
