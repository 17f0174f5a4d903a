"""Recognition marks: what is offered next, and whether white and pattern can be told from each ground, computed from the style sheets."""

import re
from collections.abc import Callable
from itertools import pairwise
from math import cos, radians, sin
from pathlib import Path

import pytest

from tenants.marks import COLOURS, PATTERNS, SHAPES, next_free_mark

STATIC = Path(__file__).resolve().parents[2] / "platform" / "config" / "static"
SHEET = (STATIC / "css" / "municipality.css").read_text(encoding="utf-8")
FORCED = (STATIC / "css" / "forced.css").read_text(encoding="utf-8")
KERN = (STATIC / "vendor" / "kern" / "kern.min.css").read_text(encoding="utf-8")
WHITE_AT_LEAST, PATTERN_AT_LEAST = 6.0, 3.4
Linear = tuple[float, float, float]


def from_hex(text: str) -> Linear:
    """Linear light of #rrggbb or #rgb."""
    digits = text.lstrip("#")
    digits = "".join(d * 2 for d in digits) if len(digits) == 3 else digits
    parts = [int(digits[n : n + 2], 16) / 255 for n in (0, 2, 4)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return red, green, blue


def from_oklch(light: float, chroma: float, hue: float) -> Linear:
    """Linear light of oklch(), as in CSS Color 4; clipped to what sRGB can show."""
    a, b = chroma * cos(radians(hue)), chroma * sin(radians(hue))
    long, medium, short = (
        (light + 0.3963377774 * a + 0.2158037573 * b) ** 3,
        (light - 0.1055613458 * a - 0.0638541728 * b) ** 3,
        (light - 0.0894841775 * a - 1.2914855480 * b) ** 3,
    )
    rows = (
        (4.0767416621, -3.3077115913, 0.2309699292),
        (-1.2684380046, 2.6097574011, -0.3413193965),
        (-0.0041960863, -0.7034186147, 1.7076147010),
    )
    red, green, blue = (min(1.0, max(0.0, r[0] * long + r[1] * medium + r[2] * short)) for r in rows)
    return red, green, blue


def colour(text: str) -> Linear:
    """A colour as our sheet writes it: oklch(42% .16 5), or a KERN token that is looked up."""
    if found := re.fullmatch(r"oklch\(([\d.]+)% ([\d.]+) ([\d.]+)\)", text):
        return from_oklch(float(found[1]) / 100, float(found[2]), float(found[3]))
    token = re.fullmatch(r"var\((--kern-color-[\w-]+)\)", text)
    assert token, text
    value = re.search(re.escape(token[1]) + r":\s*([^;}]+)", KERN)
    assert value, token[1]
    if found := re.fullmatch(r"oklch\(([\d.]+)(%?) ([\d.]+) ([\d.]+)\)", value[1].strip()):
        return from_oklch(float(found[1]) / (100 if found[2] else 1), float(found[3]), float(found[4]))
    return from_hex(value[1].strip())


def contrast(one: Linear, other: Linear) -> float:
    """WCAG 2: 1 (same) to 21 (black and white)."""
    lights = sorted((0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b in (one, other)), reverse=True)
    return (lights[0] + 0.05) / (lights[1] + 0.05)


def pair(key: str) -> tuple[Linear, Linear]:
    """Ground and light of a colour."""
    found = re.search(rf"\.m-{key} {{ --m: (.+?); --l: (.+?); }}", SHEET)
    assert found, key
    return colour(found[1]), colour(found[2])


def test_the_computation_is_right() -> None:
    white = from_hex("#fff")
    assert contrast(white, from_hex("#000")) == pytest.approx(21)
    assert contrast(white, from_hex("#767676")) == pytest.approx(4.54, abs=0.01)
    assert contrast(white, from_oklch(1, 0, 0)) == pytest.approx(1, abs=0.001)
    assert from_oklch(0.627955, 0.257683, 29.2339) == pytest.approx(from_hex("#ff0000"), abs=0.001)


@pytest.mark.parametrize("key", [key for key, _name in COLOURS])
def test_white_and_pattern_are_seen_on_every_colour(key: str) -> None:
    ground, light = pair(key)
    assert contrast(from_hex("#fff"), ground) >= WHITE_AT_LEAST
    assert contrast(light, ground) >= PATTERN_AT_LEAST


def test_sheet_and_choices_name_the_same_marks() -> None:
    assert set(re.findall(r"^\.m-([a-z]+) ", SHEET, re.MULTILINE)) == {key for key, _name in COLOURS}
    assert set(re.findall(r"^\.p-([a-z]+) ", SHEET, re.MULTILINE)) == {key for key, _name in PATTERNS}
    assert {"kreis", "gemeinde"} == set(re.findall(r"\.s-([a-z]+)", SHEET))
    assert [key for key, _name in SHAPES] == ["stadt", "kreis", "gemeinde"]


def test_no_two_colours_are_the_same() -> None:
    grounds = [pair(key)[0] for key, _name in COLOURS]
    assert len({tuple(round(part, 3) for part in ground) for ground in grounds}) == len(COLOURS) == 12


def test_patterns_are_drawn_again_in_forced_colours() -> None:
    assert re.search(
        r"\.pat, \.badge, \.band, \.band__tile {\s+forced-color-adjust: none; --m: Canvas; --l: CanvasText", FORCED
    )


def take(
    count: int, choose: Callable[[set[tuple[str, str]]], tuple[str, str]] = next_free_mark
) -> list[tuple[str, str]]:
    """What that many municipalities are offered, one after the other."""
    taken: list[tuple[str, str]] = []
    for _ in range(count):
        taken.append(choose(set(taken)))
    return taken


def test_colours_come_in_the_order_of_offering_with_a_new_pattern_each() -> None:
    offered = take(12)
    assert [colour for colour, _pattern in offered] == [key for key, _name in COLOURS]
    assert [pattern for _colour, pattern in offered[:8]] == [key for key, _name in PATTERNS]
    assert all(one[1] != other[1] for one, other in pairwise(offered))


def test_all_pairs_are_offered_once_then_none() -> None:
    assert len(set(take(96))) == 96
    with pytest.raises(LookupError, match="all recognition marks"):
        next_free_mark(set(take(96)))
