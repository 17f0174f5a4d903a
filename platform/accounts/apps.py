"""The app `accounts`."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """People, roles, sign-in, sessions."""

    name = "accounts"
    verbose_name = _("Personen")

    def ready(self) -> None:
        """Listen to allauth."""
        from accounts import hooks  # noqa: F401, PLC0415  models are there only now
