"""Tokens are printed again, rotated, and never stored."""

import re

import pytest
from django.db import connection

from telephony_bridge import actions
from telephony_bridge.models import Source
from telephony_bridge.tokens import hash_of, token_of
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
