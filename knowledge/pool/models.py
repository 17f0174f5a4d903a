"""What municipalities have published to the pool, and what agents missed. Shared tables, guarded by row-level security."""

from typing import Any, ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.utils.translation import gettext_lazy as _
from model_utils import Choices

from tenants.models import Municipality, ServiceCentre


class SearchEntry(models.Model):
    """A published entry with everything that the desk shows. Only the publishing trigger writes here (pool/sql/rights.sql)."""

    municipality = models.ForeignKey(Municipality, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=12)
    key = models.CharField(max_length=80)
    number = models.BigIntegerField()  # of the municipality's stream: the version that the search index keeps
    version = models.PositiveIntegerField()  # of the entry, counted by the editors
    title = models.CharField(max_length=200)
    subtitle = models.CharField(max_length=300, blank=True)
    body = models.TextField(blank=True)
    synonyms = models.JSONField(default=list)
    group = models.CharField(max_length=80, blank=True)
    ext = models.CharField(max_length=12, blank=True)
    payload: Any = models.JSONField(default=dict)
    valid_from = models.DateField(null=True)
    valid_to = models.DateField(null=True)
    published_at = models.DateTimeField()
    first_published_at = models.DateTimeField()
    words = SearchVectorField(null=True)  # written by the trigger; A title, B search words, function, numbers, C body

    class Meta:
        ordering: ClassVar[list[str]] = ["municipality_id", "kind", "key"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["municipality", "kind", "key"], name="search_entry_once")
        ]
        indexes: ClassVar[list[models.Index]] = [
            GinIndex(fields=["words"], name="search_entry_words", fastupdate=False),
            models.Index(fields=["group"], name="search_entry_group", condition=~models.Q(group="")),
            models.Index(fields=["-published_at"], name="search_entry_news"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def id_text(self) -> str:
        """`slug:key`, how imports, links and answers name an entry."""
        return f"{self.municipality.slug}:{self.key}"


class Word(models.Model):
    """A word of the titles, search words and functions that a municipality has published, and in how many entries it stands.

    Search looks here for compounds and for what a typing error may have meant, never through documents. Rows are kept per municipality,
    so that two which publish at once do not wait for each other.
    """

    municipality = models.ForeignKey(Municipality, models.CASCADE, related_name="+")
    word = models.CharField(max_length=40)
    entries = models.IntegerField()

    class Meta:
        ordering: ClassVar[list[str]] = ["word", "municipality_id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["word", "municipality"], name="word_once")
        ]
        indexes: ClassVar[list[models.Index]] = [
            GinIndex(fields=["word"], opclasses=["gin_trgm_ops"], name="word_trigrams")
        ]

    def __str__(self) -> str:
        return self.word


class Gap(models.Model):
    """Missing knowledge, reported by an agent to one municipality and answered by its editors."""

    STATES = Choices(
        ("new", _("neu")),
        ("in_progress", _("in Arbeit")),
        ("answered", _("beantwortet")),
        ("declined", _("nicht nötig")),
    )

    municipality = models.ForeignKey(Municipality, models.CASCADE, related_name="+")
    centre = models.ForeignKey(ServiceCentre, models.CASCADE, related_name="+")
    title = models.CharField(_("Was fehlte?"), max_length=200)
    text = models.TextField(_("Was wollte der Anrufer wissen?"), max_length=1000, blank=True)
    query = models.CharField(max_length=200, blank=True)  # what had been searched for
    call_id = models.CharField(max_length=40, blank=True)  # soft: Call.public_id
    entry_kind = models.CharField(max_length=12, blank=True)  # the article that was open
    entry_key = models.CharField(max_length=80, blank=True)
    state = models.CharField(max_length=12, choices=STATES, default=STATES.new)
    reported_by = models.BigIntegerField()
    reported_by_name = models.CharField(max_length=120)
    reported_at = models.DateTimeField(auto_now_add=True)
    answer_kind = models.CharField(max_length=12, blank=True)
    answer_key = models.CharField(max_length=80, blank=True)
    answer_note = models.CharField(_("Antwort an das Servicecenter"), max_length=400, blank=True)
    answered_by_name = models.CharField(max_length=120, blank=True)
    answered_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)  # by the agent who asked

    class Meta:
        ordering: ClassVar[list[str]] = ["-reported_at", "-id"]
        verbose_name = _("Wissenslücke")
        verbose_name_plural = _("Wissenslücken")
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["municipality", "state", "-reported_at"], name="gap_by_state"),
            models.Index(fields=["reported_by", "-answered_at"], name="gap_by_reporter"),
        ]

    def __str__(self) -> str:
        return self.title
