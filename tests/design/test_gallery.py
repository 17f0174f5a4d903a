"""Every part, looked at by axe-core in each mode and under the real Content-Security-Policy."""

import pytest
from playwright.sync_api import Browser

from tests.browser import looked_at, opened
from tests.design.site import PAGES

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("name", [*PAGES, "404", "500"])
def test_page_is_sound(browser: Browser, address: str, name: str) -> None:
    with opened(browser) as page:
        page.goto(f"{address}/{name}.html")
        page.evaluate("document.fonts.ready.then(() => true)")
        looked_at(page, f"design-{name}")
