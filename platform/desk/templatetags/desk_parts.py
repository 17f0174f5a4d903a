"""`{% load desk_parts %}`: clocks and numbers as the desk shows them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from desk import cards
from knowledge.search.marking import Part

register = template.Library()


@register.filter
def clock(seconds: int) -> str:
    """0:12, 12:05, 1:02:09."""
    minutes, rest = divmod(max(0, int(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


@register.filter(expects_localtime=False)
def running(since: datetime) -> SafeString:
    """A clock that the page keeps running: the time since a moment."""
    seconds = int((timezone.now() - since).total_seconds())
    return format_html('<span class="num" data-since="{}">{}</span>', since.isoformat(), clock(seconds))


@register.filter(expects_localtime=False)
def remaining(until: datetime) -> SafeString:
    """A clock that the page counts down: the time until a moment."""
    seconds = int((until - timezone.now()).total_seconds())
    return format_html('<span class="num strong" data-until="{}">{}</span>', until.isoformat(), clock(seconds))


@register.filter
def phone(e164: str, raw: str = "") -> str:
    """A number as Germans write it."""
    return cards.shown(e164, raw)


@register.filter
def links(payload: dict[str, Any]) -> Iterable[dict[str, str]]:
    """The links of an entry that may be followed: http(s) with a label."""
    found = payload.get("links") or []
    return [link for link in found if str(link.get("url", "")).startswith(("https://", "http://"))]


STATE_CLASS = {"ready": "ready", "busy": "talk", "talking": "talk", "wrap-up": "wrap"}


@register.filter
def state_class(state: str) -> str:
    """The class of a state's dot: shape and colour beside the word."""
    return STATE_CLASS.get(state, "pause")


@register.filter
def short_name(municipality: Any) -> str:
    """ "Soest" for Stadt Soest; a Kreis keeps its word, since a town may have the same name."""
    if not municipality:
        return ""
    kind, _space, rest = municipality.name.partition(" ")
    return str(rest if rest and kind in {"Stadt", "Gemeinde"} else municipality.name)


@register.filter
def entry_parts(id_text: str) -> dict[str, str]:
    """Slug and key of "slug:key"."""
    slug, _colon, key = id_text.partition(":")
    return {"slug": slug or "-", "key": key or "-"}


@register.filter
def marked(parts: Iterable[Part]) -> SafeString:
    """Parts of a text, escaped, those that were searched for in <mark>."""
    return format_html_join(
        "", "{}", ((format_html("<mark>{}</mark>", text) if is_marked else text,) for text, is_marked in parts)
    )
