"""A telephone has one person who is there, whoever comes when, and from wherever."""

import time
from datetime import timedelta
from functools import partial
from threading import Event

import psycopg
import pytest
import time_machine
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone

from accounts.models import Person
from telephony_bridge import actions, times
from telephony_bridge.actions.telephones import remove_telephone
from telephony_bridge.models import Presence, Telephone
from telephony_bridge.presence import follow_calls
from tenants import scope
from tenants.audit import SYSTEM
from tenants.errors import Refusal
from tenants.models import AuditEntry, ServiceCentre
from tests import environment


@pytest.fixture
def seat(soest):
    with scope.operator(), transaction.atomic():
        return Telephone.objects.create(centre=soest.centre, user="platz3", label="Platz 3", extension="903")


def seats(centre):
    """Who is there at which telephone."""
    with scope.telephony():
        rows = Presence.objects.filter(centre=centre).exclude(state="away").order_by("person_name")
        return list(rows.values_list("person_name", "telephone"))


def comes(at_desk, who, centre, state="ready"):
    with at_desk(who) as person:
        actions.sign_in_at(centre, "platz3", acting_user=person)
        actions.set_presence(centre, state, acting_user=person)


def test_who_comes_back_to_a_telephone_that_has_somebody_sits_at_their_own(at_desk, soest, seat):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        comes(at_desk, "agent", soest.centre)
        clock.shift(times.PRESENCE + timedelta(seconds=1))
        with scope.telephony():
            actions.expire_presences()
        comes(at_desk, "agent2", soest.centre)
        with at_desk("agent") as jana:
            actions.heartbeat(jana.pk, soest.centre_id)
    assert seats(soest.centre) == [("Jana Köster", ""), ("Murat Aydın", "platz3")]


@pytest.mark.parametrize("how", ["herself", "by a call", "by who leads the team"])
def test_however_they_come_back(at_desk, soest, seat, ring, people, how):
    comes(at_desk, "agent", soest.centre)
    with at_desk("agent") as jana:
        actions.set_presence(soest.centre, "away", acting_user=jana)
    comes(at_desk, "agent2", soest.centre)
    if how == "herself":
        with at_desk("agent"):
            actions.set_presence(soest.centre, "ready", acting_user=jana)
    elif how == "by a call":
        ring(state="talking", agent_id=jana.pk, agent_name=jana.name)
        with scope.telephony(), transaction.atomic():
            follow_calls(jana.pk, jana.name, soest.centre_id)
    else:
        with at_desk("supervisor") as beate:
            presence = Presence.objects.get(person_id=jana.pk)
            actions.lead_presence(presence, "break", "Besprechung", acting_user=beate)
    assert seats(soest.centre) == [("Jana Köster", ""), ("Murat Aydın", "platz3")]


def test_who_comes_back_to_a_telephone_that_nobody_has_sits_there_again(at_desk, soest, seat):
    comes(at_desk, "agent", soest.centre)
    with at_desk("agent") as jana:
        actions.set_presence(soest.centre, "away", acting_user=jana)
        actions.set_presence(soest.centre, "ready", acting_user=jana)
    assert seats(soest.centre) == [("Jana Köster", "platz3")]


def test_of_another_centre_no_telephone_is_locked(at_desk, soest, seat):
    for who, locked in (("agent", True), ("agent.unna", False)):
        with at_desk(who), connection.cursor() as cursor:
            cursor.execute("SELECT public.lock_telephone(%s, 'platz3')", [soest.centre_id])
            assert cursor.fetchone() == (locked,)


@pytest.mark.parametrize("values", [{"telephone": "platz3"}, {"state": "ready"}], ids=["sits down", "comes back"])
def test_by_no_statement_of_their_own_does_anybody_sit_beside_somebody(at_desk, soest, seat, values):
    with at_desk("agent2") as murat:
        actions.sign_in_at(soest.centre, "platz3" if "state" in values else "", acting_user=murat)
        actions.set_presence(soest.centre, "away" if "state" in values else "ready", acting_user=murat)

    def attempt():
        try:
            with at_desk("agent2") as murat, transaction.atomic():
                return Presence.objects.filter(person_id=murat.pk).update(**values)
        except ProgrammingError:
            return 0

    comes(at_desk, "agent", soest.centre)
    assert attempt() == 0
    with at_desk("agent") as jana:
        actions.set_presence(soest.centre, "away", acting_user=jana)
    assert attempt() == 1


def removed(soest, user="platz3"):
    return remove_telephone(centre=soest.centre, user=user, acting_user=SYSTEM)


def test_a_telephone_at_which_nobody_sits_is_removed_with_an_audit_row(at_desk, soest, seat):
    comes(at_desk, "agent", soest.centre)
    with pytest.raises(Refusal, match="Am Telefon „Platz 3“ sitzt gerade Jana Köster"):
        removed(soest)
    with at_desk("agent") as jana:
        actions.set_presence(soest.centre, "away", acting_user=jana)
    with scope.owner():
        Presence.objects.filter(person_id=jana.pk).update(telephone="Platz3")  # a name is the same in any letters
    removed(soest)
    with scope.telephony():
        assert not Telephone.objects.filter(user="platz3").exists()
        assert Presence.objects.get(person_id=jana.pk).telephone == ""
    with scope.owner():
        assert AuditEntry.objects.get(action="remove_telephone").before["user"] == "platz3"
    with pytest.raises(Refusal, match="gibt es hier nicht"):
        removed(soest)


def test_neither_is_one_that_is_somebodys_own_or_another_centres(at_desk, soest, seat, people, places):
    with scope.owner(), transaction.atomic():
        Person.objects.filter(pk=people["agent"].pk).update(phone_user="Platz3")
    with at_desk("agent") as jana:
        actions.set_presence(soest.centre, "ready", acting_user=jana)
    with pytest.raises(Refusal, match="sitzt gerade Jana Köster"):
        removed(soest)
    with pytest.raises(Refusal, match="gibt es hier nicht"):
        removed(places["unna"])
    for who in ("agent", "supervisor"):
        with at_desk(who), pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT public.remove_telephone(%s)", [seat.pk])
    with scope.telephony():
        assert Telephone.objects.filter(pk=seat.pk).exists()


WAITS = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'"


def wait_until_one_waits(other):
    """Until a statement in the threads' database waits for a lock; fails where `other` ends without."""
    name = f"{environment.DATABASE}_threads"
    deadline = time.monotonic() + 30
    with psycopg.connect(environment.SERVER.superuser_url, dbname=name, autocommit=True) as admin:
        while admin.execute(WAITS, [name]).fetchone() == (0,):
            assert not other.is_set(), "it did not wait"
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_a_telephone_is_removed_while_somebody_comes_back_to_it_and_neither_waits_for_the_other(in_threads, stage):
    centre, (jana, *_others) = stage
    locked, ended = Event(), Event()

    def was_there():
        with scope.operator(), transaction.atomic():
            Telephone.objects.create(centre=centre, user="platz7", label="Platz 7")
        with scope.desk(jana.pk), transaction.atomic():
            actions.set_presence(centre, "away", acting_user=jana)
            actions.sign_in_at(centre, "platz7", acting_user=jana)

    def comes_back():
        with scope.desk(jana.pk), transaction.atomic():
            Presence.objects.select_for_update().get(person_id=jana.pk, centre=centre)
            locked.set()
            wait_until_one_waits(ended)
            actions.set_presence(centre, "ready", acting_user=jana)

    def removes():
        assert locked.wait(30)
        try:
            remove_telephone(centre=centre, user="platz7", acting_user=SYSTEM)
        except Refusal as refusal:
            return str(refusal)
        finally:
            ended.set()
        return "removed"

    in_threads(was_there)
    told = in_threads(comes_back, removes)[1]
    assert "sitzt gerade Jana Köster" in told
    assert ("Jana Köster", "platz7") in in_threads(partial(seats, centre))[0]


AGENTS = ("agent", "agent2", "supervisor")


@pytest.fixture(scope="module")
def stage(in_threads):
    """A centre with a telephone, and people."""

    def prepare():
        with scope.operator(), transaction.atomic():
            centre = ServiceCentre.objects.get(slug="soest")
            Telephone.objects.create(centre=centre, user="platz9", label="Platz 9")
        with scope.front():
            return centre, [Person.objects.get(email=f"{name}@example.org") for name in AGENTS]

    return in_threads(prepare)[0]


def test_of_all_who_sit_down_at_once_exactly_one_sits_there(in_threads, stage):
    centre, people = stage

    def is_away(person):
        with scope.desk(person.pk), transaction.atomic():
            actions.set_presence(centre, "away", acting_user=person)
            actions.sign_in_at(centre, "", acting_user=person)

    def is_ready(person):
        with scope.desk(person.pk), transaction.atomic():
            actions.set_presence(centre, "ready", acting_user=person)

    def sits_down(person):
        try:
            with scope.desk(person.pk), transaction.atomic():
                actions.sign_in_at(centre, "platz9", acting_user=person)
        except Refusal:
            return False
        return True

    for _again in range(4):
        for person in people:
            in_threads(partial(is_away, person))
            in_threads(partial(is_ready, person))
        assert in_threads(*(partial(sits_down, person) for person in people)).count(True) == 1
        (found,) = in_threads(partial(seats, centre))
        assert [telephone for _name, telephone in found].count("platz9") == 1
    for _again in range(4):  # and of all who have it from a time when nobody was there
        for person in people:
            in_threads(partial(is_away, person))
            in_threads(partial(sits_down, person))
        in_threads(*(partial(is_ready, person) for person in people))
        (found,) = in_threads(partial(seats, centre))
        assert [telephone for _name, telephone in found].count("platz9") == 1
        assert len(found) == len(people)
