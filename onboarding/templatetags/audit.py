"""`{% load audit %}`: entries of the log in words."""

from django import template

from onboarding import audit_words
from tenants.models import AuditEntry

register = template.Library()


@register.filter
def told(entry: AuditEntry) -> audit_words.Told:
    """What was done to what, and what differs."""
    return audit_words.told(entry)
