"""Markdown from municipalities as safe HTML: CommonMark without raw HTML and images, then an allow-list."""

from collections.abc import Iterable

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

TAGS = {
    "p",
    "br",
    "hr",
    "em",
    "strong",
    "a",
    "ul",
    "ol",
    "li",
    "blockquote",
    "code",
    "pre",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
}
TAGS |= {"table", "thead", "tbody", "tr", "th", "td"}
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}, "th": {"scope"}}
SCHEMES = {"http", "https", "mailto", "tel"}
DEEPEST = 6

# No images: they would be fetched from elsewhere while a citizen is on the phone.
_parser = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table").disable("image")


def shift_headings(tokens: Iterable[Token], top: int) -> None:
    """Give the headings levels from `top` on, without gaps, so that they stand below the page's own outline."""
    open_levels: list[int] = []  # levels as written of the headings that are still open
    for token in tokens:
        if token.type == "heading_open":
            written = int(token.tag[1])
            while open_levels and open_levels[-1] >= written:
                open_levels.pop()
            open_levels.append(written)
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(top + len(open_levels) - 1, DEEPEST)}"
        if token.type == "th_open":
            token.attrs = {"scope": "col"}  # instead of a style, which the page's policy forbids
        elif token.type == "td_open":
            token.attrs = {}


def render(text: str, *, top: int = 3) -> SafeString:
    """Safe HTML; the highest heading becomes h`top` (2 to 6)."""
    if not 2 <= top <= DEEPEST:
        raise ValueError(f"headings start at h2 to h6, not h{top}")
    env: dict[str, object] = {}
    tokens = _parser.parse(text, env)
    shift_headings(tokens, top)
    raw = _parser.renderer.render(tokens, _parser.options, env)
    clean = nh3.clean(raw, tags=TAGS, attributes=ATTRIBUTES, url_schemes=SCHEMES, link_rel="noopener noreferrer")
    return mark_safe(clean)  # noqa: S308  nh3 let through only what is listed above
