"""Deleting rows of shared tables in a municipality's scope, whose login has no DELETE there (it would include LOCK TABLE)."""

from django.db import connection, models


def delete_own(instance: models.Model) -> bool:
    """Delete a SpecialDay, NumberPrefix, Membership, Invitation or Announcement of the municipality whose scope this is; False when it is not its own."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.delete_own(%s, %s)", [instance._meta.db_table, instance.pk])
        return bool(cursor.fetchone()[0])
