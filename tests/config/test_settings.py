"""Settings come from the environment and fail loudly; each case reads the module anew."""

import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

SOURCE = Path(__file__).resolve().parents[2] / "platform" / "config" / "settings.py"


@pytest.fixture
def read(monkeypatch):
    def settings(**environment):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(SOURCE))

    return settings


@pytest.mark.parametrize(
    ("url", "port", "starttls", "tls"),
    [
        ("smtp://post:a%40b@mail.example", 587, True, False),
        ("smtp://mail.example:2525", 2525, True, False),
        ("smtps://mail.example", 465, False, True),
        ("smtps://mail.example:4650", 4650, False, True),
    ],
)
def test_mail_always_travels_encrypted(read, url, port, starttls, tls):
    found = read(RUFVERBUND_MAIL_URL=url)
    assert (found["EMAIL_HOST"], found["EMAIL_PORT"]) == ("mail.example", port)
    assert (found["EMAIL_USE_TLS"], found["EMAIL_USE_SSL"]) == (starttls, tls)


def test_a_password_of_mail_may_hold_any_character(read):
    found = read(RUFVERBUND_MAIL_URL="smtp://post:a%40b@mail.example")
    assert (found["EMAIL_HOST_USER"], found["EMAIL_HOST_PASSWORD"]) == ("post", "a@b")


@pytest.mark.parametrize("url", ["mail.example:587", "http://mail.example", "smtp://", "smtp:mail.example"])
def test_a_malformed_mail_address_is_refused(read, url):
    with pytest.raises(ImproperlyConfigured, match="RUFVERBUND_MAIL_URL"):
        read(RUFVERBUND_MAIL_URL=url)


def test_a_missing_secret_is_named(read, monkeypatch):
    monkeypatch.delenv("RUFVERBUND_SECRET_KEY")
    with pytest.raises(ImproperlyConfigured, match="RUFVERBUND_SECRET_KEY is not set"):
        read()


def test_a_secret_may_stand_in_a_file(read, monkeypatch, tmp_path):
    (tmp_path / "key").write_text("from a file\n", encoding="utf-8")
    assert read(RUFVERBUND_SECRET_KEY_FILE=str(tmp_path / "key"))["SECRET_KEY"] == "from a file"


def test_only_the_demonstration_and_tests_have_a_name_without_a_domain(read):
    loopback = {"127.0.0.1", "[::1]"}
    assert not loopback & set(read(RUFVERBUND_TESTING="0")["ALLOWED_HOSTS"])
    assert loopback < set(read(RUFVERBUND_TESTING="0", RUFVERBUND_DEMO="1")["ALLOWED_HOSTS"])


def test_no_header_speaks_for_a_proxy(read):
    """uvicorn believes those of a trusted one; Django would believe anybody's."""
    found = read(RUFVERBUND_TESTING="0", RUFVERBUND_HTTPS="1", RUFVERBUND_DOMAIN="servicecenter.example.de")
    assert (found["USE_X_FORWARDED_HOST"], found["USE_X_FORWARDED_PORT"]) == (False, False)
    assert found["SECURE_PROXY_SSL_HEADER"] is None


def test_opensearch_is_there_only_where_it_is_named(read):
    assert read(RUFVERBUND_TESTING="0")["OPENSEARCH"] is None
    found = read(RUFVERBUND_TESTING="0", OPENSEARCH_URL="https://os1:9200/, https://os2:9200", OPENSEARCH_PASSWORD="x")
    assert found["OPENSEARCH"]["hosts"] == ["https://os1:9200", "https://os2:9200"]
    assert read(RUFVERBUND_TESTING="1", OPENSEARCH_URL="https://os1:9200")["OPENSEARCH"] is None


@pytest.mark.parametrize(
    "given",
    [
        {"OPENSEARCH_URL": "os1:9200"},
        {"OPENSEARCH_URL": "https://me:secret@os1:9200"},
        {"OPENSEARCH_URL": "http://os1:9200", "OPENSEARCH_PASSWORD": "secret"},
        {"OPENSEARCH_URL": "http://os1:9200", "OPENSEARCH_API_KEY": "secret"},
    ],
)
def test_an_address_of_opensearch_that_gives_secrets_away_is_refused(read, given):
    with pytest.raises(ImproperlyConfigured) as refused:
        read(RUFVERBUND_TESTING="0", **given)
    assert "secret" not in str(refused.value)


def test_without_opensearch_its_client_is_not_even_loaded():
    """Where it is not used, a start must not pay for it."""
    code = "import django, sys; django.setup(); from knowledge.search import finding; from knowledge import tasks, cli; print('opensearchpy' in sys.modules)"
    paths = os.pathsep.join(str(SOURCE.parents[at]) for at in (1, 2))
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "False"


def test_days_after_which_the_outbox_is_forgotten(read):
    assert read()["RUFVERBUND_OUTBOX_DAYS"] == 30
    assert read(RUFVERBUND_OUTBOX_DAYS="7")["RUFVERBUND_OUTBOX_DAYS"] == 7
    with pytest.raises(ImproperlyConfigured, match="RUFVERBUND_OUTBOX_DAYS"):
        read(RUFVERBUND_OUTBOX_DAYS="0")
