"""What makes the demonstration look lived in: costs, papers and responsible people of a few articles, reviews that are due, open gaps."""

from datetime import timedelta
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone

from accounts.models import Person
from knowledge import actions as knowledge
from knowledge.models import Article, Contact
from knowledge.pool.actions import report_gap
from knowledge.pool.models import Gap
from tenants import scope
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
GAPS = {
    "soest": (
        ("Balkonkraftwerk anmelden", "Anruferin fragt, ob die Stadt einen Zuschuss gibt und wo man das Gerät meldet.", "balkonkraftwerk"),
        ("Sperrmüll: Grenze für Wohnungsauflösung", "Wie viele Kubikmeter nimmt die Abfuhr höchstens mit?", "wohnungsauflösung"),
        ("Hundesteuer bei Assistenzhund", "Welcher Nachweis reicht für die Befreiung?", "assistenzhund"),
    ),
    "kreis": (("Termin ohne Online-Zugang", "Wie bekommt man bei der Zulassungsstelle einen Termin am Telefon?", "termin zulassung"),),
}  # fmt: skip


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


def add_gaps(municipality: Municipality) -> None:
    """What agents have missed, reported by the demo's agents; nothing once there is a gap."""
    with scope.front():
        agents = list(
            Person.objects.filter(
                is_demo=True, memberships__role="agent", memberships__centre=municipality.centre
            ).order_by("id")
        )
    for number, (title, text, query) in enumerate(GAPS.get(municipality.slug, ()) if agents else ()):
        agent = agents[number % len(agents)]
        with scope.desk(agent.pk), transaction.atomic():
            if not Gap.objects.filter(municipality=municipality, title=title).exists():
                report_gap(
                    municipality=municipality,
                    centre=municipality.centre,
                    title=title,
                    text=text,
                    query=query,
                    acting_user=agent,
                )
