"""The app `desk`."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DeskConfig(AppConfig):
    """The agents' page."""

    name = "desk"
    verbose_name = _("Arbeitsplatz")
