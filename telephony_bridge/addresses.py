"""Where an exchange reports to."""

from django.conf import settings


def webhook_address(token: str) -> str:
    """The webhook's address under the installation's own name, whatever name an exchange has used for it."""
    port = f":{settings.RUFVERBUND_PORT}" if settings.RUFVERBUND_PORT else ""
    return f"{'https' if settings.HTTPS else 'http'}://{settings.RUFVERBUND_DOMAIN}{port}/api/v1/cti/{token}"
