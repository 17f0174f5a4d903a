"""States in words, for the pages of a municipality's knowledge."""

from datetime import date
from typing import Any

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from knowledge.pool.models import Gap

register = template.Library()
OPEN = {"new", "in_progress"}
GAP_KINDS = {"new": "info", "in_progress": "warning", "answered": "success", "declined": "info"}


@register.inclusion_tag("knowledge/_tag.html")
def entry_state(entry: Any) -> dict[str, str]:
    """The state of an entry from `queries.entries`."""
    words = {
        "draft": (_("Entwurf"), "info"),
        "changed": (_("Änderungen im Entwurf"), "warning"),
        "published": (_("veröffentlicht"), "success"),
        "withdrawn": (_("zurückgezogen"), "info"),
    }
    text, kind = words[entry.state]
    return {"text": text, "kind": kind}


@register.inclusion_tag("knowledge/_tag.html")
def gap_state(gap: Gap) -> dict[str, str]:
    """The state of a gap."""
    return {"text": str(gap.get_state_display()), "kind": GAP_KINDS[str(gap.state)]}


@register.inclusion_tag("knowledge/_still_right.html", takes_context=True)
def still_right(context: template.Context, article: Any) -> dict[str, Any]:
    """The button that says that an article still holds; it leads back to the page on which it stands."""
    request = context["request"]
    return {"article": article, "back": request.get_full_path(), "csrf_token": context.get("csrf_token")}


@register.filter
def is_open(gap: Gap) -> bool:
    """Whether a gap still waits for an answer."""
    return str(gap.state) in OPEN


@register.inclusion_tag("knowledge/_review_day.html")
def review_day(day: date | None) -> dict[str, Any]:
    """When an article is to be reviewed; what is due says since when."""
    today = timezone.localdate()
    shown = date_format(day, "d.m.Y") if day else ""
    return {"due": bool(day and day < today), "today": day == today, "shown": shown}
