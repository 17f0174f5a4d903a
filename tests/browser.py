"""A real Chromium for tests: Debian's, driven by Playwright; axe-core and a virtual screen reader from npm, kept outside the checkout.

    from tests.browser import MODES, axe, browser, hear, heard, shot        # `browser` is a fixture (session); import it to use it

    with opened(browser, "dark") as page: page.goto(url); axe(page); shot(page, "desk-dark")

Without Chromium or npm such tests are skipped with the reason; under CI=1 they fail instead. `make test SHOTS=1` leaves screenshots in
test-results/.
"""

import atexit
import hashlib
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "rufverbund" / "npm"
SHOTS = Path(__file__).resolve().parents[1] / "test-results"
# No sandbox: test machines run as root in containers. Nothing that calls home.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
]
FLAGS += [
    "--disable-sync",
    "--no-first-run",
    "--autoplay-policy=no-user-gesture-required",
    "--mute-audio",
    "--lang=de-DE",
]
WIDE, FULL_HD, NARROW = {"width": 1366, "height": 768}, {"width": 1920, "height": 1080}, {"width": 320, "height": 640}
# What a page is looked at in: options of a browser context.
MODES: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light", "viewport": WIDE},
    "dark": {"color_scheme": "dark", "viewport": WIDE},
    "forced": {"color_scheme": "dark", "forced_colors": "active", "viewport": WIDE},
    "narrow": {"color_scheme": "light", "viewport": NARROW},
}
# (package, version, file, SHA-256 of the file)
AXE = ("axe-core", "4.14.0", "axe.min.js", "20c09fe157a8a34a30e241aaa1fcdade657734f08ab379ecfbeb7d45cc46e878")
OF_COLOURS = ["color-contrast", "link-in-text-block", "scrollable-region-focusable"]
READER = (
    "@guidepup/virtual-screen-reader",
    "0.33.0",
    "lib/esm/index.browser.js",
    "461e696a21808af0d8c58846573305f278471dc72b0287d90545f08488dd8c7b",
)


def missing(what: str) -> NoReturn:
    """Skip, or fail where a test must not be skipped unseen."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} (CI=1: browser tests must run)")
    pytest.skip(what)


def executable() -> str:
    """The path of Chromium: RUFVERBUND_CHROMIUM, else what the system has; the one without a window's parts is a tenth faster."""
    named = [os.environ.get("RUFVERBUND_CHROMIUM", ""), "chromium-headless-shell", "chromium", "chromium-browser"]
    if found := next((path for name in named if name and (path := shutil.which(name))), None):
        return found
    missing("Chromium is not installed (apt-get install chromium-headless-shell, or chromium)")


@cache
def from_npm(package: str, version: str, path: str, digest: str) -> str:
    """The text of a file of an npm package, fetched once and checked each time."""
    stored = CACHE / f"{package.replace('/', '+')}@{version}" / Path(path).name
    if not stored.is_file():
        try:
            content = _pack(package, version, path)
        except (OSError, subprocess.SubprocessError) as error:
            missing(f"{package} cannot be fetched with npm pack: {error}")
        stored.parent.mkdir(parents=True, exist_ok=True)
        stored.with_suffix(f".{os.getpid()}").write_bytes(content)
        stored.with_suffix(f".{os.getpid()}").replace(stored)
    content = stored.read_bytes()
    if hashlib.sha256(content).hexdigest() != digest:
        stored.unlink()
        raise AssertionError(
            f"{package}@{version} {path} is not the file that was read: SHA-256 {hashlib.sha256(content).hexdigest()}"
        )
    return content.decode()


def _pack(package: str, version: str, path: str) -> bytes:
    """One file out of a package."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", "--silent", f"{package}@{version}"]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, timeout=120)
        (archive,) = Path(folder).glob("*.tgz")
        with tarfile.open(archive) as tar:
            stream = tar.extractfile(f"package/{path}")
            assert stream is not None
            return stream.read()


@cache
def _chromium() -> Browser:
    """One for the whole process, however many modules import the fixture: Playwright can be started only once in a thread."""
    program = (
        executable()
    )  # before Playwright's loop begins: a test that is skipped for want of it must not leave the loop to the next
    home = tempfile.mkdtemp(prefix="rufverbund-chromium-")
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    play = sync_playwright().start()
    atexit.register(play.stop)
    started = play.chromium.launch(executable_path=program, args=FLAGS, env={**os.environ, "HOME": home})
    atexit.register(started.close)
    return started


@pytest.fixture(scope="session")
def browser() -> Browser:
    """One Chromium. Playwright keeps an event loop in this thread from now on, where Django's ORM would refuse to work."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    return _chromium()


@contextmanager
def opened(browser: Browser, mode: str = "light", **options: Any) -> Iterator[Page]:
    """A page in a context of its own (cookies, storage), German, without movement; an uncaught error in its scripts fails the test."""
    settings = {"locale": "de-DE", "timezone_id": "Europe/Berlin", "reduced_motion": "reduce"} | MODES[mode] | options
    context = browser.new_context(**settings)
    page, errors = context.new_page(), []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if "Content Security Policy" in line.text else None)
    try:
        yield page
        assert not errors, "\n".join(errors)
    finally:
        context.close()


def axe(page: Page, *, without: tuple[str, ...] = ()) -> None:
    """Fail with every violation that axe-core finds in the page as it is now; `without` names rules that do not apply, with a reason
    beside the call."""
    if not page.evaluate("'axe' in globalThis"):
        page.evaluate(from_npm(*AXE))
    options: dict[str, Any] = {"rules": {rule: {"enabled": False} for rule in without}, "resultTypes": ["violations"]}
    if page.evaluate("matchMedia('(prefers-color-scheme: dark), (forced-colors: active)').matches"):
        options["runOnly"] = {
            "type": "rule",
            "values": OF_COLOURS,
        }  # the rest is the same in light, where it is asked, too
    found = page.evaluate("options => axe.run(document, options)", options)["violations"]
    problems = [f"{v['id']}: {node['target']} {node['failureSummary']}" for v in found for node in v["nodes"]]
    assert not problems, "\n".join(problems)


def looked_at(page: Page, name: str, *, modes: Iterable[str] = MODES, whole: bool = True) -> None:
    """axe, the width and a screenshot (NAME-MODE.png) of a page as it is now in each mode, without loading it again; light and wide afterwards.

    axe sets styles of its own, so the page must be opened with bypass_csp; other tests open it under the policy.
    """
    for mode in modes:
        _turn(page, mode)
        shot(page, f"{name}-{mode}", whole=whole)
        fits(page)
        axe(page)
    _turn(page, "light")


def _turn(page: Page, mode: str) -> None:
    options = MODES[mode]
    page.emulate_media(color_scheme=options["color_scheme"], forced_colors=options.get("forced_colors", "none"))
    page.set_viewport_size(options["viewport"])


def fits(page: Page) -> None:
    """Fail when the page is wider than the window."""
    wide = page.evaluate(
        "() => [document.documentElement.scrollWidth > innerWidth, [...document.querySelectorAll('body *')]"
        ".filter(e => e.getBoundingClientRect().right > innerWidth + 1).slice(0, 5).map(e => e.outerHTML.slice(0, 120))]"
    )
    assert not wide[0], wide[1]


def shot(page: Page, name: str, *, whole: bool = False) -> Path:
    """A screenshot in test-results/NAME.png, of the window or of the whole page, where SHOTS=1 asks for them; they take a tenth of the time."""
    path = SHOTS / f"{name}.png"
    if os.environ.get("SHOTS"):
        SHOTS.mkdir(exist_ok=True)
        page.screenshot(path=path, full_page=whole)
    return path


LISTEN = """() => {
  globalThis.heard = [];
  const listen = region => new MutationObserver(() => { if (region.textContent) heard.push(region.textContent); })
    .observe(region, { childList: true, subtree: true, characterData: true });
  const look = root => root.querySelectorAll?.('[aria-live], [role=status], [role=alert]').forEach(listen);
  addEventListener('DOMContentLoaded', () => { look(document);
    new MutationObserver(changes => changes.forEach(c => c.addedNodes.forEach(n => { if (n.matches?.('[aria-live]')) listen(n); else look(n); })))
      .observe(document.body, { childList: true, subtree: true }); });
}"""


def listen(page: Page) -> None:
    """Before page.goto(): note what live regions say."""
    page.add_init_script(f"({LISTEN})()")


def heard(page: Page) -> list[str]:
    """What live regions have said since the page was opened, in order."""
    return list(page.evaluate("globalThis.heard"))


def hear(page: Page) -> None:
    """Start the virtual screen reader on the page; transcript() says what it spoke since then, live regions included."""
    source = from_npm(*READER)
    head, _, names = source.rpartition("export{")
    inner, _, tail = names.partition("}")
    pairs = [pair.strip().split(" as ") for pair in inner.split(",")]
    exported = ", ".join(f"{json.dumps(pair[-1])}: {pair[0]}" for pair in pairs)
    page.evaluate(
        f"(() => {{ {head}; globalThis.reader = {{ {exported} }}.virtual; {tail.split('//# sourceMappingURL')[0]} }})()"
    )
    page.evaluate("() => reader.start({ container: document.body })")


def transcript(page: Page) -> list[str]:
    """The phrases that the virtual screen reader has spoken."""
    return list(page.evaluate("() => reader.spokenPhraseLog()"))
