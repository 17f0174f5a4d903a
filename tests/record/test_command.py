"""`rufverbund telephony record` as an administrator uses it."""

import subprocess
import sys
from datetime import timedelta

import pytest

from tests import database, environment
from tests.record.cel import BEGIN
from tests.record.conftest import talk
from tests.server import ROOT, variables

NAME = f"{environment.DATABASE}_record"


@pytest.fixture(scope="module")
def run():
    """run(*words) -> (status, what it says)."""
    with database.cloned(NAME) as url:

        def rufverbund(*words):
            command = [sys.executable, "-W", "ignore", "-m", "config.cli", "telephony", "record", *words]
            done = subprocess.run(command, env=variables(url), cwd=ROOT, capture_output=True, text=True, check=False)
            return done.returncode, (done.stdout + done.stderr).strip()

        yield rufverbund


def test_a_file_is_read_once(run, write, log):
    calls = [talk(number, BEGIN + timedelta(minutes=number)) for number in range(3)]
    write(*calls)
    lines = sum(len(call.lines) for call in calls)
    given = ("--file", str(log), "--centre", "soest")
    assert run(*given) == (0, f"{lines} Zeilen gelesen, 3 Anrufe weichen ab.")
    assert run(*given) == (0, "0 Zeilen gelesen, 0 Anrufe weichen ab.")


def test_what_is_wrong_is_told(run, write, log):
    write(talk())
    status, told = run("--file", str(log), "--centre", "werl")
    assert (status, told) == (1, "Fehler: Das Servicecenter „werl“ gibt es nicht. Bekannt sind: soest, unna.")
    assert run("--file", str(log.with_name("none.csv")), "--centre", "soest")[0] == 2
