"""What the page costs to load."""

import gzip
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2] / "platform" / "desk" / "static" / "desk" / "js"
MODULES = sorted(ROOT.glob("*.js"))
LIMIT = 30_000  # bytes as they are sent


def test_the_modules_stay_under_thirty_kilobytes_as_sent() -> None:
    assert MODULES
    assert sum(len(gzip.compress(path.read_bytes())) for path in MODULES) < LIMIT


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_modules_neither_parse_html_of_their_own_nor_evaluate(path) -> None:
    assert (
        re.findall(
            r"innerHTML|outerHTML\s*=|insertAdjacentHTML|document\.write|\beval\(|new Function", path.read_text()
        )
        == []
    )


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_every_text_that_a_module_says_exists(path) -> None:
    from desk.texts import TEXTS

    said = set(re.findall(r"\b(?:t|assure)\(\s*\"([\w.]+)\"", path.read_text()))
    counted = {
        f"{key}.{form}" for key in re.findall(r"\bcount\(\"([\w.]+)\"", path.read_text()) for form in ("one", "other")
    }
    assert (said | counted) - set(TEXTS) == set()
