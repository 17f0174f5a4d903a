"""The trigger that copies a publication to the pool; its function is in knowledge/pool/sql/rights.sql."""

from typing import ClassVar

from django.db import migrations
from django.db.migrations.operations.base import Operation

CREATE = """CREATE TRIGGER publish_entry AFTER INSERT OR UPDATE OR DELETE ON knowledge_publication
FOR EACH ROW EXECUTE FUNCTION public.publish_entry()"""


class Migration(migrations.Migration):
    """Publishing is the database's business."""

    dependencies: ClassVar[list[tuple[str, str]]] = [("knowledge", "0001_initial")]
    operations: ClassVar[list[Operation]] = [
        migrations.RunSQL(CREATE, "DROP TRIGGER publish_entry ON knowledge_publication")
    ]
