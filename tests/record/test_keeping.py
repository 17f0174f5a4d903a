"""The log in the database: every event once, every call with its intervals, whose they are."""

from datetime import timedelta

import pytest
from django.db import transaction

from accounts.models import Person
from telephony_bridge.models import Call, Presence
from telephony_bridge.record_models import CallInterval, CallRecord, CelEvent, RecordPosition
from tenants import scope
from tests.record.cel import BEGIN, TOWN_HALL, Script
from tests.record.conftest import talk


def records():
    with scope.telephony():
        return list(CallRecord.objects.order_by("began_at", "pk"))


def intervals(record):
    with scope.telephony():
        rows = CallInterval.objects.filter(record=record).order_by("began_at")
        return [(row.kind, (row.ended_at - row.began_at).total_seconds(), row.telephone) for row in rows]


def test_calls_are_recorded_with_their_intervals(write, follow, source):
    one, two = talk(), talk(at=BEGIN + timedelta(seconds=15), agent="agent2")
    write(one, two)
    assert follow() == len(one.lines) + len(two.lines)
    first, second = records()
    assert intervals(first) == one.phases
    assert intervals(second) == two.phases
    assert (first.linked, first.end, first.dialled, first.telephone) == (one.linked, "hangup", TOWN_HALL, "agent1")
    assert (first.began_at, first.answered_at, first.ended_at) == (BEGIN, BEGIN + timedelta(seconds=4), one.at)
    assert (first.source_id, first.centre_id, first.differences) == (source.pk, source.centre_id, [])
    assert [leg["who"] for leg in first.legs] == ["caller", "agent", "target"]
    assert first.legs[1] == {"who": "agent", "telephone": "agent1", "cause": 16, "began": 4, "answered": 4, "ended": 69}


def test_what_is_read_already_is_not_read_again(write, follow):
    write(talk())
    assert follow() > 0
    before = records()[0].pk
    assert follow() == 0
    write(talk())
    assert follow() == len(talk().lines)
    assert records()[0].pk == before
    with scope.telephony():
        assert RecordPosition.objects.count() == 1


@pytest.mark.parametrize("limit", [1, 700])
def test_in_pieces_it_becomes_the_same(write, follow, limit):
    call = talk()
    write(call)
    while follow(limit=limit):
        pass
    (record,) = records()
    assert intervals(record) == call.phases
    with scope.telephony():
        assert CelEvent.objects.count() == len(call.lines)


def test_a_running_call_has_no_intervals_yet(write, follow):
    call = talk()
    write(call, only=slice(8))
    follow()
    (record,) = records()
    assert (record.end, record.ended_at, intervals(record)) == ("open", None, [])
    write(call, only=slice(8, None))
    follow()
    (again,) = records()
    assert (again.pk, again.end, intervals(again)) == (record.pk, "hangup", call.phases)


def test_the_same_lines_under_another_name_count_once(write, follow, log, source):
    call = talk()
    write(call)
    follow()
    from telephony_bridge import record

    copy = log.with_name("copy.csv")
    copy.write_bytes(log.read_bytes())
    with scope.telephony():
        assert record.follow(source, copy) == len(call.lines)
        assert CelEvent.objects.count() == len(call.lines)
    (found,) = records()
    assert intervals(found) == call.phases


def test_calls_of_before_a_restart_are_lost(write, follow):
    call = talk(number=7)
    write(call, only=slice(8))
    follow()
    later = Script("rv-1774746100.0", BEGIN + timedelta(seconds=100))
    later.waits(3)
    write(later, only=slice(2))
    follow()
    lost, running = records()
    assert (lost.end, lost.ended_at, running.end) == ("lost", call.lines[7].at, "open")
    assert sum(seconds for _kind, seconds, _who in intervals(lost)) == (lost.ended_at - BEGIN).total_seconds()
    write(later, only=slice(2, None))
    follow()
    assert [record.end for record in records()] == ["lost", "open"]


def test_calls_of_before_the_start_that_asterisk_tells_are_lost(write, follow):
    call = talk()
    write(call, only=slice(8))
    follow(started=BEGIN - timedelta(days=1))
    assert [record.end for record in records()] == ["open"]
    follow(started=BEGIN + timedelta(seconds=60))
    assert [record.end for record in records()] == ["lost"]


def test_a_call_that_is_silent_longer_than_any_call_is_lost(write, follow):
    call, later = talk(number=5), talk(number=6, at=BEGIN + timedelta(hours=13))
    write(call, only=slice(8))
    follow()
    write(later)
    follow()
    assert [record.end for record in records()] == ["lost", "hangup"]


def test_one_that_was_given_up_too_early_goes_on(write, follow):
    call = talk()
    write(call, only=slice(8))
    follow()
    follow(started=BEGIN + timedelta(hours=1))
    assert [record.end for record in records()] == ["lost"]
    write(call, only=slice(8, None))
    follow()
    (record,) = records()
    assert (record.end, intervals(record)) == ("hangup", call.phases)


def test_what_staff_dial_is_forgotten_when_it_is_over(write, follow):
    call = talk()
    call.lines = [line for line in call.lines if line.event != "INBOUND" and "-" not in line.channel[3:]]
    end, call.lines = call.lines[-1:], call.lines[:-1]
    write(call)
    follow()
    with scope.telephony():
        assert CelEvent.objects.count() == len(call.lines)
    call.lines = end
    write(call)
    follow()
    assert records() == []
    with scope.telephony():
        assert CelEvent.objects.count() == 0


def test_who_sat_at_the_telephone_is_kept_when_somebody_else_does_later(write, follow, people, soest):
    def sits(name, telephone):
        with scope.telephony():
            Presence.objects.update_or_create(
                person_id=people[name].pk, centre=soest.centre, defaults={"person_name": name, "telephone": telephone}
            )

    sits("agent", "Agent1")
    call = talk()
    write(call)
    follow()
    sits("agent", "")
    sits("agent2", "agent1")
    later = talk(at=BEGIN + timedelta(hours=1))
    call.at += timedelta(seconds=1)
    call.lines = []
    call.write("LINKEDID_END")  # of another leg, later: the record is made anew
    write(call, later)
    follow()
    first, second = records()
    assert (first.agent_id, first.agent_name) == (people["agent"].pk, "Jana Köster")
    assert (second.agent_id, second.agent_name) == (people["agent2"].pk, "Murat Aydın")
    with scope.telephony():
        talked = CallInterval.objects.filter(record=first, kind="talking").values_list("agent_id", flat=True)
        assert set(talked) == {people["agent"].pk}


def test_by_their_own_telephone(write, follow, people):
    with scope.front():
        Person.objects.filter(pk=people["agent2"].pk).update(phone_user="AGENT1")
    write(talk())
    follow()
    assert records()[0].agent_id == people["agent2"].pk


def test_each_reads_its_own(write, follow, source, soest, kreis, people, places):
    call = talk()
    with scope.telephony(), transaction.atomic():
        Call.objects.create(source=source, centre=soest.centre, municipality=soest, external_id=call.linked)
    write(call, talk(at=BEGIN + timedelta(hours=1)))  # the second one is nobody's
    follow()

    def seen():
        with transaction.atomic():
            return CallRecord.objects.count(), CallInterval.objects.count()

    with scope.municipality(soest.schema_name):
        assert seen() == (1, 6)
    with scope.municipality(kreis.schema_name):
        assert seen() == (0, 0)
    with scope.desk(people["agent"].pk):
        assert seen() == (2, 12)
    with scope.desk(people["agent.unna"].pk):
        assert seen() == (0, 0)
