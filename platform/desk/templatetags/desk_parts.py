"""`{% load desk_parts %}`: clocks and numbers as the desk shows them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from desk import cards
from desk.hits import Row
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


@register.simple_tag
def option(row: Row, url: str, badge: SafeString, lang: SafeString) -> SafeString:
    """A hit as an option of the search's listbox, with its municipality's badge and what `german` says. In Python, since a list of them is
    drawn with every letter that is typed, and a template takes four times as long."""
    hit = row.hit
    extension, reachable = _("Durchwahl"), _("jetzt erreichbar")
    told = [f'<span class="hit__title"{lang}>{marked(row.title)}']
    if row.subtitle:
        told.append(f"<small>, {marked(row.subtitle)}</small>")
    told.append("</span>")
    if hit.ext:
        told.append(f'<span class="hit__ext">{_unseen(extension + " ")}{marked(row.ext)}</span>')
    if row.is_reachable:
        told.append(f'<span class="hit__now">{_unseen(", ")}{escape(reachable)}</span>')
    told.append(f'<span class="hit__muni"{lang}>{_unseen(", ")}{escape(hit.municipality.name)}</span>')
    if row.also or row.passage:
        told.append(f'<span class="hit__more">{_also(row, lang)}{_passage(row, lang)}</span>')
    number = row.number if row.number < 10 else ""
    return mark_safe(  # noqa: S308  each text is escaped where it is put in
        f'<li role="option" id="hit-{row.number}" data-hit data-id="{escape(hit.id)}" data-url="{escape(url)}" aria-selected="false">'
        f'<span class="hit__key" aria-hidden="true">{number}</span>{badge}{"".join(told)}</li>'
    )


def _unseen(text: str) -> str:
    return f'<span class="kern-sr-only">{escape(text)}</span>'


def _also(row: Row, lang: str) -> str:
    """Which other municipalities have the same service, and how many more."""
    if not row.also:
        return ""
    names, also, rest = ", ".join(map(short_name, row.also)), _("auch:"), ""
    if row.more is None:
        rest = _("und weitere")
    elif row.more:
        rest = ngettext("und %(n)s weitere", "und %(n)s weitere", row.more) % {"n": row.more}
    more = f" {escape(rest)}" if rest else ""
    return f'<span class="hit__also">{_unseen(", ")}{escape(also)} <span{lang}>{escape(names)}</span>{more}</span>'


def _passage(row: Row, lang: str) -> str:
    return f'<span class="hit__passage"{lang}>{_unseen(". ")}{marked(row.passage)}</span>' if row.passage else ""


@register.filter
def marked(parts: Iterable[Part]) -> SafeString:
    """Parts of a text, escaped, those that were searched for in <mark>."""
    shown = (f"<mark>{escape(text)}</mark>" if is_marked else escape(text) for text, is_marked in parts)
    return mark_safe("".join(shown))  # noqa: S308  each part is escaped
