"""What an index of OpenSearch was told, and what has to be told to it; see knowledge/pool/index_models.py."""

from typing import Any, ClassVar

import django.db.models.deletion
from django.db import migrations, models
from django.db.migrations.operations.base import Operation
from django.db.models.functions import Now


def _id() -> "models.BigAutoField[int, int]":
    return models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


def _municipality() -> "models.ForeignKey[Any, Any]":
    return models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="tenants.municipality")


class Migration(migrations.Migration):
    """Three tables, and a column."""

    dependencies: ClassVar[list[tuple[str, str]]] = [("pool", "0003_analysis_index"), ("tenants", "0001_initial")]
    operations: ClassVar[list[Operation]] = [
        migrations.AddField("searchentry", "loans", models.PositiveIntegerField(db_default=0)),
        migrations.CreateModel(
            "IndexPosition",
            [
                ("id", _id()),
                ("index", models.CharField(max_length=120)),
                ("number", models.BigIntegerField()),
                ("municipality", _municipality()),
            ],
            options={
                "ordering": ["index", "municipality_id"],
                "constraints": [models.UniqueConstraint(fields=("index", "municipality"), name="index_position_once")],
            },
        ),
        migrations.CreateModel(
            "IndexBuild",
            [
                ("id", _id()),
                ("index", models.CharField(max_length=120, unique=True)),
                ("cursor", models.BigIntegerField(db_default=0)),
                ("filled_at", models.DateTimeField(null=True)),
                ("begun_at", models.DateTimeField(db_default=Now())),
            ],
            options={"ordering": ["id"]},
        ),
        migrations.CreateModel(
            "IndexWork",
            [
                ("id", _id()),
                ("kind", models.CharField(max_length=12)),
                ("key", models.CharField(max_length=80)),
                ("municipality", _municipality()),
            ],
            options={"ordering": ["id"]},
        ),
    ]
