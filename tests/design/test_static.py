"""Vendored files are as listed; collected static files fit together; templates and modules keep to the policy."""

import gzip
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from config import storage
from desk import keys, texts

ROOT = Path(__file__).resolve().parents[2]
CSS = ROOT / "platform" / "config" / "static" / "css"
VENDOR = ROOT / "platform" / "config" / "static" / "vendor"
JS = ROOT / "platform" / "desk" / "static" / "desk" / "js"
# The modules of the design: shared by all pages, or the behaviours of the desk.
OURS = ("texts", "live", "swap", "panels", "keys", "palette", "ring", "tone", "search")
TEMPLATES = sorted(
    path for path in ROOT.rglob("templates/**/*.html") if ".venv" not in path.parts and "email" not in path.parts
)


def test_vendored_files_are_as_listed() -> None:
    script = ROOT / "scripts" / "vendor.py"
    done = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "vendored files: as listed\n")


def test_every_vendored_package_comes_with_its_licence() -> None:
    listed = json.loads((VENDOR / "versions.json").read_text(encoding="utf-8"))
    for name, package in listed.items():
        assert package["licence"], name
        assert any("licen" in Path(entry["to"]).name.lower() for entry in package["files"].values()), name


def manifest(gallery: Path) -> dict[str, str]:
    """Plain name to hashed name of every collected file."""
    paths: dict[str, str] = json.loads((gallery / "static" / "staticfiles.json").read_text(encoding="utf-8"))["paths"]
    return paths


def test_the_sheet_is_served_as_one_file(gallery: Path) -> None:
    sheet = (gallery / "static" / manifest(gallery)["css/rufverbund.css"]).read_text(encoding="utf-8")
    assert "@import" not in sheet
    assert "@media print {" in sheet
    order = [
        sheet.index(mark)
        for mark in (
            "@font-face",
            ".skeleton",
            ".band {",
            ".top {",
            ".kern-dialog",
            ".figures",
            ".call-place",
            "forced-colors",
        )
    ]
    assert order == sorted(order)
    assert sheet.count("{") == sheet.count("}")


def test_every_topic_is_in_the_sheet_and_short() -> None:
    sheet = (CSS / "rufverbund.css").read_text(encoding="utf-8")
    topics = {path.name for path in CSS.glob("*.css")} - {"rufverbund.css"}
    assert {found["name"] for found in storage.IMPORT.finditer(sheet)} == topics
    assert [path.name for path in CSS.glob("*.css") if len(path.read_text(encoding="utf-8").splitlines()) > 400] == []


def test_every_address_in_a_sheet_leads_to_a_hashed_file(gallery: Path) -> None:
    static = gallery / "static"
    for name in ("css/rufverbund.css", "vendor/kern/kern.min.css"):
        path = static / manifest(gallery)[name]
        for address in re.findall(r"""url\(["']?([^"')]+)""", path.read_text(encoding="utf-8")):
            if address.startswith(("data:", "%")):
                continue
            assert (path.parent / address).is_file(), (name, address)
            assert re.search(r"\.[0-9a-f]{12}\.", address), (name, address)
        assert "sourceMappingURL" not in path.read_text(encoding="utf-8")


def test_modules_import_hashed_modules(gallery: Path) -> None:
    static = gallery / "static"
    names = {name: hashed for name, hashed in manifest(gallery).items() if name.startswith("desk/js/")}
    assert names
    for hashed in names.values():
        for address in re.findall(
            r"""(?:import|from)\s*["'](\.[^"']+)""", (static / hashed).read_text(encoding="utf-8")
        ):
            assert re.fullmatch(r"\./[\w-]+\.[0-9a-f]{12}\.js", address), (hashed, address)
            assert (static / "desk" / "js" / address).is_file()


def test_the_modules_of_the_design_stay_small() -> None:
    sizes = {name: (JS / f"{name}.js").stat().st_size for name in OURS}
    assert sum(sizes.values()) < 30_000, sizes


def test_what_the_desk_transfers_stays_small() -> None:
    sent = {path.name: len(gzip.compress(path.read_bytes(), mtime=0)) for path in JS.glob("*.js")}
    assert sum(sent.values()) < 30_000, sent


@pytest.mark.parametrize("name", OURS)
def test_modules_write_no_html_from_data(name: str) -> None:
    code = (JS / f"{name}.js").read_text(encoding="utf-8")
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|\.on[a-z]+ ?= ", code
    )


def test_every_text_that_a_module_asks_for_exists() -> None:
    asked: set[str] = set()
    for name in OURS:
        code = (JS / f"{name}.js").read_text(encoding="utf-8")
        asked |= set(re.findall(r"""\bt\(\s*["']([\w.]+)["']""", code))
        asked |= {
            f"{key}.{form}" for key in re.findall(r"""\bcount\(["']([\w.]+)["']""", code) for form in ("one", "other")
        }
    assert len(asked) > 20
    assert asked - texts.TEXTS.keys() == set()


def test_no_german_stands_in_a_module() -> None:
    """Comments may quote; string literals with words belong into desk/texts.py."""
    for name in OURS:
        code = re.sub(r"/\*.*?\*/|//.*", "", (JS / f"{name}.js").read_text(encoding="utf-8"))
        literals = re.findall(r'"([^"\n]*)"|`([^`]*)`', code)
        assert [text for pair in literals for text in pair if re.search("[äöüÄÖÜß…]", text)] == [], name


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_templates_keep_to_the_policy(path: Path) -> None:
    """The Content-Security-Policy allows no script, handler or style inside a page; what breaks it would silently not work."""
    html = re.sub(r"{% comment %}.*?{% endcomment %}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert not re.search(r"<style|\sstyle\s*=|\son[a-z]+\s*=\s*[\"']|javascript:", html, re.IGNORECASE)
    for script in re.findall(r"<script([^>]*)>", html):
        assert "src=" in script or 'type="application/json"' in script, script
    assert not re.search(r"(?:src|href)=[\"']https?://", html.replace("https://www.soest.example", "")), (
        "fetched from elsewhere"
    )


# Keys


def test_standard_keys_are_allowed_and_different() -> None:
    own = [key.keys for key in keys.TABLE]
    bound = [key for key in own if key]  # a deed may begin without a key; people give it one
    assert len(set(bound)) == len(bound)
    assert [key for key in bound if keys.refused(key)] == []


@pytest.mark.parametrize(
    "key",
    [
        *(f"F{n}" for n in (1, 3, 5, 6, 7, 10, 11, 12)), "Control+F5", "Shift+F10", "a", "7", "Shift+a", "Tab", "Shift+Tab", "Enter", "Escape", "Space",
        "Control+Alt+q", "Alt+Shift+x", "Control+n", "Control+t", "Control+w", "Control+Shift+t", "Control+c", "Control+v", "Alt+1", "Alt+9",
        "Alt+F4", "Alt+ArrowLeft", "Meta+k", "Insert", "CapsLock", "Delete",
    ],
)  # fmt: skip
def test_keys_of_browser_and_screen_reader_are_refused(key: str) -> None:
    assert keys.refused(key)


@pytest.mark.parametrize(
    "key", ["F2", "F4", "F8", "F9", "Shift+F8", "Control+k", "Control+,", "Control+Shift+k", "Alt+k", "Control+m"]
)
def test_other_keys_may_be_chosen(key: str) -> None:
    assert not keys.refused(key)


def test_a_persons_keys_are_checked() -> None:
    own: dict[str, object] = {"search": "F4", "accept": "", "wrap": "F5", "unknown": "F9", "help": 7}
    assert keys.allowed(own) == {"search": "F4", "accept": ""}
    assert keys.for_page(own)["own"] == {"search": "F4", "accept": ""}
