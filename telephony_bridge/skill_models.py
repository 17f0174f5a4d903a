"""What agents can do and what callers of a number want, as whoever leads the team has entered it. Shared tables, guarded by row-level security."""

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _
from model_utils import Choices

from tenants.models import ServiceCentre

# ISO 639-1. What is spoken most in Germany's municipalities; German and English first, the others by their German names.
LANGUAGES = Choices(
    ("de", _("Deutsch")),
    ("en", _("Englisch")),
    ("sq", _("Albanisch")),
    ("ar", _("Arabisch")),
    ("bs", _("Bosnisch")),
    ("bg", _("Bulgarisch")),
    ("zh", _("Chinesisch")),
    ("fr", _("Französisch")),
    ("el", _("Griechisch")),
    ("it", _("Italienisch")),
    ("hr", _("Kroatisch")),
    ("ku", _("Kurdisch")),
    ("nl", _("Niederländisch")),
    ("ps", _("Paschtu")),
    ("fa", _("Persisch (Farsi, Dari)")),
    ("pl", _("Polnisch")),
    ("pt", _("Portugiesisch")),
    ("ro", _("Rumänisch")),
    ("ru", _("Russisch")),
    ("sr", _("Serbisch")),
    ("es", _("Spanisch")),
    ("tr", _("Türkisch")),
    ("uk", _("Ukrainisch")),
    ("vi", _("Vietnamesisch")),
)


def german_only() -> list[str]:
    """The languages of whom nobody has said anything about."""
    return ["de"]


class AgentSkills(models.Model):
    """One agent of one centre. Whoever has no row is trained for all municipalities, speaks German and belongs to the usual team (Skills())."""

    LINES = Choices((0, "usual", _("übliches Team")), (1, "helps", _("Aushilfe")))

    centre = models.ForeignKey(ServiceCentre, models.CASCADE, related_name="+")
    person_id = models.BigIntegerField()  # soft: Person.pk
    # Municipality.slug; empty: all. One that has left stays, so that who was trained for it alone is not suddenly trained for all.
    municipalities: Any = ArrayField(models.CharField(max_length=40), verbose_name=_("Geschult für"), default=list)
    languages: Any = ArrayField(models.CharField(max_length=2), verbose_name=_("Sprachen"), default=german_only)
    line = models.PositiveSmallIntegerField(_("Einsatz"), choices=LINES, default=LINES.usual)

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]
        verbose_name = _("Kenntnisse")
        verbose_name_plural = _("Kenntnisse")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["centre", "person_id"], name="skills_once")
        ]

    def __str__(self) -> str:
        return f"{self.person_id}: {', '.join(self.municipalities)}"


class NumberLanguage(models.Model):
    """A number whose callers want a language: theirs are the agents who speak it, as long as one of them is to be had (docs/adr/0113)."""

    centre = models.ForeignKey(ServiceCentre, models.CASCADE, related_name="+")
    number = models.CharField(_("Rufnummer"), max_length=16)  # E.164, as it was dialled
    language = models.CharField(_("Sprache"), max_length=2, blank=True)  # of LANGUAGES; empty: none any more

    class Meta:
        ordering: ClassVar[list[str]] = ["number", "id"]
        verbose_name = _("Rufnummer mit Sprache")
        verbose_name_plural = _("Rufnummern mit Sprache")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["centre", "number"], name="number_language_once")
        ]

    def __str__(self) -> str:
        return self.number
