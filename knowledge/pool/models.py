"""What municipalities have published to the pool, what agents missed, and what is learnt from searches. Shared tables, guarded by
row-level security."""

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Case, When
from django.db.models.functions import Substr
from django.utils.translation import gettext_lazy as _
from model_utils import Choices

from knowledge.pool.index_models import IndexBuild, IndexPosition, IndexWork  # noqa: F401  Django looks for them here
from knowledge.search.lexicon import synonym_line
from tenants.models import Municipality, ServiceCentre


class Scoped(models.Func):
    """Lexemes with the municipality's number before each (`12@hund`): a look-up reads that municipality's entries only, however many
    others have the word. As an index of municipality and lexemes together, it would read the word's entries of all."""

    function = "public.scoped"
    output_field = SearchVectorField()


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
    # What the analyser made of it (knowledge/search/documents.py): title, search words and the like with `lent`, body, words of the title.
    title_words = SearchVectorField(db_default="")
    body_words = SearchVectorField(db_default="")
    title_length = models.PositiveSmallIntegerField(db_default=1)
    lent: Any = ArrayField(models.TextField(), db_default=[])  # words by which others know the same service
    # How often these changed: the version in the search index, behind `number`.
    loans = models.PositiveIntegerField(db_default=0)
    analysis = models.CharField(max_length=10, db_default="")  # version of the analyser

    class Meta:
        ordering: ClassVar[list[str]] = ["municipality_id", "kind", "key"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["municipality", "kind", "key"], name="search_entry_once")
        ]
        indexes: ClassVar[list[models.Index]] = [
            GinIndex(Scoped("municipality", "title_words"), name="search_entry_titles", fastupdate=False),
            GinIndex(Scoped("municipality", "body_words"), name="search_entry_bodies", fastupdate=False),
            GinIndex(fields=["title_words"], name="search_entry_all_titles", fastupdate=False),
            GinIndex(fields=["body_words"], name="search_entry_all_bodies", fastupdate=False),
            models.Index(  # the same service elsewhere
                fields=["group", "municipality"],
                include=["kind", "key", "valid_from", "valid_to"],
                name="search_entry_service",
                condition=~models.Q(group=""),
            ),
            models.Index(fields=["-published_at"], name="search_entry_news"),
            models.Index(
                fields=["analysis"], name="search_entry_analysis"
            ),  # which are behind, asked every five seconds
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def id_text(self) -> str:
        """`slug:key`, how imports, links and answers name an entry."""
        return f"{self.municipality.slug}:{self.key}"


class Term(models.Model):
    """In how many entries of a centre a lexeme stands, by title (with search words and the like) and by body; `#` counts the entries.

    Search looks here for how rare a word is and for what a typing error may have meant, never through documents.
    """

    centre = models.ForeignKey(ServiceCentre, models.CASCADE, related_name="+")
    lexeme = models.CharField(max_length=64, db_collation="C")
    titles = models.IntegerField()
    bodies = models.IntegerField()
    word = models.GeneratedField(  # a word as it stands, without its mark
        expression=Case(When(lexeme__startswith="_", then=Substr("lexeme", 2))),
        output_field=models.CharField(max_length=64, null=True),
        db_persist=True,
    )

    class Meta:
        ordering: ClassVar[list[str]] = ["centre_id", "lexeme"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["centre", "lexeme"], include=["titles", "bodies"], name="term_once")
        ]
        indexes: ClassVar[list[models.Index]] = [
            GinIndex(fields=["word"], opclasses=["gin_trgm_ops"], name="term_alike")
        ]

    def __str__(self) -> str:
        return self.lexeme


class TermChange(models.Model):
    """What a publication adds to Term or takes from it. Rows are only added, so that two who publish never wait for each other."""

    centre = models.ForeignKey(ServiceCentre, models.CASCADE, related_name="+", db_index=False)
    lexeme = models.CharField(max_length=64, db_collation="C")
    titles = models.IntegerField()
    bodies = models.IntegerField()

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["centre", "lexeme"], name="term_change")]

    def __str__(self) -> str:
        return self.lexeme


class Lending(models.Model):
    """A service whose entries in several municipalities have to lend each other their words anew."""

    kind = models.CharField(max_length=12)
    group = models.CharField(max_length=80)

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]

    def __str__(self) -> str:
        return self.group


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


class Synonym(models.Model):
    """What callers say and what it means, beside the list that ships (search/data/synonyms.txt): of one municipality or, without one,
    shared by all of a centre."""

    centre = models.ForeignKey(ServiceCentre, models.CASCADE, related_name="+")
    municipality = models.ForeignKey(Municipality, models.CASCADE, related_name="+", null=True)
    words = models.CharField(_("Anrufende sagen"), max_length=200)  # several are separated by commas
    meaning = models.CharField(_("Gemeint ist"), max_length=200)
    both_ways = models.BooleanField(_("Gilt auch umgekehrt"), default=False)
    changed_at = models.DateTimeField(auto_now=True)
    changed_by_name = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["words", "id"]
        verbose_name = _("Synonym")
        verbose_name_plural = _("Synonyme")

    def __str__(self) -> str:
        return f"{self.words} {'=' if self.both_ways else '→'} {self.meaning}"

    @property
    def line(self) -> str:
        """As lexicon.read_synonyms reads it."""
        return synonym_line(self.words, self.meaning, both_ways=self.both_ways)


class LoggedSearch(models.Model):
    """How a search of the desk ended: what was typed for which municipality, never by whom nor for whom (docs/adr/0100)."""

    OUTCOMES = Choices(
        ("nothing", _("nichts gefunden")), ("abandoned", _("nichts geöffnet")), ("chosen", _("geöffnet"))
    )
    SETTLED = Choices(
        ("keyword", _("als Suchwort übernommen")),
        ("synonym", _("als Synonym übernommen")),
        ("article", _("Artikel begonnen")),
        ("done", _("erledigt")),
    )

    municipality = models.ForeignKey(Municipality, models.CASCADE, related_name="+", db_index=False)
    hour = models.DateTimeField()  # no finer: a search must not be found again beside a call
    # Without what may be somebody's (search/privacy.py); "…" stands for a word.
    words = models.CharField(max_length=200)
    hits = models.PositiveSmallIntegerField()
    outcome = models.CharField(max_length=10, choices=OUTCOMES)
    place = models.PositiveSmallIntegerField(null=True)  # of the chosen hit in its list
    # `slug:key`: chosen, or opened in the same call after nothing was.
    entry = models.CharField(max_length=140, blank=True)
    entry_title = models.CharField(max_length=200, blank=True)
    settled = models.CharField(max_length=8, choices=SETTLED, blank=True)  # what the editors made of it
    settled_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-hour", "-id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["municipality", "words"], name="logged_search_words"),
            models.Index(fields=["municipality", "-hour", "-id"], name="logged_search_newest"),
            models.Index(fields=["hour"], name="logged_search_hour"),
        ]

    def __str__(self) -> str:
        return self.words


class HeldWord(models.Model):
    """That a word which nobody knows was searched for in an hour, as a keyed digest: from the third hour on the word is no longer one
    caller's, and is kept. The word itself is not here."""

    municipality = models.ForeignKey(Municipality, models.CASCADE, related_name="+", db_index=False)
    digest = models.CharField(max_length=64, db_collation="C")
    hour = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["municipality", "digest", "hour"], name="held_word_once")
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["hour"], name="held_word_hour")]

    def __str__(self) -> str:
        return self.digest
