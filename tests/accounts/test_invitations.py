"""Invitations: a link that works once, for a week, for the address it was made for."""

import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from accounts import actions
from accounts.models import Invitation, Membership, Person
from tenants import scope
from tenants.audit import SYSTEM
from tenants.errors import Refusal
from tests.accounts.conftest import text_of

HOST = "soest.localhost"
GOOD = "Vier-Pferde-am-Teich"


@pytest.fixture
def admin(visit):
    """The admin of Soest, signed in."""
    return visit("admin", HOST)


def invite(client, email="neu@example.org", role="editor", name="Nora Neu"):
    return client.post("/mitglieder/einladen/", {"name": name, "email": email, "role": role})


def path_of(response):
    return re.search(r'value="http://soest\.localhost(/einladung/\S+/)"', response.content.decode())[1]


def accept(path, **data):
    return Client(headers={"host": HOST}).post(path, {"name": "Nora Neu", "password1": GOOD, "password2": GOOD} | data)


def roles_of(email):
    with scope.front():
        return sorted(Membership.objects.filter(person__email=email).values_list("municipality__slug", "role"))


def test_a_new_person_gets_an_account_the_role_and_is_led_to_the_second_factor(admin):
    path = path_of(invite(admin))
    page = Client(headers={"host": HOST}).get(path)
    assert "Stefan Droste lädt neu@example.org zur Rolle „Redaktion“ ein." in text_of(page)
    done = accept(path)
    assert done.headers["location"] == "/konto/2fa/"
    assert roles_of("neu@example.org") == [("soest", "editor")]
    with scope.front():
        assert EmailAddress.objects.get(email="neu@example.org").verified


def test_the_new_person_is_signed_in_but_stays_outside_until_the_second_factor_stands(admin):
    client = Client(headers={"host": HOST})
    client.post(path_of(invite(admin)), {"name": "Nora Neu", "password1": GOOD, "password2": GOOD})
    assert client.get("/konto/").status_code == 200
    assert client.get("/mitglieder/").headers["location"] == "/konto/2fa/"


def test_a_link_works_once(admin):
    path = path_of(invite(admin))
    accept(path)
    again = accept(path, name="Noch Jemand")
    assert again.status_code == 404
    assert "Diese Einladung gilt nicht mehr" in text_of(again)


def test_a_link_ends_after_a_week(admin):
    path = path_of(invite(admin))
    with scope.front():
        invitation = Invitation.objects.get()
        assert timedelta(days=6, hours=23) < invitation.expires_at - timezone.now() <= timedelta(days=7)
        Invitation.objects.update(expires_at=timezone.now())
    assert accept(path).status_code == 404
    assert roles_of("neu@example.org") == []


def test_only_a_hash_of_the_token_is_stored(admin):
    token = path_of(invite(admin)).split("/")[2]
    with scope.front():
        row = Invitation.objects.values().get()
    assert token not in str(row)
    assert row["token_hash"] == actions.hash_of(token)


def test_somebody_with_an_account_signs_in_as_that_address_first(admin, visit):
    path = path_of(invite(admin, "editor.kreis@example.org"))
    anonymous = Client(headers={"host": HOST}).get(path)
    assert f"/konto/login/?next={path}" in anonymous.content.decode()
    other = visit("reader", HOST)
    assert "Die Einladung gilt für editor.kreis@example.org" in text_of(other.get(path))
    other.post(path)
    assert roles_of("editor.kreis@example.org") == [("kreis", "editor")]
    right = visit("editor.kreis", HOST)
    assert right.post(path).headers["location"] == "/"
    assert roles_of("editor.kreis@example.org") == [("kreis", "editor"), ("soest", "editor")]


def test_an_account_cannot_be_taken_over_through_a_link(admin, people):
    """Whoever holds a link for an address with an account must sign in; no password is set."""
    path = path_of(invite(admin, "editor.kreis@example.org"))
    response = accept(path)
    assert response.status_code == 200
    with scope.front():
        assert not Person.objects.get(email="editor.kreis@example.org").check_password(GOOD)


def test_the_action_refuses_another_person_even_without_the_page(soest, people):
    with scope.municipality(soest.schema_name), transaction.atomic():
        _row, link = actions.invite(
            email="neu@example.org",
            name="N",
            role="editor",
            place=soest,
            base_url="http://x",
            acting_user=people["admin"],
        )
    with pytest.raises(Refusal, match=r"Diese Einladung ist für neu@example\.org"):
        actions.accept_invitation(link.split("/")[-2], acting_user=people["reader"])


def test_a_revoked_link_ends(admin):
    path = path_of(invite(admin))
    with scope.front():
        pk = Invitation.objects.get().pk
    assert "gilt dann nicht mehr" in text_of(admin.get(f"/mitglieder/einladungen/{pk}/zurueckziehen/"))
    admin.post(f"/mitglieder/einladungen/{pk}/zurueckziehen/")
    assert accept(path).status_code == 404


def test_a_renewed_link_replaces_the_old_one(admin):
    old = path_of(invite(admin))
    with scope.front():
        Invitation.objects.update(expires_at=timezone.now())
        pk = Invitation.objects.get().pk
    new = path_of(admin.post(f"/mitglieder/einladungen/{pk}/erneuern/"))
    assert accept(old).status_code == 404
    assert accept(new).status_code == 302


def test_the_same_role_is_not_offered_twice(admin):
    invite(admin)
    again = invite(admin, "NEU@example.org")
    assert again.status_code == 422
    assert "ist schon zu dieser Rolle eingeladen" in text_of(again)
    held = invite(admin, "editor@example.org")
    assert "hat diese Rolle schon" in text_of(held)


def test_a_role_of_a_centre_is_not_given_by_a_municipality(admin, soest, people):
    assert invite(admin, role="agent").status_code == 422
    with scope.municipality(soest.schema_name), transaction.atomic(), pytest.raises(Refusal, match="passt nicht"):
        actions.invite(
            email="a@b.de", name="A", role="supervisor", place=soest, base_url="http://x", acting_user=people["admin"]
        )


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"password2": "anders-als-oben"}, "sind verschieden"),
        ({"password1": "kurz", "password2": "kurz"}, "zu kurz"),
        ({"password1": "neu@example.org", "password2": "neu@example.org"}, "zu ähnlich"),
        ({"name": " "}, "zwingend erforderlich"),
    ],
)
def test_a_bad_password_or_name_is_said_and_nothing_is_made(admin, data, words):
    response = accept(path_of(invite(admin)), **data)
    assert response.status_code == 422
    assert words in text_of(response)
    assert roles_of("neu@example.org") == []


def test_the_link_goes_out_by_mail_when_there_is_a_server(admin, committing):
    page = invite(admin)
    assert "als E-Mail an neu@example.org unterwegs" in text_of(page)
    letter = mail.outbox[0]
    assert letter.subject == "Einladung: Stadt Soest"
    assert f"http://soest.localhost{path_of(page)}" in letter.body


def test_without_a_mail_server_the_inviter_is_told_to_pass_the_link_on(admin, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    assert "Es ist kein Mailserver eingerichtet." in text_of(invite(admin))


def test_every_step_is_in_the_log(admin, people):
    accept(path_of(invite(admin)))
    with scope.operator(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT action, person_name FROM tenants_auditentry WHERE action LIKE '%%invit%%' OR action = 'add_membership' ORDER BY id"
        )
        rows = cursor.fetchall()
    assert rows[-3:] == [("invite", "Stefan Droste"), ("accept_invitation", "Nora Neu"), ("add_membership", "Nora Neu")]


def test_agents_and_operators_are_invited_at_their_own_places(places, people):
    with scope.operator():
        centre = places["soest"].centre
        _row, link = actions.invite(
            email="agentin@example.org",
            name="A",
            role="agent",
            place=centre,
            base_url="http://desk.localhost",
            acting_user=SYSTEM,
        )
    response = Client(headers={"host": "desk.localhost"}).post(
        link.removeprefix("http://desk.localhost"), {"name": "Agentin", "password1": GOOD, "password2": GOOD}
    )
    assert response.status_code == 302
    with scope.front():
        assert Membership.objects.get(person__email="agentin@example.org").centre_id == centre.pk
