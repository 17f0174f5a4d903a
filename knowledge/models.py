"""A municipality's knowledge and directory, drafts included. These tables live in its own schema; the pool never enters it.

What is published is a row of `Publication`: a database trigger copies it to the shared read model (knowledge.pool) in the same
transaction and labels it with the municipality whose schema was written.
"""

from typing import Any, ClassVar

from django.contrib.postgres.search import SearchVectorField
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from model_utils import Choices

from knowledge.search import documents
from knowledge.validation import check_entry

KINDS = Choices(("article", _("Artikel")), ("person", _("Person")), ("department", _("Abteilung")))
KEY = RegexValidator(
    r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,79}\Z",
    _("Buchstaben, Ziffern, Punkt, Binde- und Unterstrich, höchstens 80 Zeichen."),
)


class Entry(models.Model):
    """What articles, people and departments have in common. The row is the draft; what agents read is its Publication."""

    key = models.CharField(_("Kennung"), max_length=80, unique=True, validators=[KEY])  # stable: imports, search, links
    title = models.CharField(_("Titel"), max_length=200)
    synonyms = models.JSONField(_("Suchwörter"), default=list, blank=True)  # list of str: how callers say it
    group = models.CharField(
        _("Gleiche Leistung"), max_length=80, blank=True
    )  # shared with other municipalities; LeiKa key or any word
    body = models.TextField(_("Einzelheiten"), blank=True)  # Markdown
    has_changes = models.BooleanField(default=True, editable=False)  # draft differs from what is published
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    updated_by = models.BigIntegerField(null=True, editable=False)  # soft: Person.pk
    updated_by_name = models.CharField(max_length=120, blank=True, editable=False)

    KIND: ClassVar[str] = ""

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.title

    def clean(self) -> None:
        """Search words, links, readable text, lengths that columns do not have (knowledge.validation)."""
        check_entry(self)


class Department(Entry):
    """An organisational unit; units form a tree."""

    KIND = "department"
    parent = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="children", verbose_name=_("Gehört zu")
    )
    phone = models.CharField(_("Telefon"), max_length=40, blank=True)
    ext = models.CharField(_("Durchwahl"), max_length=12, blank=True)
    email = models.EmailField(_("E-Mail"), blank=True)
    room = models.CharField(_("Raum"), max_length=40, blank=True)
    hours = models.CharField(_("Sprechzeiten"), max_length=200, blank=True)
    responsibilities = models.TextField(_("Aufgaben"), blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["title", "id"]
        verbose_name = _("Abteilung")
        verbose_name_plural = _("Abteilungen")


class Contact(Entry):
    """A person or a function in the directory; `title` is the name."""

    KIND = "person"
    department = models.ForeignKey(
        Department, models.SET_NULL, null=True, blank=True, related_name="contacts", verbose_name=_("Abteilung")
    )
    dept = models.CharField(
        _("Abteilung (Text)"), max_length=120, blank=True
    )  # as imported, when there is no such department
    function = models.CharField(_("Funktion"), max_length=160, blank=True)
    phone = models.CharField(_("Telefon"), max_length=40, blank=True)
    ext = models.CharField(_("Durchwahl"), max_length=12, blank=True)
    email = models.EmailField(_("E-Mail"), blank=True)
    room = models.CharField(_("Raum"), max_length=40, blank=True)
    hours = models.CharField(_("Sprechzeiten"), max_length=200, blank=True)
    responsibilities = models.TextField(_("Aufgaben"), blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["title", "id"]
        verbose_name = _("Kontakt")
        verbose_name_plural = _("Kontakte")

    @property
    def department_name(self) -> str:
        """The department's title, or the imported text."""
        return self.department.title if self.department else self.dept


class Article(Entry):
    """An answer: what to say first, then the details."""

    KIND = "article"
    short_answer = models.TextField(
        _("Kurz gesagt"), max_length=400, blank=True
    )  # read aloud on the phone, two sentences at most
    costs = models.CharField(_("Kosten"), max_length=300, blank=True)
    documents = models.TextField(_("Unterlagen"), max_length=1000, blank=True)
    links = models.JSONField(_("Im Netz"), default=list, blank=True)  # [{"label": str, "url": str}]
    leika = models.CharField(_("LeiKa-Schlüssel"), max_length=14, blank=True)
    contacts: "models.ManyToManyField[Contact, Responsibility]" = models.ManyToManyField(
        Contact, through="Responsibility", related_name="articles", blank=True, verbose_name=_("Zuständig")
    )
    valid_from = models.DateField(_("Gültig ab"), null=True, blank=True)
    valid_to = models.DateField(_("Gültig bis"), null=True, blank=True)
    review_at = models.DateField(_("Nächste Prüfung"), null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["title", "id"]
        verbose_name = _("Artikel")
        verbose_name_plural = _("Artikel")
        indexes: ClassVar[list[models.Index]] = []


class Responsibility(models.Model):
    """Who is responsible for an article's matter, in order: the first is asked first."""

    article = models.ForeignKey(Article, models.CASCADE)
    contact = models.ForeignKey(Contact, models.CASCADE)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering: ClassVar[list[str]] = ["position", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["article", "contact"], name="responsible_once")
        ]

    def __str__(self) -> str:
        return f"{self.article_id}: {self.contact_id}"


class Version(models.Model):
    """What was published, withdrawn or republished: kept for ever, with the person and the changed fields."""

    OPS = Choices(("publish", _("veröffentlicht")), ("withdraw", _("zurückgezogen")))

    kind = models.CharField(max_length=12, choices=KINDS)
    key = models.CharField(max_length=80)
    number = models.PositiveIntegerField()  # 1, 2, 3 … per entry
    op = models.CharField(max_length=10, choices=OPS, default=OPS.publish)
    snapshot = models.JSONField(default=dict)  # the published fields
    changed = models.JSONField(default=list)  # names of fields that differ from the version before
    note = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField(auto_now_add=True)
    person_id = models.BigIntegerField(null=True)
    person_name = models.CharField(max_length=120, blank=True)
    is_new = False  # no column: whether the publish() that returned it made it, or found nothing to publish

    class Meta:
        ordering: ClassVar[list[str]] = ["-at", "-id"]
        verbose_name = _("Fassung")
        verbose_name_plural = _("Fassungen")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["kind", "key", "number"], name="version_number_once")
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.number}"


class Publication(models.Model):
    """The version of an entry that the pool reads now. Writing or deleting the row publishes or withdraws it at once (trigger)."""

    kind = models.CharField(max_length=12, choices=KINDS)
    key = models.CharField(max_length=80)
    version = models.PositiveIntegerField()
    title = models.CharField(max_length=200)
    subtitle = models.CharField(max_length=300, blank=True)  # department and function, one line
    body = models.TextField(blank=True)  # plain text that is searched
    synonyms = models.JSONField(default=list)
    group = models.CharField(max_length=80, blank=True)
    ext = models.CharField(max_length=12, blank=True)
    payload: Any = models.JSONField(default=dict)  # everything else that the desk shows
    valid_from = models.DateField(null=True)
    valid_to = models.DateField(null=True)
    published_at = models.DateTimeField()
    # What the analyser made of it; see pool.SearchEntry.
    title_words = SearchVectorField(db_default="")
    body_words = SearchVectorField(db_default="")
    title_length = models.PositiveSmallIntegerField(db_default=1)
    analysis = models.CharField(max_length=10, db_default="")
    ANALYSED = ("title_words", "body_words", "title_length", "analysis")

    class Meta:
        ordering: ClassVar[list[str]] = ["kind", "key"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["kind", "key"], name="publication_once")
        ]

    def __str__(self) -> str:
        return self.title

    def analyse(self) -> None:
        """Fill what search keeps of it. A contact's department lends its search words, so its publication is looked up."""
        department = self.payload.get("department") if self.kind == Contact.KIND else None
        above = Publication.objects.filter(kind=Department.KIND, key=department).first() if department else None
        found = documents.analysed(
            documents.Source(
                kind=self.kind,
                title=self.title,
                keywords=self.synonyms,
                body=self.body,
                department=self.payload.get("dept") or "",
                function=self.payload.get("function") or "",
                numbers=[number for number in (self.ext, self.payload.get("phone")) if number],
                also=above.synonyms if above else (),
            )
        )
        self.title_words, self.body_words = documents.vector(found.title), documents.vector(found.body)
        self.title_length, self.analysis = found.length, documents.version()
