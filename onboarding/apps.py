"""The app `onboarding`."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OnboardingConfig(AppConfig):
    """Joining, imports, going live."""

    name = "onboarding"
    verbose_name = _("Beitritt")
