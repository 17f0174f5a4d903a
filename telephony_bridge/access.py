"""One object, or 404."""

from django.shortcuts import get_object_or_404

from telephony_bridge.actions.sources import OVER_HTTP
from telephony_bridge.models import Source


def source(pk: int) -> Source:
    """Any exchange, for the operator."""
    return get_object_or_404(Source.objects.select_related("centre", "municipality"), pk=pk)


def webhook_source(pk: int) -> Source:
    """An exchange that reports to the webhook, for the operator; one of ours does not."""
    return get_object_or_404(Source.objects.select_related("centre", "municipality"), pk=pk, dialect__in=OVER_HTTP)
