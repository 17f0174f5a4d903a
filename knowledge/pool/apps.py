"""The app `pool`: shared tables of what is published, and of what was missing."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PoolConfig(AppConfig):
    """The read model that the desk sees."""

    name = "knowledge.pool"
    label = "pool"
    verbose_name = _("Veröffentlichtes Wissen")
