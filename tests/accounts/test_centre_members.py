"""The people of a service centre, on the operator's pages: the same pages as a municipality's, with roles and rights of their own."""

import re

import pytest
from django.core import mail
from django.db import ProgrammingError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import actions
from accounts.models import Invitation, Membership, Person
from tenants import scope
from tenants.audit import SYSTEM
from tenants.errors import Refusal
from tests.accounts.conftest import text_of

PEOPLE = "/betrieb/servicecenter/soest/personen/"
INVITE = f"{PEOPLE}einladen/"
GOOD = "Vier-Pferde-am-Teich"


@pytest.fixture
def operator(visit):
    """The operator, signed in on the front."""
    return visit("operator", "localhost")


@pytest.fixture
def centre(places):
    """The service centre of Soest."""
    return places["soest"].centre


def member(local, **wanted):
    with scope.front():
        return Membership.objects.get(person_email=f"{local}@example.org", **wanted)


def also(person, centre, role):
    """One more role of a person in a centre."""
    with scope.front():
        return Membership.objects.create(
            person=person, role=role, centre=centre, person_name=person.name, person_email=person.email
        )


def many(centre, number):
    with scope.front():
        for n in range(number):
            person = Person.objects.create(email=f"p{n}@example.org", name=f"Person {n:02}")
            also(person, centre, "agent")


def invited(centre, email="neu@example.org", role="agent", place=None):
    """An open invitation, and the path of its link."""
    with scope.operator(), transaction.atomic():
        row, link = actions.invite(
            email=email, name="Nora Neu", role=role, place=place or centre, base_url="", acting_user=SYSTEM
        )
    return row, link


def state_of(row):
    with scope.front():
        return type(row).objects.filter(pk=row.pk).values().first()


# The list


def test_the_list_shows_this_centre_only(operator, centre):
    invited(centre)
    page = text_of(operator.get(PEOPLE))
    for name in ("Jana Köster", "Murat Aydın", "Beate Hüsing", "Nora Neu", "Servicecenter Soest"):
        assert name in page
    for name in ("Olga Weiss", "Heike Brand", "Claudia Rennert (Sie)"):
        assert name not in page


def test_the_list_is_filtered_by_words_and_role(operator):
    assert "Beate Hüsing" in text_of(operator.get(f"{PEOPLE}?role=supervisor"))
    assert "Jana Köster" not in text_of(operator.get(f"{PEOPLE}?role=supervisor"))
    assert "Jana Köster" in text_of(operator.get(f"{PEOPLE}?q=köster"))
    assert "Niemand passt zu diesem Filter." in text_of(operator.get(f"{PEOPLE}?q=xyz"))
    assert "Jana Köster" in text_of(operator.get(f"{PEOPLE}?role=tenant_admin"))  # no role of a centre: no filter


def test_a_centre_without_people_invites_the_first(operator):
    operator.post("/betrieb/servicecenter/neu/", {"name": "Servicecenter Hamm", "slug": "hamm"})
    page = text_of(operator.get("/betrieb/servicecenter/hamm/personen/"))
    assert "Noch niemand. Laden Sie die erste Person ein." in page
    assert (
        "/betrieb/servicecenter/hamm/personen/einladen/"
        in operator.get("/betrieb/servicecenter/hamm/").content.decode()
    )


def test_members_and_invitations_are_paged_with_the_same_number_of_queries(operator, centre):
    invited(centre)
    with CaptureQueriesContext(connection) as few:
        operator.get(PEOPLE)
    many(centre, 30)
    for n in range(27):
        invited(centre, f"e{n}@example.org")
    with CaptureQueriesContext(connection) as lots:
        page = operator.get(f"{PEOPLE}?seite=2&einladungen=2")
    assert len(lots) == len(few)
    assert "26 bis 33 von 33" in text_of(page)
    assert "26 bis 28 von 28" in text_of(page)


# Inviting


@pytest.mark.parametrize("role", ["agent", "supervisor"])
def test_an_invitation_leads_to_the_desk(operator, centre, committing, role):
    page = operator.post(INVITE, {"name": "Nora Neu", "email": "Neu@Example.org", "role": role})
    path = re.search(r'value="http://desk\.localhost(/einladung/\S+/)"', page.content.decode())[1]
    assert f"http://desk.localhost{path}" in mail.outbox[0].body
    done = Client(headers={"host": "desk.localhost"}).post(
        path, {"name": "Nora Neu", "password1": GOOD, "password2": GOOD}
    )
    assert done.headers["location"] == "/konto/2fa/"
    made = member("neu")
    assert (made.centre_id, made.municipality_id, made.role) == (centre.pk, None, role)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"email": ""}, "zwingend erforderlich"),
        ({"email": "neu"}, "gültige E-Mail-Adresse"),
        ({"email": f"{'x' * 60}@{'y' * 60}.{'z' * 60}.{'w' * 60}.{'v' * 30}.de"}, "höchstens 254 Zeichen"),
        ({"email": "agent@example.org"}, "agent@example.org hat diese Rolle schon."),
        ({"email": "offen@example.org"}, "offen@example.org ist schon zu dieser Rolle eingeladen."),
        ({"name": " "}, "zwingend erforderlich"),
        ({"role": ""}, "zwingend erforderlich"),
    ],
)
def test_mistakes_are_said_and_nothing_typed_is_lost(operator, centre, change, said):
    invited(centre, "offen@example.org")
    typed = {"name": "Nora Neu", "email": "neu@example.org", "role": "agent"} | change
    answer = operator.post(INVITE, typed)
    assert answer.status_code == 422
    assert said in text_of(answer)
    for field in ("name", "email"):
        if typed[field].strip():
            assert f'value="{typed[field]}"' in answer.content.decode()
    with scope.front():
        assert Invitation.objects.count() == 1


def test_who_answers_calls_already_can_become_supervisor_too(operator):
    answer = operator.post(INVITE, {"name": "Jana Köster", "email": "agent@example.org", "role": "supervisor"})
    assert answer.status_code == 200


def test_an_invitation_is_renewed_and_withdrawn(operator, centre):
    row, old = invited(centre)
    renewed = operator.post(f"{PEOPLE}einladungen/{row.pk}/erneuern/").content.decode()
    new = re.search(r'value="http://desk\.localhost(/einladung/\S+/)"', renewed)[1]
    browser = Client(headers={"host": "desk.localhost"})
    assert browser.get(old).status_code == 404
    assert browser.get(new).status_code == 200
    done = operator.post(f"{PEOPLE}einladungen/{row.pk}/zurueckziehen/", follow=True)
    assert "der Link gilt nicht mehr" in text_of(done)
    assert browser.get(new).status_code == 404


# Roles


def test_a_role_is_changed_and_the_log_says_where(operator, centre):
    pk = member("agent").pk
    done = operator.post(f"{PEOPLE}{pk}/rolle/", {"role": "supervisor"}, follow=True)
    assert "Jana Köster hat jetzt die Rolle „Teamleitung“." in text_of(done)
    assert member("agent").role == "supervisor"
    with scope.operator(), connection.cursor() as cursor:
        cursor.execute("SELECT centre_id, person_name FROM tenants_auditentry WHERE action = 'change_role'")
        assert cursor.fetchall() == [(centre.pk, "Claudia Rennert")]
    log = text_of(operator.get("/betrieb/protokoll/"))
    assert "Rolle geändert" in log


@pytest.mark.parametrize("role", ["operator", "tenant_admin", "editor", "department_reader", "", "x"])
def test_no_other_role_is_given_here(operator, role):
    row = member("agent")
    before = state_of(row)
    assert operator.post(f"{PEOPLE}{row.pk}/rolle/", {"role": role}).status_code == 422
    assert operator.post(INVITE, {"name": "N", "email": "n@example.org", "role": role}).status_code == 422
    assert state_of(row) == before
    with scope.front():
        assert not Invitation.objects.exists()


@pytest.mark.parametrize("who", ["agent.unna", "editor", "admin", "operator"])
@pytest.mark.parametrize("address", ["rolle", "entfernen"])
def test_people_of_other_places_do_not_exist_here(operator, who, address):
    row = member(who)
    before = state_of(row)
    path = f"{PEOPLE}{row.pk}/{address}/"
    assert operator.get(path).status_code == 404
    assert operator.post(path, {"role": "supervisor"}).status_code == 404
    assert state_of(row) == before


@pytest.mark.parametrize("where", ["unna", "soest", "platform"])
def test_invitations_to_other_places_do_not_exist_here(operator, places, where):
    place = {"unna": places["unna"].centre, "soest": places["soest"], "platform": None}[where]
    role = {"unna": "agent", "soest": "editor", "platform": "operator"}[where]
    with scope.operator(), transaction.atomic():
        row, _link = actions.invite(
            email="neu@example.org", name="N", role=role, place=place, base_url="", acting_user=SYSTEM
        )
    before = state_of(row)
    for address in ("erneuern", "zurueckziehen"):
        path = f"{PEOPLE}einladungen/{row.pk}/{address}/"
        assert operator.get(path).status_code == 404
        assert operator.post(path).status_code == 404
    assert state_of(row) == before


@pytest.mark.parametrize("who", ["supervisor", "agent", "admin"])
def test_nobody_but_the_operator_manages_a_centre(visit, who):
    assert visit(who, "localhost").get(PEOPLE).status_code == 403
    assert visit(who, "localhost").post(INVITE, {"name": "N", "email": "n@b.de", "role": "agent"}).status_code == 403
    assert visit("supervisor", "desk.localhost").get(PEOPLE).status_code == 404


# The end of a membership


def test_a_membership_ends_after_a_question_and_the_desk_closes(operator, visit, centre):
    desk = visit("agent", "desk.localhost")
    assert desk.get("/").status_code == 200
    pk = member("agent").pk
    question = text_of(operator.get(f"{PEOPLE}{pk}/entfernen/"))
    assert "Ein Gespräch, das gerade läuft, wird nicht getrennt" in question
    assert "Danach hat hier niemand mehr" not in question
    done = operator.post(f"{PEOPLE}{pk}/entfernen/", follow=True)
    assert "Jana Köster hat die Rolle „Servicecenter-Mitarbeitende“ nicht mehr." in text_of(done)
    for path in ("/", "/warteschlange/"):
        assert desk.get(path).status_code == 403
    assert "haben aber in keinem Servicecenter eine Rolle" in text_of(desk.get("/"))
    with scope.operator(), connection.cursor() as cursor:
        cursor.execute("SELECT centre_id, before FROM tenants_auditentry WHERE action = 'remove_membership'")
        rows = cursor.fetchall()
    assert [row[0] for row in rows] == [centre.pk]
    assert "agent@example.org" in str(rows[0][1])


def test_the_desks_of_the_centre_are_told_in_the_same_transaction(operator, centre, people):
    """What is delivered is delivered to who may still hear it: this is what closes the streams at once."""
    from tenants.models import OutboxEntry

    operator.post(f"{PEOPLE}{member('agent').pk}/entfernen/")
    with scope.worker(), transaction.atomic():
        told = list(OutboxEntry.objects.filter(stream=f"c:{centre.pk}").values_list("kind", "object_id", "op"))
    assert told == [("presence", str(people["agent"].pk), "changed")]


def test_who_has_another_role_there_keeps_the_desk(operator, visit, centre, people):
    also(people["supervisor"], centre, "agent")
    pk = member("supervisor", role="agent").pk
    question = text_of(operator.get(f"{PEOPLE}{pk}/entfernen/"))
    assert "Am Arbeitsplatz bleibt die Person mit der Rolle „Teamleitung“." in question
    operator.post(f"{PEOPLE}{pk}/entfernen/")
    assert visit("supervisor", "desk.localhost").get("/").status_code == 200


@pytest.mark.parametrize("address", ["rolle", "entfernen"])
def test_the_last_supervisor_may_go_but_it_is_said(operator, address):
    """A centre is not locked up by that: the operator invites another."""
    path = f"{PEOPLE}{member('supervisor').pk}/{address}/"
    assert "Danach hat hier niemand mehr die Rolle „Teamleitung“." in text_of(operator.get(path))
    assert operator.post(path, {"role": "agent"}).status_code == 302


def test_an_operator_who_works_there_loses_the_desk_only(operator, centre, people):
    row = also(people["operator"], centre, "agent")
    path = f"{PEOPLE}{row.pk}/entfernen/"
    assert "Das sind Sie selbst." in text_of(operator.get(path))
    assert operator.post(path).headers["location"] == PEOPLE
    assert operator.get(PEOPLE).status_code == 200


def test_of_two_who_end_the_same_membership_one_is_told(centre, people):
    row, same = member("agent"), member("agent")
    with scope.operator(), transaction.atomic():
        actions.remove_membership(row, acting_user=people["operator"])
        for late in (
            lambda: actions.remove_membership(same, acting_user=people["operator"]),
            lambda: actions.change_role(same, "supervisor", acting_user=people["operator"]),
        ):
            with pytest.raises(Refusal, match="nicht mehr da"):
                late()
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM tenants_auditentry WHERE action IN ('remove_membership', 'change_role')"
            )
            assert cursor.fetchone() == (1,)


def test_a_role_that_is_held_already_is_refused_in_words(operator, centre, people):
    also(people["agent"], centre, "supervisor")
    answer = operator.post(f"{PEOPLE}{member('agent', role='agent').pk}/rolle/", {"role": "supervisor"})
    assert answer.status_code == 422
    assert "Jana Köster hat diese Rolle schon." in text_of(answer)


# What the database itself refuses to the operator's login; each with a control that passes.


@pytest.fixture
def as_operator(db):
    """A function that runs a statement as the operator's login and returns how many rows it changed."""

    def run(statement):
        with scope.operator(), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.rowcount

    return run


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO accounts_membership (person_id, role, municipality_id, person_name, person_email, created_at) "
        "SELECT person_id, 'editor', (SELECT id FROM tenants_municipality LIMIT 1), 'x', 'x', now() "
        "FROM accounts_membership WHERE role = 'operator'",
        "UPDATE accounts_membership SET person_id = 1",
        "UPDATE accounts_membership SET municipality_id = 1, centre_id = NULL, role = 'editor'",
        "UPDATE accounts_invitation SET municipality_id = 1",
        "UPDATE accounts_invitation SET email = 'x'",
        "SELECT email FROM accounts_person",
        "SELECT session_key FROM django_session",
    ],
)
def test_a_role_is_moved_nowhere(as_operator, statement):
    with pytest.raises(ProgrammingError, match="permission denied"):
        as_operator(statement)


def test_members_of_municipalities_are_looked_at_only(as_operator, centre, soest):
    invited(centre, role="editor", place=soest)
    invited(centre)
    town, ours = "municipality_id IS NOT NULL", "centre_id IS NOT NULL"
    assert as_operator(f"SELECT 1 FROM accounts_membership WHERE {town}") > 0
    assert as_operator(f"UPDATE accounts_membership SET role = 'editor' WHERE {town}") == 0
    assert as_operator(f"DELETE FROM accounts_membership WHERE {town} OR role = 'operator'") == 0
    assert as_operator(f"UPDATE accounts_invitation SET token_hash = 'x' WHERE {town}") == 0
    assert as_operator(f"DELETE FROM accounts_invitation WHERE {town}") == 0
    assert as_operator(f"UPDATE accounts_invitation SET token_hash = 'x' WHERE {ours}") == 1
    assert as_operator(f"DELETE FROM accounts_invitation WHERE {ours}") == 1
    assert as_operator(f"UPDATE accounts_membership SET role = role WHERE {ours}") == 4
    assert as_operator(f"DELETE FROM accounts_membership WHERE {ours}") == 4


def test_an_expired_invitation_can_be_renewed(operator, centre):
    row, _link = invited(centre)
    with scope.front():
        Invitation.objects.update(expires_at=timezone.now())
    assert "abgelaufen" in text_of(operator.get(PEOPLE))
    operator.post(f"{PEOPLE}einladungen/{row.pk}/erneuern/")
    assert "abgelaufen" not in text_of(operator.get(PEOPLE))
