"""`rufverbund person`."""

import json

import pytest
from click.testing import CliRunner

from accounts.cli import person
from accounts.models import Invitation, Membership, Person
from tenants import scope
from tenants.errors import Refusal
from tests.template import PASSWORD


def run(*arguments, **options):
    return CliRunner().invoke(person, arguments, catch_exceptions=False, **options)


def test_a_person_is_added_with_a_password_from_standard_input(soest):
    options = ["--email", "Neu@example.org", "--name", "Nora Neu", "--role", "tenant_admin", "--municipality", "soest"]
    result = run("add", *options, "--password-stdin", "--json", input="Vier-Pferde-am-Teich\n")
    assert json.loads(result.stdout) | {"id": 0} == {"id": 0, "email": "neu@example.org", "role": "tenant_admin"}
    with scope.front():
        made = Person.objects.get(email="neu@example.org")
        assert made.check_password("Vier-Pferde-am-Teich")
        assert Membership.objects.get(person=made).municipality_id == soest.pk


def test_somebody_who_exists_gets_the_role_and_keeps_the_password(people):
    before = people["editor"].password
    run("add", "--email", "editor@example.org", "--name", "Egal", "--role", "agent", "--centre", "soest")
    with scope.front():
        kept = Person.objects.get(email="editor@example.org")
        assert (kept.name, kept.password) == ("Heike Brand", before)
        assert set(Membership.objects.filter(person=kept).values_list("role", flat=True)) == {"editor", "agent"}


def test_a_weak_password_is_refused(db):
    with pytest.raises(Refusal, match="zu kurz"):
        run("add", "--email", "a@b.de", "--name", "A", "--role", "operator", "--password-stdin", input="kurz\n")


@pytest.mark.parametrize(
    ("place", "role"),
    [
        (["--municipality", "soest"], "agent"),
        (["--centre", "soest"], "editor"),
        ([], "editor"),
        (["--municipality", "soest"], "operator"),
    ],
)
def test_a_role_at_the_wrong_place_is_refused(db, place, role):
    with pytest.raises(Refusal, match="passt nicht zu diesem Ort"):
        run("add", "--email", "a@b.de", "--name", "A", "--role", role, *place)


def test_an_unknown_place_is_named(db):
    with pytest.raises(Refusal, match="„nirgends“ gibt es nicht"):
        run("invite", "--email", "a@b.de", "--name", "A", "--role", "editor", "--municipality", "nirgends")


def test_two_places_are_wrong_usage(db):
    assert (
        run(
            "add",
            "--email",
            "a@b.de",
            "--name",
            "A",
            "--role",
            "editor",
            "--municipality",
            "soest",
            "--centre",
            "soest",
        ).exit_code
        == 2
    )


@pytest.mark.parametrize(
    ("place", "role", "start"),
    [
        (["--municipality", "soest"], "editor", "http://soest.localhost/einladung/"),
        (["--centre", "soest"], "supervisor", "http://desk.localhost/einladung/"),
        ([], "operator", "http://localhost/einladung/"),
        (["--municipality", "soest", "--base-url", "https://x.example"], "editor", "https://x.example/einladung/"),
    ],
)
def test_an_invitation_is_printed_once(db, place, role, start):
    result = run("invite", "--email", "neu@example.org", "--name", "N", "--role", role, *place, "--json")
    printed = json.loads(result.stdout)
    assert printed["link"].startswith(start)
    with scope.front():
        assert Invitation.objects.get(email="neu@example.org").role == role


def test_everybody_is_listed_with_roles(people):
    listed = {entry["email"]: entry for entry in json.loads(run("list", "--json").stdout)}
    assert listed["agent@example.org"]["roles"] == [{"role": "agent", "municipality": None, "centre": "soest"}]
    assert listed["nobody@example.org"]["roles"] == []
    assert "editor@soest" in run("list").stdout


def test_a_person_is_deactivated(people):
    assert "gesperrt" in run("deactivate", "editor@example.org").stdout
    with scope.front():
        assert not Person.objects.get(email="editor@example.org").is_active
    with pytest.raises(Refusal, match="Es gibt keine Person"):
        run("deactivate", "niemand@example.org")


def test_lost_factors_are_reset_and_sessions_end(people, sign_in):
    client = sign_in("editor@example.org", "soest.localhost")
    assert "neuen zweiten Faktor" in run("reset-factor", "editor@example.org").stdout
    assert client.get("/konto/").status_code == 302
    client.post("/konto/login/", {"login": "editor@example.org", "password": PASSWORD})
    assert client.get("/mitglieder/").headers["location"] == "/konto/2fa/"
