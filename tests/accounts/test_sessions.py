"""Sessions belong to one host and end at once: one by one, all others, on another password, with the account, at a first second factor."""

from http.cookies import SimpleCookie

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from accounts import actions
from accounts.models import Membership
from tenants import scope
from tenants.audit import SYSTEM
from tests.accounts.conftest import text_of, totp
from tests.template import PASSWORD

HOST = "soest.localhost"


def inside(client):
    return client.get("/konto/").status_code == 200


@pytest.fixture
def two(sign_in):
    """Two browsers of the same person."""
    return sign_in("admin@example.org", HOST), sign_in("admin@example.org", HOST, step=1)


@pytest.mark.parametrize("host", ["desk.localhost", "localhost", "lippstadt.localhost", "127.0.0.1"])
def test_a_cookie_that_was_carried_to_another_host_opens_nothing_there(two, host):
    here, _there = two
    thief = Client(headers={"host": host})
    thief.cookies = SimpleCookie({"rufverbund_session": here.cookies["rufverbund_session"].value})
    assert not inside(thief)
    assert inside(here)


def test_who_signs_in_elsewhere_with_such_a_cookie_leaves_the_other_session_alone(two, sign_in):
    here, _there = two
    other = Client(headers={"host": "desk.localhost"})
    other.cookies = SimpleCookie({"rufverbund_session": here.cookies["rufverbund_session"].value})
    other.post("/konto/login/", {"login": "admin@example.org", "password": PASSWORD})
    assert other.post("/konto/2fa/authenticate/", {"code": totp(step=-1)}).status_code == 302
    assert inside(other)
    assert inside(here)


def test_a_session_that_knows_no_host_opens_nothing(people):
    """Such as those from before sessions knew theirs."""
    client = Client(headers={"host": HOST})
    with scope.front():
        client.force_login(people["admin"])
    assert not inside(client)


def test_one_other_session_is_ended_from_the_list(two, people):
    here, there = two
    with scope.front():
        key = there.cookies["rufverbund_session"].value
        pk = UserSession.objects.get(session_key=key).pk
    assert "Firefox" in text_of(here.get("/konto/sitzungen/"))
    assert here.post(f"/konto/sitzungen/{pk}/beenden/").headers["location"] == "/konto/sitzungen/"
    assert inside(here)
    assert not inside(there)


def test_nobody_ends_somebody_elses_session(two, sign_in):
    other = sign_in("editor@example.org", HOST)
    with scope.front():
        pk = UserSession.objects.get(session_key=two[0].cookies["rufverbund_session"].value).pk
    assert other.post(f"/konto/sitzungen/{pk}/beenden/").status_code == 404
    assert inside(two[0])


def test_all_others_end_together(two):
    here, there = two
    here.post("/konto/sitzungen/", {})
    assert inside(here)
    assert not inside(there)


def test_another_password_signs_out_everywhere_else(two, people):
    here, there = two
    new = "Vier-Pferde-am-Teich"
    listened_with = there.cookies["rufverbund_session"].value  # an open event stream asks whether it is still there
    here.post("/konto/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert inside(here)
    assert not inside(there)
    with scope.front():
        assert not Session.objects.filter(session_key=listened_with).exists()
        assert UserSession.objects.filter(user=people["admin"]).count() == 1


def test_a_deactivated_person_is_out_at_the_next_request_and_stays_out(two, people):
    here, there = two
    actions.deactivate_person(people["admin"], acting_user=SYSTEM)
    assert not inside(here)
    assert not inside(there)
    answer = Client(headers={"host": HOST}).post("/konto/login/", {"login": "admin@example.org", "password": PASSWORD})
    assert answer.status_code in {200, 302}
    with scope.front():
        assert not UserSession.objects.filter(user=people["admin"]).exists()


def test_the_flag_alone_suffices(two, people):
    """Whoever clears is_active in the database has ended the access, whatever became of the sessions."""
    with scope.front():
        type(people["admin"]).objects.filter(pk=people["admin"].pk).update(is_active=False)
    assert not inside(two[0])


def test_a_role_that_was_taken_away_counts_at_the_next_request(two, people):
    assert two[0].get("/mitglieder/").status_code == 200
    with scope.front():
        Membership.objects.filter(person=people["admin"]).delete()
    assert two[0].get("/mitglieder/").status_code == 404


def test_a_second_factor_that_was_taken_away_counts_at_the_next_request(two, people):
    with scope.front():
        Authenticator.objects.filter(user=people["admin"]).delete()
    assert two[0].get("/mitglieder/").headers["location"] == "/konto/2fa/"


def test_at_the_desk_a_role_and_a_second_factor_count_at_the_next_request(visit, people):
    desk, other = visit("agent", "desk.localhost"), visit("agent2", "desk.localhost")
    assert (desk.get("/suche?q=a").status_code, other.get("/suche?q=a").status_code) == (200, 200)
    with scope.front():
        Membership.objects.filter(person=people["agent"]).delete()
        Authenticator.objects.filter(user=people["agent2"]).delete()
    assert desk.get("/suche?q=a").status_code == 403
    assert other.get("/suche?q=a").headers["location"] == "/konto/2fa/"


@pytest.mark.parametrize("who", ["0", "-1", "999999999", str(2**63 - 1)])
def test_a_session_of_somebody_who_is_not_there_is_nobodys(two, who):
    here, _there = two
    with scope.front():
        session = here.session
        session[SESSION_KEY] = who
        session.save()
    assert here.get("/konto/").status_code == 302


@pytest.mark.parametrize("key", ["x", "x" * 8, "x" * 20_000, "ä" * 32, "%00" * 12, "' OR true --", "../../etc/passwd"])
def test_any_text_is_a_session_key_of_nobody(db, key):
    client = Client(headers={"host": HOST, "cookie": f"rufverbund_session={key}"})
    assert client.get("/konto/").status_code == 302


def test_a_session_that_is_over_opens_nothing(two):
    here, there = two
    with scope.front():
        Session.objects.filter(session_key=here.cookies["rufverbund_session"].value).update(expire_date=timezone.now())
    assert not inside(here)
    assert inside(there)


def test_a_session_that_somebody_else_wrote_opens_nothing(two):
    """What is stored is signed: writing a row does not suffice."""
    here, _there = two
    with scope.front():
        Session.objects.filter(session_key=here.cookies["rufverbund_session"].value).update(session_data="e30:x:y")
    assert not inside(here)


def test_the_first_second_factor_ends_sessions_that_knew_only_the_password(people, committing):
    with scope.front():
        Authenticator.objects.filter(user=people["editor"]).delete()
    thief, owner = (Client(headers={"host": HOST}) for _ in range(2))
    for client in (thief, owner):
        client.post("/konto/login/", {"login": "editor@example.org", "password": PASSWORD})
        assert inside(client)
    page = owner.get("/konto/2fa/totp/activate/")
    secret = page.context["form"].secret
    assert owner.post("/konto/2fa/totp/activate/", {"code": totp(secret)}).status_code == 302
    assert inside(owner)
    assert not inside(thief)


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox auf Windows"),
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
            "Chrome auf Linux",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Safari/537.36 Edg/156.0",
            "Edge auf Windows",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1",
            "Safari auf iPhone",
        ),
        ("curl/8.5.0", "curl/8.5.0"),
        ("", "unbekannt"),
    ],
)
def test_a_session_is_named_by_its_browser(user_agent, name):
    from accounts.templatetags.browsers import browser_name

    assert browser_name(user_agent) == name
