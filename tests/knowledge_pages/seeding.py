"""What the tests of this folder know about Stadt Soest, made through the actions that people use. `python -m tests.knowledge_pages.seeding`
fills the database of a server and prints keys and sessions."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

from django.db import transaction

SHORT = "Große Einrichtungsgegenstände holen wir zweimal im Jahr nach Anmeldung kostenfrei vor dem Haus ab."


@contextmanager
def entered(municipality) -> Iterator[None]:
    """The scope of a municipality, and a transaction."""
    from tenants import scope

    with scope.municipality(municipality.schema_name), transaction.atomic():
        yield


def know(soest, who):
    """A published article with a published contact, a contact that is not published, two departments of which one is."""
    from knowledge import actions
    from knowledge.models import Article, Contact, Department

    with entered(soest):
        department = actions.save_department(Department(title="Umwelt und Abfall", ext="1500"), acting_user=who)
        below = actions.save_department(Department(title="Sperrmüllstelle", parent=department), acting_user=who)
        contact = actions.save_contact(
            Contact(title="Dirk Große Böckmann", function="Sperrmüllberatung", ext="1243", department=below),
            acting_user=who,
        )
        silent = actions.save_contact(Contact(title="Tina Lorenzen", function="Sachbearbeitung"), acting_user=who)
        article = actions.save_article(
            Article(
                title="Sperrmüllabfuhr bestellen",
                short_answer=SHORT,
                body="Ab **6 Uhr** am Straßenrand.",
                synonyms=["Sperrgut"],
            ),
            contacts=[contact],
            acting_user=who,
        )
        for entry in (department, contact, article):
            actions.publish(entry, acting_user=who)
    return SimpleNamespace(article=article, contact=contact, silent=silent, department=department, below=below)


def change(soest, known, who) -> None:
    """A draft that differs from what agents read."""
    import datetime

    from django.utils import timezone

    from knowledge import actions
    from knowledge.models import Article

    with entered(soest):
        article = Article.objects.get(pk=known.article.pk)
        article.short_answer = article.short_answer.replace("ab.", "ab, bis zu vier Kubikmeter je Termin.")
        article.synonyms += ["Wohnungsauflösung"]
        article.costs = "keine, zweimal im Jahr je Haushalt"
        article.links = [{"label": "Termin buchen", "url": "https://www.soest.de/termine"}]
        article.review_at = timezone.localdate() - datetime.timedelta(days=3)
        actions.save_article(article, contacts=[known.contact, known.silent], acting_user=who)


def publish_again(soest, known, who) -> None:
    """A second version."""
    from knowledge import actions

    with entered(soest):
        known.article.costs = "kostenfrei"
        actions.save_article(known.article, acting_user=who)
        actions.publish(known.article, acting_user=who, note="Ratsbeschluss vom 12.11.")


def ask(
    soest,
    who,
    title="Grenze für Wohnungsauflösung",
    text="Wie viele Kubikmeter nimmt die Abfuhr höchstens mit?",
    query="wohnungsauflösung",
):
    """What an agent could not answer."""
    from knowledge.pool import actions
    from tenants import scope

    with scope.desk(who.pk), transaction.atomic():
        return actions.report_gap(
            municipality=soest, centre=soest.centre, title=title, text=text, query=query, acting_user=who
        )


def search(municipality, who, typed, *, times=1, hits=0, place=None, opened=""):
    """An agent searched for the municipality, and opened an entry of it, or nothing."""
    from knowledge.pool import log_actions
    from knowledge.pool.models import SearchEntry
    from tenants import scope

    with scope.desk(who.pk), transaction.atomic():
        entry = SearchEntry.objects.get(municipality=municipality, key=opened) if opened else None
        for _time in range(times):
            log_actions.record_search(municipality, typed, hits=hits, place=place, entry=entry)


def search_for_weeks(soest, who, article) -> None:
    """What four weeks of agents have left."""
    from django.db import connection

    from tenants import scope

    for week in range(4):
        search(soest, who, "sperrmüll anmelden", times=30 + 9 * week, hits=6, place=1, opened=article)
        search(soest, who, "personalausweis", times=4, hits=9)
        search(soest, who, "zwergelefant", times=6 - week)
        search(soest, who, "zwergelefant", times=2, opened=article)
        search(soest, who, "wohnungsauflösung knifte", times=3, hits=5, place=5, opened=article)
        search(soest, who, "knifte", times=2)
        with scope.owner(), connection.cursor() as cursor:
            cursor.execute("UPDATE pool_loggedsearch SET hour = hour - interval '7 days'")
    for each in ("hund abmelden", "parkausweis handwerker", "kita gebühren befreiung"):
        search(soest, who, each, hits=3)


def name_synonyms(soest, editor, supervisor):
    """One of the municipality, one of the centre; returns the former."""
    from knowledge.pool import learning_actions
    from knowledge.pool.models import Synonym
    from tenants import scope

    given = {"centre_id": soest.centre_id, "words": "Knifte, Bütterken", "meaning": "Brot"}
    with scope.desk(supervisor.pk), transaction.atomic():
        learning_actions.save_synonym(Synonym(**given), acting_user=supervisor)
    with entered(soest):
        own = Synonym(
            **given | {"words": "Entrümpelung", "meaning": "Sperrmüll", "both_ways": True}, municipality=soest
        )
        return learning_actions.save_synonym(own, acting_user=editor)


def fill_server() -> dict[str, object]:
    """The demo entries, and all of the above."""
    from accounts.models import Person
    from knowledge import demo
    from onboarding.imports import Options, import_entries
    from tenants import scope
    from tenants.audit import SYSTEM
    from tenants.models import Municipality
    from tests.live import sessions

    with scope.front():
        soest = Municipality.objects.select_related("centre").get(slug="soest")
        people = {person.email.split("@")[0]: person for person in Person.objects.all()}
    import_entries(
        soest, demo.lines_of("soest")[:150], acting_user=SYSTEM, options=Options(publish=True, skip_bad=True)
    )
    known = know(soest, people["editor"])
    publish_again(soest, known, people["admin"])
    change(soest, known, people["admin"])
    for title, times in (
        ("Balkonkraftwerk anmelden", 3),
        ("Trauung am Samstag im Oktober", 2),
        ("Hundesteuer bei Assistenzhund", 1),
    ):
        for _time in range(times):
            ask(
                soest,
                people["agent"],
                title=title,
                text="Gibt die Stadt einen Zuschuss, und wo meldet man das?",
                query=title.split()[0].lower(),
            )
    gap = ask(soest, people["agent2"])
    search_for_weeks(soest, people["agent"], known.article.key)
    synonym = name_synonyms(soest, people["editor"], people["supervisor"])
    keys = {name: entry.key for name, entry in vars(known).items()} | {"synonym": synonym.pk}
    return {"keys": keys, "gap": gap.pk, "sessions": sessions("soest.localhost")}


if __name__ == "__main__":
    import django

    django.setup()
    sys.stdout.write(json.dumps(fill_server()))
