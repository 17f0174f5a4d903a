"""The app `telephony_bridge`."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TelephonyBridgeConfig(AppConfig):
    """Exchanges, routing, calls."""

    name = "telephony_bridge"
    verbose_name = _("Telefonie")
