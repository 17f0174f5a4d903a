"""A municipality changes itself, and only itself."""

from datetime import date

import pytest
from django.db import transaction

from tenants import own_actions as own
from tenants import queries, scope
from tenants.errors import Refusal
from tenants.models import AuditEntry, Municipality, NumberPrefix, OutboxEntry, SpecialDay


@pytest.fixture
def inside(soest):
    with scope.municipality(soest.schema_name), transaction.atomic():
        yield soest


def test_change_texts_is_logged_with_before_and_after(inside, people):
    assert own.change_texts(inside, {"greeting": "Guten Tag."}, acting_user=people["admin"])
    entry = AuditEntry.objects.get(action="change_texts")
    assert (entry.after, entry.person_name) == ({"greeting": "Guten Tag."}, "Stefan Droste")
    assert entry.before["greeting"].startswith("Guten Tag, Servicecenter")
    assert OutboxEntry.objects.filter(kind="municipality", object_id="soest").count() == 1


def test_the_same_again_changes_nothing(inside, people):
    assert own.change_texts(inside, {"emergency": "Sirene"}, acting_user=people["admin"])
    assert not own.change_texts(inside, {"emergency": "Sirene"}, acting_user=people["admin"])
    assert AuditEntry.objects.filter(action="change_texts").count() == 1


def test_a_text_that_is_too_long_is_refused_in_words(inside, people):
    with pytest.raises(Refusal, match="Begrüßung"):
        own.change_texts(inside, {"greeting": "x" * 401}, acting_user=people["admin"])


def test_hours(inside, people):
    own.change_hours(inside, {"0": [["8:00", "12:00"]]}, acting_user=people["admin"])
    assert Municipality.objects.get().hours["0"] == [["08:00", "12:00"]]
    with pytest.raises(Refusal):
        own.change_hours(inside, {"0": [["12:00", "8:00"]]}, acting_user=people["admin"])


def test_special_day_comes_and_goes(inside, people):
    day = own.add_special_day(
        inside, date(2026, 12, 24), label="Heiligabend", intervals=[["08:00", "12:00"]], acting_user=people["admin"]
    )
    assert [(i.opens.hour, i.closes.hour) for i in queries.hours_of(inside).intervals(date(2026, 12, 24))] == [(8, 12)]
    with pytest.raises(Refusal), transaction.atomic():
        own.add_special_day(inside, date(2026, 12, 24), label="Noch einmal", intervals=[], acting_user=people["admin"])
    told = OutboxEntry.objects.filter(kind="municipality", object_id="soest").count()
    assert own.remove_special_day(day, acting_user=people["admin"])
    assert not SpecialDay.objects.exists()
    assert OutboxEntry.objects.filter(kind="municipality", object_id="soest").count() == told + 1


def test_who_removes_a_moment_later_logs_nothing(inside, people):
    day = own.add_special_day(
        inside, date(2026, 12, 24), label="Heiligabend", intervals=[], acting_user=people["admin"]
    )
    late = SpecialDay.objects.get(pk=day.pk)
    assert own.remove_special_day(day, acting_user=people["admin"])
    assert not own.remove_special_day(late, acting_user=people["admin"])
    assert AuditEntry.objects.filter(action="remove_special_day").count() == 1


def test_a_proposed_number_is_not_confirmed(inside, people):
    number = own.propose_number(inside, "+492921999", max_length=13, acting_user=people["admin"])
    assert NumberPrefix.objects.get(pk=number.pk).confirmed_at is None
    with pytest.raises(Refusal):
        own.propose_number(inside, "+49292130", max_length=13, acting_user=people["admin"])  # the Kreis's
    own.remove_number(number, acting_user=people["admin"])
    assert not NumberPrefix.objects.filter(pk=number.pk).exists()


def test_a_mark_that_another_has_is_refused(inside, people, kreis):
    with pytest.raises(Refusal, match="schon jemand"):
        own.change_mark(
            inside, {"initials": "SO", "colour": kreis.colour, "pattern": kreis.pattern}, acting_user=people["admin"]
        )


def test_situation(inside, people):
    assert own.change_situation(inside, "Wasserrohrbruch", acting_user=people["admin"])
    assert inside.situation_since is not None
    assert own.change_situation(inside, "", acting_user=people["admin"])
    assert inside.situation_since is None
