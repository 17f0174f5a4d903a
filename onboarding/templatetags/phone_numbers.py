"""`{% load phone_numbers %}`: numbers as Germans write them."""

from django import template

from telephony_bridge.numbers import display

register = template.Library()


@register.filter
def central(prefix: str) -> str:
    """The number that citizens dial: +492921103 -> 02921 103-0."""
    return display(f"{prefix}0", [prefix])


@register.filter
def phone(e164: str) -> str:
    """+492921103 -> 02921 103."""
    return display(e164)
