"""What the search index of OpenSearch has and still has to be told. Rows are there only where OpenSearch is used."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from tenants.models import Municipality


class IndexPosition(models.Model):
    """Up to which number of a municipality's stream an index was told. Locked by the worker that tells it."""

    index = models.CharField(max_length=120)
    municipality = models.ForeignKey(Municipality, models.CASCADE, related_name="+")
    number = models.BigIntegerField()

    class Meta:
        ordering: ClassVar[list[str]] = ["index", "municipality_id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["index", "municipality"], name="index_position_once")
        ]

    def __str__(self) -> str:
        return f"{self.index} {self.municipality_id}: {self.number}"


class IndexBuild(models.Model):
    """An index of ours: up to which entry it was filled (`cursor`, Search entries' primary keys), and since when it may serve."""

    index = models.CharField(max_length=120, unique=True)
    cursor = models.BigIntegerField(db_default=0)
    filled_at = models.DateTimeField(null=True)
    begun_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]

    def __str__(self) -> str:
        return self.index


class IndexWork(models.Model):
    """An entry that changed without being published: its lent words did. Kept until every index knows."""

    municipality = models.ForeignKey(Municipality, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=12)
    key = models.CharField(max_length=80)

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]

    def __str__(self) -> str:
        return self.key
