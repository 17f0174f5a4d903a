"""A municipality's members: who sees and changes them, and that an admin always remains."""

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts import actions
from accounts.models import Invitation, Membership, Person
from tenants import scope
from tenants.errors import Refusal
from tests.accounts.conftest import text_of

HOST = "soest.localhost"


@pytest.fixture
def admin(visit):
    """The admin of Soest, signed in."""
    return visit("admin", HOST)


def member(local):
    with scope.front():
        return Membership.objects.select_related("municipality").get(person_email=f"{local}@example.org")


def test_the_list_shows_this_municipality_only(admin):
    page = text_of(admin.get("/mitglieder/"))
    assert "Heike Brand" in page
    assert "Karin Ostermann" in page
    assert "Nils Ebert" not in page
    assert "Jana Köster" not in page  # an agent of the centre is nobody's member


def test_the_list_is_filtered_by_words_and_role(admin):
    assert "Heike Brand" in text_of(admin.get("/mitglieder/?q=brand"))
    assert "Heike Brand" not in text_of(admin.get("/mitglieder/?q=ostermann"))
    assert "Heike Brand" not in text_of(admin.get("/mitglieder/?role=tenant_admin"))
    assert "Niemand passt zu diesem Filter." in text_of(admin.get("/mitglieder/?q=xyz"))


def test_a_long_list_is_paged_with_the_same_number_of_queries(admin, soest):
    with CaptureQueriesContext(connection) as few:
        admin.get("/mitglieder/")
    with scope.front():
        for n in range(60):
            person = Person.objects.create(email=f"p{n}@example.org", name=f"Person {n:02}")
            Membership.objects.create(
                person=person, role="editor", municipality=soest, person_name=person.name, person_email=person.email
            )
    with CaptureQueriesContext(connection) as many:
        page = admin.get("/mitglieder/?seite=2")
    assert len(many) == len(few)
    assert page.context["page_obj"].number == 2
    assert "26 bis 50 von 63" in text_of(page)


def test_a_role_is_changed(admin):
    pk = member("editor").pk
    done = admin.post(f"/mitglieder/{pk}/rolle/", {"role": "department_reader"}, follow=True)
    assert "Heike Brand hat jetzt die Rolle „Fachamt“." in text_of(done)
    assert member("editor").role == "department_reader"


def test_a_role_that_is_held_already_is_refused_in_words(admin, soest, people):
    with scope.front():
        Membership.objects.create(
            person=people["editor"],
            role="department_reader",
            municipality=soest,
            person_name="Heike Brand",
            person_email="x@y.de",
        )
    pk = member("editor").pk
    answer = admin.post(f"/mitglieder/{pk}/rolle/", {"role": "department_reader"})
    assert answer.status_code == 422
    assert "hat diese Rolle schon" in text_of(answer)


def test_a_member_is_removed_after_a_question(admin):
    pk = member("editor").pk
    assert "endet sofort, auch in offenen Fenstern" in text_of(admin.get(f"/mitglieder/{pk}/entfernen/"))
    admin.post(f"/mitglieder/{pk}/entfernen/")
    with scope.front():
        assert not Membership.objects.filter(pk=pk).exists()
        assert Person.objects.filter(email="editor@example.org").exists()


@pytest.mark.parametrize("address", ["rolle", "entfernen"])
def test_the_last_admin_stays(admin, address):
    pk = member("admin").pk
    answer = admin.post(f"/mitglieder/{pk}/{address}/", {"role": "editor"})
    assert answer.status_code == 422
    assert "ist die letzte Person mit der Rolle" in text_of(answer)
    assert member("admin").role == "tenant_admin"


def test_one_of_two_admins_may_go_even_by_themselves(admin):
    admin.post(f"/mitglieder/{member('editor').pk}/rolle/", {"role": "tenant_admin"})
    pk = member("admin").pk
    assert "Das sind Sie selbst" in text_of(admin.get(f"/mitglieder/{pk}/entfernen/"))
    assert admin.post(f"/mitglieder/{pk}/entfernen/").headers["location"] == "/"
    assert admin.get("/mitglieder/").status_code == 404


def test_other_municipalities_have_admins_of_their_own(admin, people):
    """Lippstadt's admin does not count as a second one of Soest."""
    with scope.municipality(member("admin").municipality.schema_name), transaction.atomic(), pytest.raises(Refusal):
        actions.remove_membership(member("admin"), acting_user=people["admin"])


def test_members_of_another_municipality_do_not_exist_here(admin):
    pk = member("editor.kreis").pk
    for address in ("rolle", "entfernen"):
        assert admin.get(f"/mitglieder/{pk}/{address}/").status_code == 404
        assert admin.post(f"/mitglieder/{pk}/{address}/", {"role": "editor"}).status_code == 404


def test_the_log_says_what_was_before(admin, people):
    admin.post(f"/mitglieder/{member('editor').pk}/rolle/", {"role": "department_reader"})
    with scope.operator(), connection.cursor() as cursor:
        cursor.execute("SELECT person_id, before, after FROM tenants_auditentry WHERE action = 'change_role'")
        (person, before, after) = cursor.fetchone()
    assert person == people["admin"].pk
    assert (before, after) in [
        ({"role": "editor"}, {"role": "department_reader"}),
        ('{"role": "editor"}', '{"role": "department_reader"}'),
    ]


# What the database itself refuses to a municipality's login; each with a control that passes.


@pytest.fixture
def as_soest(soest):
    """A function that runs a statement as Soest's login and returns its rows."""

    def run(statement):
        with scope.municipality(soest.schema_name), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else cursor.rowcount

    return run


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM accounts_person",
        "SELECT email FROM accounts_person",
        "SELECT * FROM django_session",
        "SELECT * FROM mfa_authenticator",
        "SELECT * FROM usersessions_usersession",
        "SELECT * FROM account_emailaddress",
        "SELECT * FROM cache",
        "INSERT INTO accounts_membership (person_id, role, municipality_id, person_name, person_email, created_at) "
        "SELECT person_id, 'editor', municipality_id, 'x', 'x', now() FROM accounts_membership LIMIT 1",
        "UPDATE accounts_membership SET municipality_id = municipality_id + 1",
        "UPDATE accounts_membership SET person_id = 1",
        "DELETE FROM accounts_membership",
        "DELETE FROM accounts_invitation",
        "UPDATE accounts_invitation SET email = 'x'",
        "LOCK TABLE accounts_membership IN ACCESS EXCLUSIVE MODE",
    ],
)
def test_people_and_accounts_are_closed_to_a_municipality(as_soest, statement):
    with pytest.raises(ProgrammingError, match="permission denied"):
        as_soest(statement)


def test_it_reads_its_own_members_only(as_soest, soest):
    assert set(as_soest("SELECT municipality_id FROM accounts_membership")) == {(soest.pk,)}


def test_it_makes_itself_no_operator(as_soest):
    with pytest.raises(IntegrityError, match="membership_role_fits_its_place"):
        as_soest("UPDATE accounts_membership SET role = 'operator'")
    assert as_soest("UPDATE accounts_membership SET role = role") == 3


def test_it_invites_to_itself_only(soest, kreis, people):
    with scope.municipality(soest.schema_name):
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            actions.invite(
                email="a@example.org",
                name="A",
                role="editor",
                place=kreis,
                base_url="http://x",
                acting_user=people["admin"],
            )
        with transaction.atomic():
            actions.invite(
                email="a@example.org",
                name="A",
                role="editor",
                place=soest,
                base_url="http://x",
                acting_user=people["admin"],
            )
    with scope.municipality(kreis.schema_name), transaction.atomic():
        assert not Invitation.objects.exists()


def test_delete_own_leaves_other_members_alone(as_soest):
    foreign, own = member("editor.kreis").pk, member("editor").pk
    assert as_soest(f"SELECT public.delete_own('accounts_membership', {foreign})") == [(False,)]
    assert as_soest(f"SELECT public.delete_own('accounts_membership', {own})") == [(True,)]
