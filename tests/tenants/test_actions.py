"""What the operator writes about centres and municipalities: logged, told, and refused in words."""

import pytest
from django.db import transaction

from tenants import actions, marks, scope
from tenants.audit import SYSTEM
from tenants.errors import Refusal
from tenants.models import AuditEntry, Municipality, NumberPrefix, OutboxEntry, ServiceCentre


@pytest.fixture
def centre(soest):
    return soest.centre


@pytest.fixture
def operating(db):
    with scope.operator(), transaction.atomic():
        yield


def add(centre, *, slug="werl", name="Stadt Werl", **fields):
    return actions.add_municipality(slug=slug, name=name, ags="05974052", centre=centre, acting_user=SYSTEM, **fields)


def logged(action):
    return AuditEntry.objects.filter(action=action).order_by("pk")


def told(centre):
    with scope.worker():
        return list(
            OutboxEntry.objects.filter(stream=f"c:{centre.pk}", kind="municipality")
            .order_by("number")
            .values_list("object_id", "op")
        )


def test_the_numbers_are_logged_however_they_are_given(centre, operating):
    made = add(centre, numbers=(number for number in ("+492922800", "+492922800", "+492922801")))
    assert [n.prefix for n in NumberPrefix.objects.filter(municipality=made)] == ["+492922800", "+492922801"]
    assert logged("add_municipality").last().after["numbers"] == ["+492922800", "+492922801"]


def test_desks_hear_that_a_municipality_changed_its_state(soest, centre, operating):
    before = told(centre)
    actions.set_state(soest, "leaving", acting_user=SYSTEM)
    assert told(centre) == [*before, ("soest", "leaving")]
    with pytest.raises(Refusal, match="nicht auf „Beitritt“"):
        actions.set_state(soest, "joining", acting_user=SYSTEM)
    assert told(centre) == [*before, ("soest", "leaving")]


def test_a_number_is_confirmed_once(soest, operating):
    number = NumberPrefix.objects.create(municipality=soest, prefix="+492921999")
    late = NumberPrefix.objects.get(pk=number.pk)
    actions.confirm_number(number, acting_user=SYSTEM)
    actions.confirm_number(late, acting_user=SYSTEM)
    assert late.confirmed_at == number.confirmed_at
    assert logged("confirm_number").filter(object_label="+492921999").count() == 1


def test_a_number_that_was_taken_back_is_not_confirmed(soest, operating):
    number = NumberPrefix.objects.create(municipality=soest, prefix="+492921999")
    NumberPrefix.objects.filter(pk=number.pk).delete()
    with pytest.raises(Refusal, match="nicht mehr eingetragen"):
        actions.confirm_number(number, acting_user=SYSTEM)


def test_the_operator_of_a_centre_is_logged_with_who_it_was_before(soest, centre, operating):
    actions.name_operator(centre, soest, acting_user=SYSTEM)
    entry = logged("name_operator").last()
    assert (entry.before, entry.after) == ({"operator": "kreis"}, {"operator": "soest"})
    assert ServiceCentre.objects.get(pk=centre.pk).operator == soest


def test_no_initials_left_is_said_in_words(centre, operating):
    taken = ["AU", *(f"A{digit}" for digit in range(1, 10))]
    with pytest.raises(Refusal, match="kein Kürzel mehr frei"):
        actions._free_initials("Gemeinde Au", set(taken))
    assert actions._free_initials("Gemeinde Au", set(taken[:-1])) == "A9"


def test_no_recognition_mark_left_is_said_in_words(centre, operating, monkeypatch):
    monkeypatch.setattr(marks, "COLOURS", marks.COLOURS[:1])
    monkeypatch.setattr(marks, "PATTERNS", marks.PATTERNS[:1])
    only = (marks.COLOURS[0][0], marks.PATTERNS[0][0])
    if not Municipality.objects.filter(centre=centre, colour=only[0], pattern=only[1]).exists():
        add(centre, slug="welver", name="Gemeinde Welver", colour=only[0], pattern=only[1])
    with pytest.raises(Refusal, match="Farbe und Muster"):
        add(centre)
