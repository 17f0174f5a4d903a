"""A browser's way of signing in, without a browser."""

import re
import time
from collections.abc import Callable

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.test import Client

from tests.template import PASSWORD, TOTP_SECRET


def totp(secret: str = TOTP_SECRET, *, step: int = 0) -> str:
    """The code that an authenticator app shows now (or `step` half minutes later)."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30 + step)))


@pytest.fixture
def sign_in(db: None) -> Callable[..., Client]:
    """sign_in("editor@example.org", "soest.localhost") -> a client that went through both pages."""

    def signed_in(email: str, host: str, *, step: int = 0, password: str = PASSWORD) -> Client:
        client = Client(headers={"host": host, "user-agent": "Firefox"})
        first = client.post("/konto/login/", {"login": email, "password": password})
        assert first.headers.get("location") == "/konto/2fa/authenticate/", first.content.decode()[-3000:]
        second = client.post("/konto/2fa/authenticate/", {"code": totp(step=step)})
        assert second.status_code == 302, second.content.decode()[-3000:]
        return client

    return signed_in


def text_of(response) -> str:
    """What a page says, without markup."""
    html = re.sub(r"<(script|style)\b.*?</\1>", " ", response.content.decode(), flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


@pytest.fixture
def committing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits for the commit happens at once, as it does outside a test's transaction."""
    monkeypatch.setattr("django.db.transaction.on_commit", lambda run, **_options: run())
