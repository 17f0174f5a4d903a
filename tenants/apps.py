"""The app `tenants`."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TenantsConfig(AppConfig):
    """Municipalities, centres, isolation, audit, events."""

    name = "tenants"
    verbose_name = _("Kommunen")
