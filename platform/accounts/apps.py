"""The app `accounts`."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """People, roles, sign-in, sessions."""

    name = "accounts"
    verbose_name = _("Personen")
