"""How searches end is told by the desk and kept without saying whose they were."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from knowledge import tasks
from knowledge.pool import log_actions
from knowledge.pool.models import HeldWord, LoggedSearch
from tenants import scope
from tenants.models import AuditEntry


@pytest.fixture
def searches(soest):
    """searches() -> what is kept of Stadt Soest, oldest first."""

    def kept(municipality=soest):
        with scope.municipality(municipality.schema_name), transaction.atomic():
            return list(LoggedSearch.objects.order_by("pk"))

    return kept


@pytest.fixture
def ended(desk):
    """ended(words="perso weg", …) -> the status; a page tells how a search ended."""

    def told(who="agent", **fields):
        given = {"words": "perso weg", "called": "soest", "hits": "0"} | fields
        return desk(who).post("/suche/ende/", given).status_code

    return told


def in_worker():
    with scope.worker(), transaction.atomic():
        return LoggedSearch.objects.count(), HeldWord.objects.count()


def test_the_end_of_a_search_is_kept_without_a_person_and_a_time_of_day(ended, searches):
    assert ended() == 204
    (kept,) = searches()
    assert (kept.words, kept.outcome, kept.hits, kept.place, kept.entry, kept.settled) == (
        "perso weg",
        "nothing",
        0,
        None,
        "",
        "",
    )
    assert (kept.hour.minute, kept.hour.second, kept.hour.microsecond) == (0, 0, 0)
    names = {field.attname for field in LoggedSearch._meta.concrete_fields}
    assert names == {
        "id",
        "municipality_id",
        "hour",
        "words",
        "hits",
        "outcome",
        "place",
        "entry",
        "entry_title",
        "settled",
        "settled_at",
    }


def test_what_was_opened_is_kept_with_its_place(ended, searches, publish, soest):
    publish(soest, "perso", "Personalausweis verloren")
    ended(hits="7", place="4", entry="soest/article/perso")
    ended(hits="7")
    ended(hits="0", entry="soest/article/perso")  # by other words of the same call
    ended(hits="7", place="4", entry="soest/article/gibtsnicht")
    ended(hits="7", place="1", entry="unna/article/perso")
    found = [(kept.outcome, kept.place, kept.entry, kept.entry_title) for kept in searches()]
    opened = ("soest:perso", "Personalausweis verloren")
    assert found == [
        ("chosen", 4, *opened),
        ("abandoned", None, "", ""),
        ("nothing", None, *opened),
        ("abandoned", None, "", ""),
        ("abandoned", None, "", ""),
    ]


@pytest.mark.parametrize(
    "fields",
    [
        {"called": ""},
        {"called": "lippstadt"},
        {"called": "unna"},
        {"called": "gibtsnicht"},
        {"words": ""},
        {"hits": "viele"},
        {"hits": "-1"},
        {"place": "0"},
        {"words": "x" * 401},
    ],
)
def test_what_is_not_for_a_called_municipality_or_makes_no_sense_is_dropped(ended, fields):
    assert ended(**fields) == 204
    assert in_worker() == (0, 0)


def test_agents_elsewhere_add_nothing(ended, searches):
    assert ended(who="agent.unna") == 204
    assert searches() == []


def test_each_municipality_reads_its_own(ended, searches, kreis):
    ended()
    ended(called="kreis", words="kfz ummelden")
    assert [kept.words for kept in searches()] == ["perso weg"]
    assert [kept.words for kept in searches(kreis)] == ["kfz ummelden"]


def test_data_of_callers_is_not_kept(ended, searches):
    ended(words="Frau Zwirnfeld 3.5.1961 Personalausweis")
    ended(words="erna zwirnfeld")
    ended(words="02921 103-4711")
    assert [kept.words for kept in searches()] == ["personalausweis", "…", ""]
    with scope.worker(), transaction.atomic():
        assert not any("zwirnfeld" in str(row) for row in HeldWord.objects.values())


def test_a_word_of_several_hours_is_no_longer_one_callers(ended, searches, soest, monkeypatch):
    ended(words="knifte")
    ended(words="Knifte")
    assert [kept.words for kept in searches()] == ["…", "…"]  # twice in an hour is one caller
    for hours in (1, 2):
        with scope.owner(), connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO pool_heldword (municipality_id, digest, hour) SELECT municipality_id, digest, hour - %s * interval '1 hour'"
                " FROM pool_heldword WHERE hour = (SELECT max(hour) FROM pool_heldword)",
                [hours],
            )
    ended(words="knifte")
    ended(words="knifte", called="kreis")  # where nobody has said it
    assert [kept.words for kept in searches()] == ["…", "…", "knifte"]


def test_what_the_centre_has_published_is_known(ended, searches, publish, kreis):
    publish(kreis, "quorx", "Quorxabfuhr")
    ended(words="quorxabfuhr")
    assert [kept.words for kept in searches()] == ["quorxabfuhr"]


def test_they_are_forgotten_in_time(ended, searches, soest):
    ended(words="knifte")
    later = timezone.now() + timedelta(days=settings.RUFVERBUND_SEARCHES_DAYS, hours=-1)
    with scope.worker():
        assert log_actions.forget_searches(now=later) == 0
        assert log_actions.forget_searches(now=later + timedelta(hours=3)) == 1
    assert in_worker() == (0, 0)
    assert tasks.forget_searches(timestamp=0) == 0
    with scope.owner():
        assert AuditEntry.objects.filter(action="forget_searches").count() == 1
