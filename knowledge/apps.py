"""The app `knowledge`: lives in each municipality's own schema."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class KnowledgeConfig(AppConfig):
    """Articles and directory of one municipality, drafts and versions included."""

    name = "knowledge"
    verbose_name = _("Wissen")
