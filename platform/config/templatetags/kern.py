"""`{% load kern %}`: the parts of which pages are put together (docs/design.md lists them with examples).

A municipality `m` is anything with name, initials, shape ("stadt", "kreis", "gemeinde"), colour and pattern: an object or a dict.
Everything is escaped; words are given translated. Keyword arguments that a tag does not know become attributes, with "_" written
as "-" (`data_opens="publish"`, `aria_label=…`); True writes the bare name, False and None nothing.
"""

import datetime
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

from django import template
from django.core.paginator import Page
from django.forms import BaseForm
from django.forms.boundfield import BoundField
from django.templatetags.static import static
from django.utils import formats
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from config import dates, fields
from config import markdown as markdown_text
from config import navigation as menu
from tenants.marks import COLOURS, PATTERNS, SHAPES

register = template.Library()

KINDS = {"info", "success", "warning", "danger"}
BUTTONS = {"primary", "secondary", "tertiary"}
LEVELS = {"h1", "h2", "h3", "h4", "p"}
THEMES = {"light", "dark"}
DENSITIES = {"kompakt", "bequem"}
ICON_OF = {"success": "success", "warning": "warning", "danger": "danger", "info": "info"}
Moment = datetime.date | datetime.datetime


class Mark(NamedTuple):
    """A municipality's recognition mark, checked: the keys become class names."""

    name: str
    initials: str
    shape: str
    colour: str
    pattern: str


def mark_of(m: Any) -> Mark:
    """Read a mark from an object or a dict; an unknown colour, pattern or shape is an error, since it would be invisible."""
    values = [m[key] if isinstance(m, dict) else getattr(m, key) for key in Mark._fields]
    return _checked(*map(str, values))


@lru_cache(1000)
def _checked(*values: str) -> Mark:
    mark = Mark(*values)
    for value, known in ((mark.shape, SHAPES), (mark.colour, COLOURS), (mark.pattern, PATTERNS)):
        if value not in dict(known):
            raise template.TemplateSyntaxError(f"{value!r} is no part of a recognition mark ({mark.name})")
    return mark


def one_of(value: str, allowed: set[str]) -> str:
    """The value, or an error that names what is allowed."""
    if value not in allowed:
        raise template.TemplateSyntaxError(f"{value!r} is none of {', '.join(sorted(allowed))}")
    return value


def attributes(given: dict[str, Any]) -> SafeString:
    """` name="value"` for each keyword argument."""
    shown = [
        (name.replace("_", "-"), value) for name, value in given.items() if value is not None and value is not False
    ]
    return format_html_join(
        "", "{}", ((format_html(" {}", n) if v is True else format_html(' {}="{}"', n, v),) for n, v in shown)
    )


@register.simple_tag
def german() -> SafeString:
    """` lang="de"` for what municipalities wrote, on a page in another language (WCAG 3.1.2): `<h2{% german %}>`; nothing on a German one."""
    return mark_safe("" if (get_language() or "de").startswith("de") else ' lang="de"')  # noqa: S308  two constants


@register.simple_tag
def badge(m: Any, size: str = "") -> SafeString:
    """Initials, pattern, shape and colour in 36x20 px (size="large": 68x40), hidden from the ear; the name must stand beside it."""
    return _badge(mark_of(m), " badge--large" if size == "large" else "")


@lru_cache(1000)
def _badge(mark: Mark, large: str) -> SafeString:
    return format_html(
        '<span class="badge m-{} s-{}{}" aria-hidden="true"><span class="pat p-{}"></span><b>{}</b></span>',
        mark.colour, mark.shape, large, mark.pattern, mark.initials,
    )  # fmt: skip


@register.simple_tag
def muni(m: Any) -> SafeString:
    """Badge and name of a municipality."""
    return format_html('<span class="muni">{} <span{}>{}</span></span>', badge(m), german(), mark_of(m).name)


@register.simple_tag
def band(m: Any, css: str = "") -> SafeString:
    """The class names of a municipality's band: `<div class="{% band m %}">`; css="band--slim" for the head of its own pages."""
    mark = mark_of(m)
    return format_html("band m-{} s-{}{}", mark.colour, mark.shape, f" {css}" if css else "")


@register.simple_tag
def tint(m: Any) -> SafeString:
    """The class name of a municipality's colour alone, for parts that show it as an edge (`.short`)."""
    return format_html("m-{}", mark_of(m).colour)


@register.simple_tag
def bandhead(m: Any, level: str = "h2", id: str = "") -> SafeString:  # noqa: A002  the attribute's name
    """What stands first in a band: pattern, tile with initials, name as a heading of that level ("p" for none)."""
    mark, element = mark_of(m), one_of(level, LEVELS)
    return format_html(
        '<span class="pat p-{}" aria-hidden="true"></span><span class="band__tile" aria-hidden="true">{}</span>'
        '<{} class="band__name"{}{}>{}</{}>',
        mark.pattern, mark.initials, element, attributes({"id": id or None}), german(), mark.name, element,
    )  # fmt: skip


@register.simple_tag
def icon(name: str) -> SafeString:
    """One of KERN's icons, small and hidden from the ear."""
    return format_html('<span class="kern-icon kern-icon--{} kern-icon--small" aria-hidden="true"></span>', name)


@register.simple_tag
def button(
    text: str,
    kind: str = "secondary",
    action: str = "",
    key: str = "",
    cls: str = "",
    type: str = "button",  # noqa: A002  the attribute's name
    **attrs: Any,
) -> SafeString:
    """A button. `action` is what the keyboard calls (data-action), `key` the key shown on it, cls="btn-small" or "btn-end"."""
    css = f"kern-btn kern-btn--{one_of(kind, BUTTONS)} {cls}".strip()
    hint = format_html('<kbd aria-hidden="true">{}</kbd>', key) if key else ""
    return format_html(
        '<button type="{}" class="{}"{}><span class="kern-label">{}</span>{}</button>',
        type, css, attributes({"data_action": action or None, **attrs}), text, hint,
    )  # fmt: skip


@register.simple_tag
def go(text: str, href: str, kind: str = "secondary", cls: str = "", **attrs: Any) -> SafeString:
    """A link that looks like a button, for what leads to another page."""
    css = f"kern-btn kern-btn--{one_of(kind, BUTTONS)} {cls}".strip()
    return format_html(
        '<a class="{}" href="{}"{}><span class="kern-label">{}</span></a>', css, href, attributes(attrs), text
    )


@register.simple_tag
def tag(text: str, kind: str = "info") -> SafeString:
    """A short state in words on a tinted ground."""
    shown = one_of(kind, KINDS)
    return format_html(
        '<span class="kern-badge kern-badge--small kern-badge--{}"><span class="kern-label">{}</span></span>',
        shown,
        text,
    )


@register.simple_block_tag
def alert(content: str, kind: str = "info", title: str = "", role: str = "") -> SafeString:
    """A line that says something: icon, bold title, text. role="status" or "alert" only for what a swap puts into the page."""
    shown = one_of(kind, KINDS)
    head = format_html("<b>{}</b> ", title) if title else ""
    return format_html(
        '<div class="alertline alertline--{}"{}>{}<div class="alertline__text">{}{}</div></div>',
        shown, attributes({"role": role or None}), icon(ICON_OF[shown]), head, mark_safe(content),  # noqa: S308  rendered by the template
    )  # fmt: skip


@register.inclusion_tag("kern/field.html")
def field(field: BoundField, cls: str = "", hint: str = "", **attrs: Any) -> dict[str, Any]:
    """A bound form field with label, hint, control and error, tied together; `attrs` go to the control."""
    if not isinstance(field, BoundField):
        raise template.TemplateSyntaxError(f"{{% field %}} needs a form's field, not {field!r}")
    given = {name.replace("_", "-"): value for name, value in attrs.items()}
    return {"drawn": fields.drawn(field, css=cls, hint=hint, attrs=given)}


@register.inclusion_tag("kern/error_summary.html")
def error_summary(*forms: BaseForm) -> dict[str, Any]:
    """All errors of one or several forms, each a link to its field; takes the focus when the page opens. Nothing without errors."""
    return {"errors": [error for form in forms for error in fields.errors_of(form)]}


@register.simple_tag
def required_note() -> SafeString:
    """Says what the star means; once above a form."""
    return format_html('<p class="muted small">{}</p>', _("Felder mit * sind Pflichtfelder."))


@register.inclusion_tag("kern/pagination.html", takes_context=True)
def pagination(context: template.Context, page_obj: Page[Any], param: str = "seite", label: str = "") -> dict[str, Any]:
    """ "1 bis 25 von 135" and links to the pages; keeps the other parameters of the address. Only the count when there is one
    page. `label` tells two lists of a page apart."""
    query = context["request"].GET.copy()

    def link(number: int) -> str:
        query[param] = str(number)
        return f"?{query.urlencode()}"

    pages: Iterable[int | str] = page_obj.paginator.get_elided_page_range(page_obj.number, on_each_side=2, on_ends=1)
    return {
        "page": page_obj, "label": label or _("Seiten"),
        "start": page_obj.start_index(), "end": page_obj.end_index(), "count": page_obj.paginator.count,
        "pages": [(number, link(number)) if isinstance(number, int) else (None, "") for number in pages],
        "previous": link(page_obj.number - 1) if page_obj.has_previous() else "",
        "next": link(page_obj.number + 1) if page_obj.has_next() else "",
    }  # fmt: skip


@register.inclusion_tag("kern/navigation.html", takes_context=True)
def navigation(context: template.Context, area: str, label: str) -> dict[str, Any]:
    """The main menu of an area ("municipality", "operator") for the person's roles; the current page is marked."""
    return {"items": menu.items(area, context["request"], context.get("roles") or frozenset()), "label": label}


@register.simple_tag(takes_context=True)
def html_attributes(context: template.Context) -> SafeString:
    """lang, density and, if the person chose one, the theme: from their preferences, else from cookies, else kompakt and the system's."""
    cookies = getattr(context.get("request"), "COOKIES", {})
    chosen = context.get("preferences") or {}
    density = str(chosen.get("density") or cookies.get("rufverbund_density"))
    theme = str(chosen.get("theme") or cookies.get("rufverbund_theme"))
    density = density if density in DENSITIES else "kompakt"
    shown = {
        "lang": get_language() or "de",
        "data_density": density,
        "data_kern_theme": theme if theme in THEMES else None,
    }
    return mark_safe(attributes(shown).strip())  # noqa: S308  attributes() escaped it


@register.simple_tag
def static_or_nothing(path: str) -> str:
    """The address of a static file, or "" when it cannot be told: for the page of error 500, which must work whatever is broken."""
    try:
        return static(path)
    except Exception:  # noqa: BLE001  this page is the last one
        return ""


@register.filter(expects_localtime=False)
def german_date(value: Moment | None) -> str:
    """03.11.2026; nothing for None."""
    return dates.date_text(value) if value else ""


@register.filter(expects_localtime=False)
def german_datetime(value: datetime.datetime | None) -> str:
    """Di, 17.11., 9:12 in Europe/Berlin; with the year when it is not this one; nothing for None."""
    return dates.datetime_text(value) if value else ""


@register.filter(expects_localtime=False)
def german_time(value: datetime.datetime | datetime.time | None) -> str:
    """9:12; nothing for None."""
    return "" if value is None else dates.time_text(value)


@register.filter(expects_localtime=False)
def german_when(value: datetime.datetime | None) -> str:
    """heute 10:14, gestern 9:40, Freitag, Di, 17.11.; nothing for None."""
    return dates.when_text(value) if value else ""


@register.filter(expects_localtime=False)
def since(value: Moment | None) -> str:
    """seit 4 Minuten; nothing for None."""
    return dates.since_text(value) if value else ""


@register.filter
def thousands(value: int | float | None) -> str:
    """1.412 (in English 1,412); nothing for None."""
    return "" if value is None else str(formats.number_format(value, use_l10n=True, force_grouping=True))


@register.filter
def markdown(value: str | None, top: int = 3) -> SafeString:
    """Markdown as safe HTML whose highest heading is h`top`; put it into `<div class="prose">`."""
    return markdown_text.render(value or "", top=int(top))
