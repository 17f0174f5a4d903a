"""Whether an entry was analysed by another version is asked every five seconds, and must not read every entry."""

from typing import ClassVar

from django.db import migrations, models
from django.db.migrations.operations.base import Operation


class Migration(migrations.Migration):
    """An index."""

    dependencies: ClassVar[list[tuple[str, str]]] = [("pool", "0002_search_terms")]
    operations: ClassVar[list[Operation]] = [
        migrations.AddIndex("searchentry", models.Index(fields=["analysis"], name="search_entry_analysis"))
    ]
