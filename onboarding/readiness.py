"""What is still missing before a municipality can go live, computed from the data, each line with the page where it is done.

It reads shared tables only, so that the municipality (its own login) and the operator (who never reads drafts) see the same list.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import ROLES, Membership
from knowledge.pool.models import SearchEntry
from tenants.hours import Week
from tenants.models import Municipality, NumberPrefix

ENOUGH_ARTICLES = 20  # fewer answer too little to be worth a greeting; the top-100 check comes with the joining issue


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the list. `url_name` belongs to the municipality's host; a required step holds up the start."""

    group: str | Promise
    title: str | Promise
    detail: str
    done: bool
    url_name: str
    required: bool = True

    @property
    def state(self) -> str:
        """done, blocked (required and missing) or open."""
        return "done" if self.done else "blocked" if self.required else "open"


TECHNIQUE = gettext_lazy("Technik und Verzeichnis")
ON_THE_PHONE = gettext_lazy("Am Telefon")
PEOPLE = gettext_lazy("Personen und Start")
WRITERS = {ROLES.editor, ROLES.tenant_admin}
READERS = {*WRITERS, ROLES.department_reader}
PAGES = {
    "town_settings": WRITERS,
    "member_list": {ROLES.tenant_admin},
    "article_list": READERS,
    "contact_list": READERS,
    "joining": READERS,
}


def reachable(roles: Collection[str]) -> set[str]:
    """The pages of steps that somebody with these roles may open; everybody reads the others' state."""
    return {url_name for url_name, needed in PAGES.items() if needed & set(roles)}


def steps(municipality: Municipality) -> list[Step]:
    """All steps in the order in which a municipality goes through them (domain.md, Joining)."""
    return [*_technique(municipality), *_on_the_phone(municipality), *_people(municipality)]


def _technique(municipality: Municipality) -> Iterator[Step]:
    numbers = NumberPrefix.objects.filter(municipality=municipality)
    confirmed, proposed = numbers.exclude(confirmed_at=None).count(), numbers.filter(confirmed_at=None).count()
    detail = ngettext("%d Rufnummer bestätigt", "%d Rufnummern bestätigt", confirmed) % confirmed
    if proposed:
        detail += ngettext(", %d wartet auf den Betreiber", ", %d warten auf den Betreiber", proposed) % proposed
    yield Step(TECHNIQUE, _("Rufnummern"), detail, confirmed > 0, "town_settings")
    entries = SearchEntry.objects.filter(municipality=municipality)
    contacts = entries.filter(kind__in=["person", "department"]).count()
    without = entries.filter(kind="person", ext="").filter(Q(payload__phone="") | Q(payload__phone=None)).count()
    detail = ngettext("%d Kontakt veröffentlicht", "%d Kontakte veröffentlicht", contacts) % contacts
    yield Step(TECHNIQUE, _("Verzeichnis"), detail, contacts > 0, "contact_list")
    detail = (
        _("jeder Kontakt hat eine Nummer")
        if not without
        else ngettext("%d ohne Nummer", "%d ohne Nummer", without) % without
    )
    yield Step(
        TECHNIQUE, _("Nummern der Kontakte"), detail, contacts > 0 and not without, "contact_list", required=False
    )
    articles = entries.filter(kind="article").count()
    detail = ngettext("%d Artikel veröffentlicht", "%d Artikel veröffentlicht", articles) % articles
    if 0 < articles < ENOUGH_ARTICLES:
        detail += _(", empfohlen sind mindestens %d") % ENOUGH_ARTICLES
    yield Step(TECHNIQUE, _("Wissen"), detail, articles > 0, "article_list")


def _on_the_phone(municipality: Municipality) -> Iterator[Step]:
    week = Week.parse(municipality.hours)
    days = sum(bool(day) for day in week.days)
    yield Step(
        ON_THE_PHONE,
        _("Öffnungszeiten"),
        ngettext("an %d Tag der Woche", "an %d Tagen der Woche", days) % days,
        days > 0,
        "town_settings",
    )
    for title, text, required in (
        (_("Begrüßung"), municipality.greeting, True),
        (_("Notfallhinweis"), municipality.emergency, False),
        (_("Text für geschlossene Zeiten"), municipality.closed_text, False),
    ):
        yield Step(
            ON_THE_PHONE, title, _("hinterlegt") if text else _("fehlt"), bool(text), "town_settings", required=required
        )


def _people(municipality: Municipality) -> Iterator[Step]:
    roles = list(Membership.objects.filter(municipality=municipality).values_list("role", flat=True))
    for role, title, required in (
        (ROLES.tenant_admin, _("Mandanten-Admin"), True),
        (ROLES.editor, _("Redaktion"), False),
    ):
        number = roles.count(role)
        detail = ngettext("%d Person", "%d Personen", number) % number
        yield Step(PEOPLE, title, detail, number > 0, "member_list", required=required)
    detail = _("erledigt") if municipality.is_live else _("der Betreiber schaltet live, wenn nichts mehr fehlt")
    yield Step(PEOPLE, _("Start"), detail, municipality.is_live, "joining", required=False)
