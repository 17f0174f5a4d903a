"""Tokens are printed again, rotated, and never stored."""

import re

import pytest
from click.testing import CliRunner
from django.db import connection
from django.test import Client

from telephony_bridge import actions, cli
from telephony_bridge.models import Source
from telephony_bridge.tokens import hash_of, secret_of, token_of
from tenants import scope
from tenants.audit import SYSTEM
from tenants.errors import Refusal


def test_the_same_token_at_every_call_another_per_source(soest, kreis):
    centre = actions.give_token(centre=soest.centre, acting_user=SYSTEM)
    town = actions.give_token(centre=soest.centre, municipality=soest, acting_user=SYSTEM)
    assert centre == actions.give_token(centre=soest.centre, acting_user=SYSTEM)
    assert len({centre, town, actions.give_token(centre=soest.centre, municipality=kreis, acting_user=SYSTEM)}) == 3
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", centre)
    with scope.operator():
        assert Source.objects.count() == 3


def test_a_rotated_token_replaces_the_old_one(soest):
    old = actions.give_token(centre=soest.centre, acting_user=SYSTEM)
    new = actions.give_token(centre=soest.centre, rotate=True, acting_user=SYSTEM)
    assert old != new
    assert new == actions.give_token(centre=soest.centre, acting_user=SYSTEM)
    with scope.telephony():
        assert Source.objects.filter(token_hash=hash_of(new)).exists()
        assert not Source.objects.filter(token_hash=hash_of(old)).exists()


def test_nothing_stored_is_the_token(soest):
    token = actions.give_token(centre=soest.centre, acting_user=SYSTEM)
    with scope.operator(), connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(s)::text FROM telephony_bridge_source s")
        assert token not in "".join(row[0] for row in cursor.fetchall())


def test_a_new_secret_key_asks_for_a_new_token(soest, settings):
    actions.give_token(centre=soest.centre, acting_user=SYSTEM)
    settings.SECRET_KEY = "another"
    with pytest.raises(Refusal, match="--rotate"):
        actions.give_token(centre=soest.centre, acting_user=SYSTEM)


def test_generations_have_nothing_in_common():
    assert len({token_of(source, generation) for source in range(1, 20) for generation in range(1, 20)}) == 361
    assert {token_of(1, n) for n in range(9)} & {secret_of(1, n) for n in range(9)} == set()


def told(*arguments):
    """What `rufverbund cti token …` prints; raises what it refuses."""
    return CliRunner().invoke(cli.cti, ["token", *arguments], catch_exceptions=False).output.strip()


@pytest.mark.parametrize("dialect", ["zammad", "sipgate", "placetel"])
def test_the_command_line_gives_a_token_per_dialect(soest, dialect):
    token = told("--centre", "soest", "--dialect", dialect)
    assert token == actions.give_token(centre=soest.centre, dialect=dialect, acting_user=SYSTEM)
    with scope.operator():
        assert Source.objects.get(token_hash=hash_of(token)).dialect == dialect
    assert told("--centre", "soest", "--dialect", dialect, "--rotate") != token


def test_the_command_line_gives_the_secret_where_there_is_one(soest):
    secret = told("--municipality", "soest", "--dialect", "placetel", "--secret")
    with scope.operator():
        source = Source.objects.get(municipality=soest, dialect="placetel")
    assert secret == secret_of(source.pk, 1)
    with pytest.raises(Refusal, match="kennt keine Signatur"):
        told("--municipality", "soest", "--secret")


def test_an_exchange_of_ours_has_no_token(soest):
    assert "Invalid value for '--dialect'" in told("--centre", "soest", "--dialect", "asterisk")
    with pytest.raises(Refusal, match="nicht über einen Webhook"):
        actions.give_token(centre=soest.centre, dialect="asterisk", acting_user=SYSTEM)


def test_who_presents_the_token_of_an_exchange_of_ours_is_refused(soest):
    with scope.operator():
        Source.objects.create(centre=soest.centre, name="Asterisk", dialect="asterisk", token_hash=hash_of("ours"))
    posted = Client(headers={"host": "localhost"}).post("/api/v1/cti/ours", {"event": "newCall", "callId": "1"})
    assert posted.status_code == 401
