"""Whoever reads the log may be killed between any two steps: nothing is twice then, and nothing is missing."""

import subprocess
import sys
from datetime import timedelta

import psycopg
import pytest

from tests import database, environment
from tests.record.cel import BEGIN
from tests.record.conftest import talk
from tests.record.dying import STEPS
from tests.server import ROOT, variables

NAME = f"{environment.DATABASE}_dying"
CALLS = 4
SOURCE = """INSERT INTO telephony_bridge_source (centre_id, name, dialect, generation, token_hash, networks, refused_why, created_at)
SELECT id, 'Asterisk', 'asterisk', 1, 'x', '[]', '', now() FROM tenants_servicecentre WHERE slug = 'soest' RETURNING id"""
EVENTS = "SELECT linked, event, channel FROM telephony_bridge_celevent ORDER BY id"
INTERVALS = """SELECT r.linked, kind, extract(epoch FROM i.ended_at - i.began_at)::float, i.telephone FROM telephony_bridge_callinterval i
JOIN telephony_bridge_callrecord r ON r.id = record_id WHERE r."end" = 'hangup' ORDER BY r.began_at, i.began_at"""
POSITION = 'SELECT "offset", gaps FROM telephony_bridge_recordposition'


@pytest.mark.slow
def test_killed_between_any_two_steps_nothing_is_twice_and_nothing_missing(write, log):
    calls = [talk(number, BEGIN + timedelta(seconds=7 * number)) for number in range(CALLS)]
    write(*calls)
    with (
        database.cloned(NAME) as url,
        psycopg.connect(environment.SERVER.superuser_url, dbname=NAME, autocommit=True) as admin,
    ):
        (source,) = admin.execute(SOURCE).fetchone()
        command = [sys.executable, "-W", "ignore", "-m", "tests.record.dying", str(log), str(source)]
        done = subprocess.run(command, env=variables(url), cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert int(done.stdout) == STEPS
        events, intervals, position = (admin.execute(query).fetchall() for query in (EVENTS, INTERVALS, POSITION))
    assert events == [(line.linked, line.event, line.channel) for call in calls for line in call.lines]
    assert intervals == [(call.linked, *phase) for call in calls for phase in call.phases]
    assert position == [(log.stat().st_size, 0)]
