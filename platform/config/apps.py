"""The app `config`: the roof."""

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """Templates, tags and static files that all floors share."""

    name = "config"
