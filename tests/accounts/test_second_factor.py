"""The second factor is required of everybody with a role, explained, and not removable while it is."""

import base64
import re
import time

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.test import Client

from tenants import scope
from tests.accounts.conftest import text_of, totp
from tests.template import PASSWORD

HOST = "soest.localhost"


@pytest.fixture
def without_factor(people):
    """The editor, signed in by password, with no second factor yet."""
    with scope.front():
        Authenticator.objects.filter(user=people["editor"]).delete()
    client = Client(headers={"host": HOST})
    client.post("/konto/login/", {"login": "editor@example.org", "password": PASSWORD})
    return client


def test_who_has_a_role_is_led_to_the_set_up_and_told_why(without_factor):
    assert without_factor.get("/mitglieder/").headers["location"] == "/konto/2fa/"
    assert "Pflicht für alle, die mehr als ihr eigenes Konto sehen" in text_of(without_factor.get("/konto/2fa/"))


def test_an_app_is_set_up_with_its_code_and_recovery_codes_follow(without_factor):
    page = without_factor.get("/konto/2fa/totp/activate/")
    html = page.content.decode()
    secret = re.search(r"data-totp-secret>([A-Z2-7]+)<", html)[1]
    image = base64.b64decode(re.search(r'src="data:image/svg\+xml;base64,([^"]+)"', html)[1]).decode()
    assert 'fill="white"' in image  # it must be readable on the dark theme
    assert without_factor.post("/konto/2fa/totp/activate/", {"code": "000000"}).status_code == 200
    done = without_factor.post("/konto/2fa/totp/activate/", {"code": totp(secret)}, follow=True)
    assert done.redirect_chain[-1][0] == "/konto/2fa/recovery-codes/"
    codes = re.findall(r"<li>(\d{8})</li>", done.content.decode())
    assert len(codes) == 10
    assert without_factor.get("/mitglieder/").status_code == 403  # an editor: inside, but not an admin
    saved = without_factor.get("/konto/2fa/recovery-codes/download/")
    assert saved.content.decode().split() == codes


def test_the_last_factor_stays_while_there_is_a_role(sign_in, people):
    client = sign_in("editor@example.org", HOST)
    assert "Ihr letzter zweiter Faktor" in text_of(client.get("/konto/2fa/totp/deactivate/"))
    client.post("/konto/2fa/totp/deactivate/", {})
    with scope.front():
        assert Authenticator.objects.filter(user=people["editor"], type="totp").exists()


def test_recovery_codes_alone_do_not_count_as_a_factor(sign_in, people):
    client = sign_in("editor@example.org", HOST)
    client.post("/konto/2fa/recovery-codes/generate/", {})
    client.post("/konto/2fa/totp/deactivate/", {})
    with scope.front():
        assert {a.type for a in Authenticator.objects.filter(user=people["editor"])} == {"totp", "recovery_codes"}


def test_who_has_no_role_may_go_without(sign_in, people):
    client = sign_in("nobody@example.org", "localhost")
    client.post("/konto/2fa/totp/deactivate/", {})
    with scope.front():
        assert not Authenticator.objects.filter(user=people["nobody"]).exists()


def test_the_last_key_stays_too(sign_in, people):
    client = sign_in("editor@example.org", HOST)
    with scope.front():
        Authenticator.objects.filter(user=people["editor"]).delete()
        key = Authenticator.objects.create(
            user=people["editor"], type="webauthn", data={"name": "Stick", "credential": {}}
        )
    answer = client.post(f"/konto/2fa/webauthn/keys/{key.pk}/remove/", {})
    assert answer.headers["location"] == "/konto/2fa/"
    with scope.front():
        assert Authenticator.objects.filter(pk=key.pk).exists()


def test_a_second_key_may_go(sign_in, people):
    client = sign_in("editor@example.org", HOST)
    with scope.front():
        key = Authenticator.objects.create(
            user=people["editor"], type="webauthn", data={"name": "Stick", "credential": {}}
        )
    assert client.get("/konto/2fa/webauthn/").status_code == 200
    client.post(f"/konto/2fa/webauthn/keys/{key.pk}/remove/", {})
    with scope.front():
        assert [a.type for a in Authenticator.objects.filter(user=people["editor"])] == ["totp"]


def test_who_signed_in_long_ago_proves_it_again(sign_in, time_machine):
    client = sign_in("editor@example.org", HOST)
    time_machine.move_to(time.time() + 901)
    asked = client.get("/konto/2fa/recovery-codes/generate/")
    assert asked.headers["location"].startswith("/konto/reauthenticate/")
    assert "Bitte bestätigen Sie, dass Sie es sind" in text_of(client.get(asked.headers["location"]))
    back = client.post(asked.headers["location"], {"password": PASSWORD})
    assert back.headers["location"] == "/konto/2fa/recovery-codes/generate/"


def test_changes_are_told_by_mail(without_factor, committing):
    secret = without_factor.get("/konto/2fa/totp/activate/").context["form"].secret
    without_factor.post("/konto/2fa/totp/activate/", {"code": totp(secret)})
    assert (
        next(m.subject for m in mail.outbox if m.to == ["editor@example.org"])
        == "Rufverbund: Authenticator-App eingerichtet"
    )
    assert "Waren Sie das nicht" in mail.outbox[0].body
