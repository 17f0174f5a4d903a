"""What makes the demonstration look lived in: costs, papers and responsible people of a few articles, reviews that are due, open gaps,
searches that led to nothing, drafts that somebody has begun, special days, a number that waits for the operator."""

from datetime import date, timedelta
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone

from accounts.models import Person
from knowledge import actions as knowledge
from knowledge.models import Article, Contact
from knowledge.pool.actions import report_gap
from knowledge.pool.log_actions import record_search
from knowledge.pool.models import Gap, LoggedSearch, SearchEntry
from tenants import own_actions, scope
from tenants.audit import SYSTEM
from tenants.models import Municipality


class Detail(NamedTuple):
    """More about one article of a municipality; contacts by key, the first is asked first."""

    article: str
    contacts: tuple[str, ...]
    costs: str = ""
    documents: str = ""
    review_in_days: int = 180


DETAILS = {
    "soest": (
        Detail("sperrmuell", ("p_boeckmann", "f1"), "keine, zweimal im Jahr je Haushalt", "keine; Anschrift und Liste der Gegenstände"),
        Detail("wertstoffhof", ("p_boeckmann",), "für haushaltsübliche Mengen keine", review_in_days=-19),
        Detail("elektroschrott", ("p_boeckmann", "f1"), "keine"),
        Detail("perso_neu", ("p_meyer", "f16"), "37,00 EUR ab 24 Jahren", "altes Dokument, Geburtsurkunde, digitales Lichtbild"),
        Detail("perso_verlust", ("p_meyer", "f16"), "keine", "Ausweispapier mit Lichtbild, falls vorhanden"),
        Detail("ummeldung", ("p_meyer", "f16"), "keine", "Ausweise aller Personen, Wohnungsgeberbestätigung"),
        Detail("hundesteuer_an", ("p_mayer",), "Steuer je Hund und Jahr nach Satzung", "Angaben zu Rasse und Alter"),
        Detail("briefwahl", ("p_haase",), "keine", "Antrag mit Unterschrift", -6),
        Detail("wohngeld", ("p_yilmaz", "f15"), "keine", "Einkommensnachweise, Mietvertrag"),
        Detail("winterdienst", ("p_krueger",), review_in_days=-2),
        Detail("baugenehmigung", ("p_mueller_bau",), "nach Verwaltungsgebührenordnung", "Bauvorlagen in Textform"),
    ),
}  # fmt: skip
# title, what the agent wrote, what they had searched for, how many agents missed it
GAPS = {
    "soest": (
        ("Hundesteuer bei Assistenzhund", "Welcher Nachweis reicht für die Befreiung?", "assistenzhund", 1),
        ("Sperrmüll: Grenze für Wohnungsauflösung", "Wie viele Kubikmeter nimmt die Abfuhr höchstens mit?", "wohnungsauflösung", 2),
        ("Balkonkraftwerk anmelden", "Anruferin fragt, ob die Stadt einen Zuschuss gibt und wo man das Gerät meldet.", "balkonkraftwerk", 3),
    ),
    "kreis": (("Termin ohne Online-Zugang", "Wie bekommt man bei der Zulassungsstelle einen Termin am Telefon?", "termin zulassung", 1),),
}  # fmt: skip
# what was searched for during calls, how often, how many hits, at which place one was opened (0: by other words of the same call), its key
SEARCHES = {
    "soest": (
        ("balkonkraftwerk", 4, 0, 0, ""),
        ("hundemarke verloren", 3, 6, 5, "hundesteuer_an"),
        ("entrümpelung", 3, 0, 0, "sperrmuell"),
        ("lastenrad leihen", 2, 0, 0, ""),
        ("personalausweis", 9, 8, 1, "perso_neu"),
        ("sperrmüll anmelden", 12, 7, 1, "sperrmuell"),
        ("ummelden", 6, 9, 2, "ummeldung"),
    ),
}  # fmt: skip
# Drafts that agents do not read yet: key, "" for a new article; the fields that differ.
DRAFTS: dict[str, tuple[tuple[str, dict[str, str]], ...]] = {
    "soest": (
        ("elektroschrott", {"costs": "keine; Abholung großer Geräte 15 EUR"}),
        ("", {"title": "Lastenrad leihen", "short_answer": "Die Stadt verleiht zwei Lastenräder, einen Tag lang ohne Gebühr."}),
    ),
    "lippstadt": (("", {"title": "Lippefähre: Betriebszeiten", "short_answer": ""}),),
}  # fmt: skip
SPECIAL_DAYS: tuple[tuple[int, int, str, list[list[str]]], ...] = (
    (12, 24, "Heiligabend", []),
    (12, 31, "Silvester", [["08:00", "12:00"]]),
)
PROPOSED = {"lippstadt": ("+492941988", 12)}


def add_details(municipality: Municipality) -> None:
    """Complete and publish the articles that DETAILS names; entries that the import did not bring are left out."""
    for detail in DETAILS.get(municipality.slug, ()):
        with scope.municipality(municipality.schema_name), transaction.atomic():
            article = Article.objects.filter(key=detail.article).first()
            if article is not None:
                _complete(article, detail)


def _complete(article: Article, detail: Detail) -> None:
    article.costs, article.documents = detail.costs, detail.documents
    article.review_at = timezone.localdate() + timedelta(days=detail.review_in_days)
    found = {contact.key: contact for contact in Contact.objects.filter(key__in=detail.contacts)}
    contacts = [found[key] for key in detail.contacts if key in found]
    knowledge.publish(knowledge.save_article(article, acting_user=SYSTEM, contacts=contacts), acting_user=SYSTEM)


def add_work(municipality: Municipality) -> None:
    """What its people have begun: drafts of the editor, special days and a proposed number of the admin."""
    with scope.front():
        staff = Person.objects.filter(is_demo=True, memberships__municipality=municipality).order_by("id")
        editor = staff.filter(memberships__role="editor").first()
        admin = staff.filter(memberships__role="tenant_admin").first()
    with scope.municipality(municipality.schema_name), transaction.atomic():
        for key, values in DRAFTS.get(municipality.slug, ()) if editor else ():
            article = Article.objects.filter(key=key).first() if key else Article()
            if article is not None:
                for name, value in values.items():
                    setattr(article, name, value)
                knowledge.save_article(article, acting_user=editor or SYSTEM)
        if admin is not None:
            _add_days_and_numbers(municipality, admin)


def _add_days_and_numbers(municipality: Municipality, admin: Person) -> None:
    today = timezone.localdate()
    for month, day, label, intervals in SPECIAL_DAYS:
        this_year = date(today.year, month, day)
        own_actions.add_special_day(
            municipality,
            this_year if this_year >= today else date(today.year + 1, month, day),
            label=label,
            intervals=intervals,
            acting_user=admin,
        )
    if municipality.slug in PROPOSED:
        prefix, longest = PROPOSED[municipality.slug]
        own_actions.propose_number(municipality, prefix, max_length=longest, acting_user=admin)


def add_gaps(municipality: Municipality) -> None:
    """What agents have missed, reported by the demo's agents; nothing once there is a gap."""
    with scope.front():
        agents = list(
            Person.objects.filter(
                is_demo=True, memberships__role="agent", memberships__centre=municipality.centre
            ).order_by("id")
        )
    for title, text, query, times in GAPS.get(municipality.slug, ()) if agents else ():
        for agent in agents[:times]:
            with scope.desk(agent.pk), transaction.atomic():
                if Gap.objects.filter(municipality=municipality, title=title, reported_by=agent.pk).exists():
                    continue
                report_gap(
                    municipality=municipality,
                    centre=municipality.centre,
                    title=title,
                    text=text,
                    query=query,
                    acting_user=agent,
                )


def add_searches(municipality: Municipality) -> None:
    """What agents have searched for; nothing once something was."""
    with scope.front():
        agent = Person.objects.filter(
            is_demo=True, memberships__role="agent", memberships__centre=municipality.centre
        ).first()
    with scope.municipality(municipality.schema_name), transaction.atomic():
        if agent is None or LoggedSearch.objects.exists():
            return
    with scope.desk(agent.pk), transaction.atomic():
        for words, times, hits, place, key in SEARCHES.get(municipality.slug, ()):
            entry = SearchEntry.objects.filter(municipality=municipality, kind="article", key=key).first()
            for _time in range(times):
                record_search(municipality, words, hits=hits, place=place or None, entry=entry)
