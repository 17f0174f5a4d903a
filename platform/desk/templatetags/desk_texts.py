"""`{% load desk_texts %}`: what the modules read from the page."""

from django import template
from django.utils.html import json_script
from django.utils.safestring import SafeString

from desk import keys, texts

register = template.Library()


@register.simple_tag(takes_context=True)
def desk_texts(context: template.Context) -> SafeString:
    """<script type="application/json"> "texts" and "keys", with the person's own keys from `preferences`."""
    own = (context.get("preferences") or {}).get("keys") or {}
    return json_script(texts.texts(), "texts") + json_script(keys.for_page(own), "keys")
