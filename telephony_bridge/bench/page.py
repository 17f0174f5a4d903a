"""A real Chromium at the desk that notes when each call's card could first be seen."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from telephony_bridge.bench.stage import Stage
from tenants.errors import Refusal

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--mute-audio",
    "--lang=de-DE",
]
# A card counts when the next frame is drawn, not when it is in the document.
WATCH = """(() => {
  window.benchSeen = {};
  const note = () => document.querySelectorAll("[data-call-id]").forEach(card => {
    const id = card.dataset.callId;
    if (id in window.benchSeen) return;
    window.benchSeen[id] = 0;
    requestAnimationFrame(() => { window.benchSeen[id] = performance.timeOrigin + performance.now(); });
  });
  new MutationObserver(note).observe(document, {subtree: true, childList: true, attributes: true, attributeFilter: ["data-call-id"]});
})()"""
COUNT = "count => Object.values(window.benchSeen).filter(at => at > 0).length >= count"
CARD_PATIENCE = 5000  # milliseconds


class DeskPage:
    """The desk in a browser."""

    def __init__(self, page: Any) -> None:
        self.page = page

    def saw(self, count: int) -> bool:
        """Whether `count` cards have been seen by now, after waiting for the last of them."""
        from playwright.sync_api import TimeoutError as TooLate  # noqa: PLC0415

        try:
            self.page.wait_for_function(COUNT, arg=count, timeout=CARD_PATIENCE, polling=25)
        except TooLate:
            return False
        return True

    def seen(self) -> dict[str, float]:
        """When each card was first seen (Unix seconds), by the call's id."""
        found: dict[str, float] = self.page.evaluate("() => window.benchSeen")
        return {call: at / 1000 for call, at in found.items() if at}


@contextmanager
def desk(stage: Stage, session: str) -> Iterator[DeskPage]:
    """The desk of an agent who is ready. Raises Refusal without Playwright or Chromium."""
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415  only this measurement needs a browser
    except ImportError:
        raise Refusal(
            "Diese Messung braucht Playwright: pip install playwright (in requirements/dev.txt enthalten)."
        ) from None
    chromium = os.environ.get("RUFVERBUND_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not chromium:
        raise Refusal(
            "Diese Messung braucht Chromium: apt-get install chromium, oder RUFVERBUND_CHROMIUM nennt den Pfad."
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="de-DE")
        context.add_cookies([{"name": stage.cookie, "value": session, "domain": "desk.localhost", "path": "/"}])
        page = context.new_page()
        page.add_init_script(WATCH)
        page.goto(f"http://desk.localhost:{stage.port}/")
        yield DeskPage(page)
        browser.close()
