"""Several that bring one database up to date at the same time, as the pods of a new version do, each with its own connections."""

import json
import os
import subprocess
import sys
import time

import psycopg

from tenants import migrate
from tests import environment
from tests.database import cloned
from tests.server import ROOT, variables

PROGRAM = "import django, json; django.setup(); from tenants import migrate; print(json.dumps(migrate.apply()))"
WAITING = "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database WHERE locktype = 'advisory' AND NOT granted AND datname = %s"


def started(url: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-W", "ignore", "-c", PROGRAM]
    return subprocess.Popen(
        command, env=variables(url), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def wait_until_both_wait(admin: psycopg.Connection, name: str, programs: list[subprocess.Popen[str]]) -> None:
    deadline = time.monotonic() + 60
    while admin.execute(WAITING, [name]).fetchone() != (2,):
        assert time.monotonic() < deadline
        assert [program.poll() for program in programs] == [None, None], "one did not wait for its turn"
        time.sleep(0.05)


def test_of_two_at_once_one_works_and_the_other_finds_nothing_to_do() -> None:
    name = f"rv_turn_{os.getpid()}"
    with cloned(name) as url:
        with psycopg.connect(environment.SERVER.superuser_url, dbname=name, autocommit=True) as admin:
            admin.execute("UPDATE tenants_installation SET rights_version = 'old'")
            admin.execute("UPDATE tenants_municipality SET schema_version = 'old'")
            admin.execute("SELECT pg_advisory_lock(%s)", [migrate.TURN])
            programs = [started(url), started(url)]
            wait_until_both_wait(admin, name, programs)
            admin.execute("SELECT pg_advisory_unlock(%s)", [migrate.TURN])
            told = [program.communicate(timeout=120) for program in programs]
            versions = admin.execute("SELECT DISTINCT schema_version FROM tenants_municipality").fetchall()
        assert [program.returncode for program in programs] == [0, 0], told
        assert sorted(json.loads(out.splitlines()[-1]) for out, _errors in told) == [False, True]
        assert versions == [(migrate.fingerprint(),)]
