"""`{% load members %}`: links between the pages of a place's people."""

from typing import Any

from django import template

from accounts.addresses import member_page

register = template.Library()


@register.simple_tag(takes_context=True)
def member_url(context: template.Context, name: str, pk: Any = None) -> str:
    """The address of a page about the people of `place`: `{% member_url "change_role" member.pk %}`."""
    return member_page(name, context["place"], pk)
