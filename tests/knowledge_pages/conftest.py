"""A little knowledge of Stadt Soest, made through the actions that people use."""

from types import SimpleNamespace

import pytest
from django.db import transaction

from tenants import scope

SHORT = "Große Einrichtungsgegenstände holen wir zweimal im Jahr nach Anmeldung kostenfrei vor dem Haus ab."


class entered:  # noqa: N801  used like a function
    """`with entered(municipality):` its scope and a transaction."""

    def __init__(self, municipality):
        self.scope, self.atomic = scope.municipality(municipality.schema_name), transaction.atomic()

    def __enter__(self):
        self.scope.__enter__()
        self.atomic.__enter__()

    def __exit__(self, *error):
        self.atomic.__exit__(*error)
        return self.scope.__exit__(*error)


@pytest.fixture
def editor(visit):
    """Heike Brand on soest.localhost."""
    return visit("editor", "soest.localhost")


@pytest.fixture
def reader(visit):
    """Karin Ostermann of a department."""
    return visit("reader", "soest.localhost")


@pytest.fixture
def known(soest, people):
    """An article that is published, a contact that is, a contact that is not, a department."""
    from knowledge import actions
    from knowledge.models import Article, Contact, Department

    who = people["editor"]
    with entered(soest):
        department = actions.save_department(Department(title="Umweltabteilung", ext="1500"), acting_user=who)
        below = actions.save_department(Department(title="Abfallberatung", parent=department), acting_user=who)
        contact = actions.save_contact(
            Contact(title="Dirk Große Böckmann", function="Abfallberatung", ext="1243", department=below), acting_user=who
        )
        silent = actions.save_contact(Contact(title="Tina Lorenz", function="Sachbearbeitung"), acting_user=who)
        article = actions.save_article(
            Article(title="Sperrmüllabfuhr anmelden", short_answer=SHORT, body="Ab **6 Uhr** am Straßenrand.", synonyms=["Sperrgut"]),
            contacts=[contact], acting_user=who,
        )
        for entry in (department, contact, article):
            actions.publish(entry, acting_user=who)
    return SimpleNamespace(article=article, contact=contact, silent=silent, department=department, below=below)


@pytest.fixture
def gap(soest, people):
    """What Jana Köster could not answer."""
    from knowledge.pool import actions

    with scope.desk(people["agent"].pk), transaction.atomic():
        return actions.report_gap(
            municipality=soest, centre=soest.centre, title="Grenze für Wohnungsauflösung", query="wohnungsauflösung",
            text="Wie viele Kubikmeter nimmt die Abfuhr höchstens mit?", acting_user=people["agent"],
        )
