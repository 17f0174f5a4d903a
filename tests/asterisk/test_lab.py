"""The genuine Asterisk: callers reach a telephone while nothing of ours runs, and it comes back after whatever happens to it."""

import csv
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from urllib.parse import unquote

import pytest

from config.processes import end_with_parent
from telephony_bridge.asterisk.lab import Lab, Ports
from tenants.errors import Refusal
from tests.asterisk.sip import PATIENCE, Caller, Phone, play

TOWN_HALL = "+4929211030"


def call(asterisk, until, *, rings=0.2, **options):
    """A call to the town hall, with a telephone at place 1, until something holds of (caller, phone); returns both."""

    async def played():
        async with Phone(asterisk.ports.phones, rings=rings) as phone:
            async with Caller(TOWN_HALL, asterisk.ports.sip, **options) as caller:
                await caller.until(lambda: until(caller, phone))
            return caller, phone

    return play(played())


def test_while_nothing_of_ours_runs_a_caller_reaches_a_telephone(asterisk):
    asterisk.console("queue add member PJSIP/agent1 to fallback")
    caller, phone = call(asterisk, lambda caller, _phone: caller.talked > 1)
    assert caller.status == 200
    assert len(phone.calls) == 1
    assert "+4917012345" in phone.calls[0]


def test_who_waits_hears_music(asterisk):
    caller, phone = call(asterisk, lambda caller, _phone: caller.music > 1)
    assert caller.talked == 0
    assert phone.calls == []


def test_the_record_has_who_was_called_and_from_where_it_was_diverted(asterisk):
    diverted = "Diversion: <sip:+492941980@127.0.0.2>;reason=unconditional"
    call(asterisk, lambda caller, _phone: caller.status == 200, headers=(diverted,))
    asterisk.console("cel show status")
    rows = list(csv.reader(asterisk.cel.read_text(encoding="utf-8").splitlines()))
    called = [row[-1] for row in rows if row[0] == "INBOUND"]
    assert called
    assert unquote(called[-1]).startswith(f'{{"extra":"{TOWN_HALL}|<sip:+492941980@127.0.0.2>')


def eventually(holds):
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, "did not come true in time"
        time.sleep(0.05)


def kept(asterisk):
    """The members of the queue as they are on disk, where they come a second later."""
    with closing(sqlite3.connect(f"file:{asterisk.folder}/db/astdb.sqlite3?mode=ro", uri=True)) as database:
        return str(database.execute("SELECT value FROM astdb WHERE key LIKE '/Queue/%'").fetchall())


def test_killed_it_starts_again_at_the_same_ports_and_still_knows_who_is_in_the_queue(asterisk):
    asterisk.console("queue add member PJSIP/agent1 to fallback")
    eventually(lambda: "PJSIP/agent1" in kept(asterisk))
    asterisk.stop(signal.SIGKILL)
    assert not asterisk.runs()
    asterisk.start(before=end_with_parent(os.getpid()))
    assert "PJSIP/agent1" in asterisk.console("queue show fallback")
    caller, _phone = call(asterisk, lambda caller, _phone: caller.talked > 0.2)
    assert caller.status == 200


def test_another_process_finds_and_stops_it(asterisk):
    other = Lab(asterisk.folder)
    assert other.ports == asterisk.ports
    with pytest.raises(Refusal, match="läuft schon"):
        other.start()
    other.stop()
    assert asterisk.pid() is None
    other.stop()  # which is no error


@pytest.mark.parametrize(("name", "kind"), [("http", socket.SOCK_STREAM), ("sip", socket.SOCK_DGRAM)])
def test_a_port_that_is_taken_is_named(asterisk, name, kind):
    asterisk.stop()
    port = getattr(asterisk.ports, name)
    with socket.socket(type=kind) as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, kind == socket.SOCK_STREAM)
        taken.bind(("127.0.0.1", port))
        if kind == socket.SOCK_STREAM:
            taken.listen()
        with pytest.raises(Refusal, match=f"Der Port {port} ist belegt"):
            asterisk.start()


def test_a_configuration_that_it_does_not_take_is_told(asterisk):
    asterisk.stop()
    conf = asterisk.folder / "etc" / "modules.conf"
    kept = conf.read_text(encoding="utf-8")
    conf.write_text("[modules]\nautoload=no\nrequire=no_such_module.so\n", encoding="utf-8")
    try:
        with pytest.raises(Refusal, match="Asterisk ist nicht gestartet"):
            asterisk.start()
    finally:
        conf.write_text(kept, encoding="utf-8")


def test_secrets_are_only_for_who_owns_the_folder(asterisk):
    assert (asterisk.folder / "secret").stat().st_mode & 0o077 == 0
    assert f"password={asterisk.secret()}" in (asterisk.folder / "etc" / "ari.conf").read_text(encoding="utf-8")
    assert (asterisk.folder / "etc" / "ari.conf").stat().st_mode & 0o077 == 0


def test_the_command_starts_it_asks_it_and_stops_it(asterisk, tmp_path):
    folder, ports = tmp_path / "lab", Ports.free()
    Lab(folder, ports)  # else it would listen where somebody else may
    told = []
    for words in (["start"], ["start"], ["console", "core", "show", "version"], ["stop"], ["stop"], ["console", "x"]):
        command = [sys.executable, "-m", "config.cli", "telephony", "lab", "--folder", str(folder), *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        told.append((done.returncode, (done.stdout + done.stderr).strip()))
    running = f"Asterisk läuft: SIP 127.0.0.1:{ports.sip}, ARI 127.0.0.1:{ports.http}, Einrichtung in {folder}/etc."
    assert told[0] == (0, running)
    assert told[1] == (1, f"Fehler: Asterisk läuft schon ({folder}).")
    assert told[2][1].startswith("Asterisk 22.")
    assert told[3:5] == [(0, "Asterisk ist beendet."), (0, "Asterisk läuft nicht.")]
    assert told[5] == (1, "Fehler: Asterisk läuft nicht. Starten Sie es mit: rufverbund telephony lab start")


def test_a_folder_whose_path_is_too_long_is_refused_in_words(asterisk, tmp_path):
    folder = tmp_path / ("x" * 60) / ("y" * 40)
    lab = Lab(folder, Ports.free())
    with pytest.raises(Refusal, match="ist zu lang für Asterisk"):
        lab.start()
