"""The same service elsewhere is looked up for every hit: by service and municipality, from the index alone."""

from typing import ClassVar

from django.db import migrations, models
from django.db.migrations.operations.base import Operation


class Migration(migrations.Migration):
    """An index for another."""

    dependencies: ClassVar[list[tuple[str, str]]] = [("pool", "0005_learning")]
    operations: ClassVar[list[Operation]] = [
        migrations.AddIndex(
            "searchentry",
            models.Index(
                fields=["group", "municipality"],
                include=["kind", "key", "valid_from", "valid_to"],
                name="search_entry_service",
                condition=~models.Q(group=""),
            ),
        ),
        migrations.RemoveIndex("searchentry", "search_entry_group"),
    ]
