"""Calls that differ from the exchange's record, as who leads a team sees and settles them."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from desk import records
from telephony_bridge.models import Call
from telephony_bridge.record.differences import Kind
from telephony_bridge.record_models import CallInterval, CallRecord
from tenants import scope
from tests.knowledge_pages.test_articles import words

PATH = "/abweichungen/"
AT = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
DURATION = {"kind": "duration", "desk": 190.0, "record": 69.4}


@pytest.fixture
def recorded(source):
    """recorded(*differences, call=…, **fields) -> a record of Soest's exchange that differs, 69 seconds long."""

    def stored(*differences, call=None, **fields):
        with scope.telephony(), transaction.atomic():
            given = {
                "linked": f"rv-{CallRecord.objects.count()}",
                "began_at": AT,
                "answered_at": AT + timedelta(seconds=9),
                "ended_at": AT + timedelta(seconds=69),
                "last_at": AT,
                "end": "hangup",
            } | fields
            record = CallRecord.objects.create(
                source=source, centre=source.centre, call=call, differences=list(differences), **given
            )
            for kind, begin, end, who in (("waiting", 0, 9, ""), ("talking", 9, 69, "Jana Köster")):
                times = {"began_at": AT + timedelta(seconds=begin), "ended_at": AT + timedelta(seconds=end)}
                CallInterval.objects.create(record=record, kind=kind, agent_name=who, telephone="agent1", **times)
        return record

    return stored


def test_a_supervisor_sees_what_differs_and_settles_it(desk, ring, recorded):
    call = ring(state="ended", ringing_at=AT, answered_at=AT, hung_up_at=AT + timedelta(seconds=190))
    record = recorded(DURATION, call=call)
    client = desk("supervisor")
    page = words(client.get(PATH))
    assert "Er dauerte 1:09 min; am Arbeitsplatz stehen 3:10 min." in page
    assert "wartet 0:09 (agent1), im Gespräch 1:00 (Jana Köster)" in page
    assert "Stadt Soest" in page
    told = words(client.post(f"{PATH}{record.pk}/klaeren/", {"seite": "1"}, follow=True))
    assert "Der Anruf hat jetzt die Zeiten der Telefonanlage." in told
    assert "Keine. Arbeitsplatz und Telefonanlage sagen von jedem Anruf dasselbe." in told
    assert "Beate Hüsing" in words(client.get(f"{PATH}?stand=geklaert"))
    with scope.telephony():
        assert Call.objects.get(pk=call.pk).hung_up_at == AT + timedelta(seconds=69)


def test_one_that_the_desk_does_not_have_is_put_aside(desk, recorded):
    record = recorded({"kind": "missing"})
    client = desk("supervisor")
    page = words(client.get(PATH))
    assert "Am Arbeitsplatz ist dieser Anruf nicht angekommen." in page
    assert "nicht erkannt" in page
    told = words(client.post(f"{PATH}{record.pk}/klaeren/", follow=True))
    assert "Der Anruf ist als geklärt abgelegt." in told


def test_what_does_not_differ_is_not_there(desk, recorded):
    recorded()
    assert "Keine." in words(desk("supervisor").get(PATH))


def test_agents_and_other_centres_do_not(desk, recorded, people, places):
    record = recorded(DURATION)
    for who in ("agent", "agent.unna"):
        assert desk(who).get(PATH).status_code == 403
        assert desk(who).post(f"{PATH}{record.pk}/klaeren/").status_code == 403
    with scope.telephony(), transaction.atomic():
        CallRecord.objects.filter(pk=record.pk).update(centre=places["unna"].centre)
    assert "Keine." in words(desk("supervisor").get(PATH))
    assert desk("supervisor").post(f"{PATH}{record.pk}/klaeren/").status_code == 404
    with scope.telephony():
        assert CallRecord.objects.get(pk=record.pk).settled_at is None


def test_many_are_paged_with_as_many_queries(people, recorded, source, django_assert_num_queries):
    for number in range(records.PER_PAGE + 5):
        recorded(DURATION, began_at=AT + timedelta(minutes=number))
    with scope.desk(people["supervisor"].pk), transaction.atomic():
        for number, count in (("1", records.PER_PAGE), ("2", 5), ("99", 5), ("x", records.PER_PAGE)):
            with django_assert_num_queries(3):
                _page, rows = records.page_of([source.centre_id], number, is_settled=False)
                assert len(rows) == count
        assert rows[0].record.began_at == AT + timedelta(minutes=records.PER_PAGE + 4)


@pytest.mark.parametrize(
    ("difference", "sentence"),
    [
        ({"kind": "unseen"}, "Die Telefonanlage hat diesen Anruf nicht aufgezeichnet."),
        ({"kind": "answered", "desk": True, "record": False}, "Niemand hat abgenommen; am Arbeitsplatz steht, dass er angenommen wurde."),
        ({"kind": "answered", "desk": False, "record": True}, "Er wurde angenommen; am Arbeitsplatz steht, dass niemand abgenommen hat."),
        ({"kind": "agent", "desk": "", "record": "Jana"}, "Zuletzt sprach Jana; am Arbeitsplatz steht niemand."),
        ({"kind": "duration", "desk": None, "record": 3661.6}, "Er dauerte 61:02 min; am Arbeitsplatz hat er kein Ende."),
        ({"kind": "duration", "desk": 1, "record": None}, "Er dauerte unbekannt lange; am Arbeitsplatz stehen 0:01 min."),
    ],
)  # fmt: skip
def test_sentences(difference, sentence):
    assert records.sentence(difference) == sentence


def test_every_kind_has_a_sentence_of_its_own():
    told = {records.sentence({"kind": str(kind), "desk": 1.0, "record": 5.0}) for kind in Kind}
    assert len(told) == len(Kind)
