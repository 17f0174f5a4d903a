"""The app `tenants`."""

from django.apps import AppConfig
from django.contrib.postgres.signals import register_type_handlers
from django.core.signals import request_started
from django.db import close_old_connections, reset_queries
from django.db.backends.signals import connection_created
from django.utils.translation import gettext_lazy as _


class TenantsConfig(AppConfig):
    """Municipalities, centres, isolation, audit, events."""

    name = "tenants"
    verbose_name = _("Kommunen")

    def ready(self) -> None:
        """Take away what costs each connection or each stream something and serves nobody here."""
        connection_created.disconnect(register_type_handlers)  # asks for hstore's types, outside every scope
        # Synchronous receivers give every open stream a thread; connections go back to the pool when a request has finished.
        request_started.disconnect(close_old_connections)
        request_started.disconnect(reset_queries)
