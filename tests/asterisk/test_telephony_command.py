"""`rufverbund telephony config` and `check` as an administrator uses them: a real database, a real Asterisk, from an empty folder."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from config import embedded
from telephony_bridge.asterisk.announcements import name_of_text
from telephony_bridge.asterisk.lab import Lab, Ports
from tests.asterisk.sip import play
from tests.asterisk.test_configuration import Handset, opened


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("telephony") / "home"


@pytest.fixture(scope="module")
def run(home):
    """rufverbund telephony … -> (status, output), in an installation of its own with a centre and a town that is live."""

    def rufverbund(*words, **environment):
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("RUFVERBUND_", "DATABASE_", "DJANGO_"))}
        command = [sys.executable, "-m", "config.cli", *words]
        env = inherited | {"RUFVERBUND_HOME": str(home)} | environment
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=180, check=False)
        return done.returncode, (done.stdout + done.stderr).strip()

    with embedded.running(home):  # once for all commands
        made = rufverbund("manage", "shell", "-c", SEED)
        assert made[0] == 0, made
        yield lambda *words, **environment: rufverbund("telephony", *words, **environment)


SEED = """
from django.utils import timezone
from tenants import scope
from tenants.audit import SYSTEM
from tenants.models import Municipality, NumberPrefix, ServiceCentre
from onboarding import actions
with scope.operator():
    centre = ServiceCentre.objects.create(slug="soest", name="Servicecenter Soest", state="NW")
made = actions.add_and_provision(slug="soest", name="Stadt Soest", ags="05974040", kind="stadt", centre=centre, numbers=["+492921103"], acting_user=SYSTEM)
with scope.operator():
    Municipality.objects.update(status="live", emergency="Achtung, Hochwasser.", hours={}, closed_text="Wir sind morgen wieder da.")
    NumberPrefix.objects.update(confirmed_at=timezone.now())
"""


@pytest.fixture(scope="module")
def place(home):
    """Where the files go, and an Asterisk that runs with them."""
    return home.parent / "etc"


@pytest.fixture(scope="module")
def exchange(run, place, home):
    """A laboratory that starts with the files of `place` instead of its own."""
    lab = Lab(home.parent / "lab", Ports.free())
    modules, data = next(lab.root.glob("usr/lib/*/asterisk/modules")), lab.root / "usr/share/asterisk"
    words = [
        "--centre",
        "soest",
        "--trunk",
        "127.0.0.4",
        "--trunk-port",
        str(lab.ports.trunk),
        "--trunk-source",
        "127.0.0.2",
    ]
    words += [
        "--sip",
        "127.0.0.1",
        "--sip-port",
        str(lab.ports.sip),
        "--http",
        str(lab.ports.http),
        "--manager",
        str(lab.ports.manager),
    ]
    words += ["--state", str(lab.folder), "--modules", str(modules), "--data", str(data)]
    assert (
        run("telephone", "add", "platz-1", "--centre", "soest", "--label", "Platz 1; [x]", "--extension", "901")[0] == 0
    )
    assert run("telephone", "add", "platz-2", "--centre", "soest", "--label", "Platz 2")[0] == 0
    status, told = run("config", str(place), *words)
    assert status == 0, told
    (lab.folder / "etc").rmdir() if (lab.folder / "etc").exists() else None
    (lab.folder / "etc").symlink_to(place)
    lab.start()
    yield lab
    lab.stop()


def sentences(told):
    return [line[2:] for line in told.splitlines() if line[:2] in {"✓ ", "! ", "✗ "}]


def test_telephones_are_added_once_and_listed(run, exchange):
    assert json.loads(run("telephone", "list", "--centre", "soest", "--json")[1]) == [
        {"user": "platz-1", "label": "Platz 1 x", "extension": "901"},
        {"user": "platz-2", "label": "Platz 2", "extension": ""},
    ]
    for words, said in (
        (["platz-1", "--label", "x"], "gibt es schon"),
        (["platz-3", "--label", "x", "--extension", "901"], "ist vergeben"),
        (["platz-3", "--label", "x", "--extension", "110"], "Notrufnummer"),
        (["../x", "--label", "x"], "geht nicht als Kennung"),
    ):
        status, told = run("telephone", "add", "--centre", "soest", *words)
        assert (status, said in told) == (1, True), told


def test_a_telephone_that_is_removed_is_in_no_file_any_more(run, exchange, place):
    assert run("telephone", "add", "platz-9", "--centre", "soest", "--label", "Platz 9")[0] == 0
    assert run("config", str(place))[0] == 0
    assert "[platz-9]" in (place / "pjsip.conf").read_text(encoding="utf-8")
    status, told = run("telephone", "remove", "platz-9", "--centre", "soest")
    assert (status, told) == (
        0,
        "Platz 9 (platz-9) ist entfernt. Als Nächstes: rufverbund telephony config DIR --reload.",
    )
    assert run("config", str(place))[0] == 0
    assert "platz-9" not in (place / "pjsip.conf").read_text(encoding="utf-8")
    status, told = run("telephone", "remove", "platz-9", "--centre", "soest")
    assert (status, "gibt es hier nicht" in told) == (1, True), told


def test_texts_are_spoken_and_a_new_one_anew(run, exchange, place):
    closed, emergency = (name_of_text(text) for text in ("Wir sind morgen wieder da.", "Achtung, Hochwasser."))
    assert {path.name for path in (place / "sounds").iterdir()} == {"closed.wav", f"{closed}.wav", f"{emergency}.wav"}
    dialplan = (place / "extensions.conf").read_text(encoding="utf-8")
    assert f"Playback({place / 'sounds' / emergency})" in dialplan
    assert not list(place.glob("sounds/*.new"))
    sound = place / "sounds" / f"{emergency}.wav"
    sound.unlink()
    assert "extensions.conf" in sentences(run("check", str(place))[1])[0]
    assert "0 Dateien neu, 0 geändert" in run("config", str(place))[1]
    assert sound.stat().st_size > 8000


def test_a_second_time_nothing_changes_and_the_options_are_known(run, exchange, place):
    before = {path.name: path.read_bytes() for path in place.glob("*.conf")}
    status, told = run("config", str(place), "--reload")
    assert status == 0
    assert re.search(r"0 Dateien neu, 0 geändert, \d\d unverändert", told)
    assert "Asterisk hat die Dateien neu gelesen." in told
    assert {path.name: path.read_bytes() for path in place.glob("*.conf")} == before


def test_secrets_are_for_their_owner_alone_and_are_never_told(run, exchange, place):
    files = {path.name: path for path in (place / "secrets").iterdir()}
    passwords = [path.read_text(encoding="utf-8") for path in files.values()]
    assert {"asterisk", "telephone-platz-1", "telephone-platz-2"} <= files.keys()
    assert all(path.stat().st_mode & 0o077 == 0 for path in [*place.glob("*.conf"), *(place / "secrets").iterdir()])
    told = run("config", str(place))[1] + run("check", str(place))[1]
    assert not any(password in told for password in passwords)


def test_the_bridge_finds_all_that_it_needs_in_one_file(run, exchange, place):
    told = dict(line.split("=", 1) for line in (place / "bridge.env").read_text(encoding="utf-8").splitlines())
    values = {name: value.strip('"') for name, value in told.items()}
    assert values["RUFVERBUND_ASTERISK"] == f"http://127.0.0.1:{exchange.ports.http}"
    assert values["RUFVERBUND_ASTERISK_MANAGER"] == str(exchange.ports.manager)
    assert values["RUFVERBUND_ASTERISK_CEL"] == str(exchange.cel)
    password = Path(values["RUFVERBUND_ASTERISK_PASSWORD_FILE"]).read_text(encoding="utf-8")
    assert f"secret={password}\n" in (place / "manager.conf").read_text(encoding="utf-8")
    assert f"password={password}\n" in (place / "ari.conf").read_text(encoding="utf-8")


def test_what_was_edited_by_hand_is_kept_beside_and_told(run, exchange, place):
    own = "; Hausnotiz\n[general]\nenabled=yes\n"
    (place / "ari.conf").write_text(own, encoding="utf-8")
    assert "Diese Dateien sind anders, als die Datenbank es will: ari.conf." in run("check", str(place))[1]
    status, told = run("config", str(place))
    assert status == 0
    assert "ari.conf war von Hand geändert; die eigene Fassung liegt jetzt daneben: ari.conf.eigene." in told
    assert (place / "ari.conf.eigene").read_text(encoding="utf-8") == own
    assert "Hausnotiz" not in (place / "ari.conf").read_text(encoding="utf-8")


def test_the_files_that_came_with_asterisk_are_kept_too(run, exchange, tmp_path):
    stock = ["pjsip.conf", "queues.conf", "cel.conf", "http.conf", "ari.conf", "rtp.conf"]
    for name in stock:
        (tmp_path / name).write_text("; as it comes\n", encoding="utf-8")
    status, told = run(
        "config", str(tmp_path), "--centre", "soest", "--trunk", "127.0.0.4", "--state", str(tmp_path / "state")
    )
    assert (status, told.splitlines()[0]) == (
        0,
        "6 Dateien waren von anderen; sie liegen jetzt daneben, mit der Endung .eigene.",
    )
    assert sorted(path.name for path in tmp_path.glob("*.eigene")) == sorted(f"{name}.eigene" for name in stock)


def test_check_tells_each_thing_in_a_sentence(run, exchange, place):
    status, told = run("check", str(place))
    assert [
        line for line in sentences(told) if "(platz-1)" not in line
    ] == [  # which another test has registered, perhaps
        f"Alle {len(list(place.glob('*.conf')))} Dateien sind, wie die Datenbank es will.",
        "Keine Verteilung ist angemeldet: Anrufe gehen in die Notfallverteilung (rufverbund bridge starten).",
        f"Alle {(place / 'modules.conf').read_text(encoding='utf-8').count('load=') - 1} Module sind geladen.",
        "Die Uhren gehen gleich.",
        "Der Anschluss 127.0.0.4 antwortet nicht.",
        "Das Telefon Platz 2 (platz-2) ist nicht angemeldet.",
        "Der Wählplan kennt alle Rufnummern (1).",
    ]
    assert status == 1


def test_a_telephone_that_registers_is_there(run, exchange, place):
    password = (place / "secrets" / "telephone-platz-1").read_text(encoding="utf-8")

    async def played():
        async with opened(Handset("platz-1", password, ("127.0.0.1", exchange.ports.sip))) as handset:
            return await handset.register()

    assert play(played()) == 200
    told = run("check", str(place))[1]
    assert "(platz-1) ist nicht angemeldet" not in told
    assert "(platz-2) ist nicht angemeldet" in told


def test_a_number_that_came_later_a_module_and_a_wrong_password_are_told(run, exchange, place):
    dialplan = place / "extensions.conf"
    written = dialplan.read_text(encoding="utf-8")
    dialplan.write_text(re.sub(r"exten => _\+492921103.*\n", "", written), encoding="utf-8")
    exchange.console("dialplan reload")
    exchange.console("module unload func_cut.so")
    try:
        told = run("check", str(place))[1]
    finally:
        dialplan.write_text(written, encoding="utf-8")
        exchange.console("dialplan reload")
        exchange.console("module load func_cut.so")
    assert "Die Nummer +492921103 (Stadt Soest) kennt der Wählplan nicht" in told
    assert "Asterisk hat diese Module nicht geladen: func_cut." in told
    told = run("check", str(place), RUFVERBUND_ASTERISK_PASSWORD="falsch")[1]
    assert "Asterisk weist das Kennwort von ARI ab" in told
    assert "weist das Kennwort seiner Verwaltung (AMI) ab" in told


def test_an_asterisk_that_does_not_run_is_told(run, exchange, place):
    exchange.stop(signal.SIGKILL)
    status, told = run("check", str(place))
    assert status == 1
    assert "✗ Asterisk (ARI) antwortet nicht auf 127.0.0.1" in told
    assert "✗ Die Verwaltung von Asterisk (AMI) antwortet nicht auf 127.0.0.1" in told
    status, told = run("config", str(place), "--reload")
    assert (status, "Starten Sie es neu." in told) == (1, True)
    exchange.start()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["config", "{new}"], "Nennen Sie mit --centre"),
        (["config", "{new}", "--centre", "soest"], "Nennen Sie mit --trunk"),
        (["config", "{new}", "--centre", "nirgends", "--trunk", "x"], "„nirgends“ gibt es nicht. Bekannt sind: soest"),
        (["config", "{new}", "--centre", "soest", "--trunk", "a b"], "weder ein Rechnername noch eine Adresse"),
        (
            ["config", "{new}", "--centre", "soest", "--trunk", "x", "--trunk-user", "u"],
            "Legen Sie das Kennwort des Anschlusses in",
        ),
        (
            ["config", "{new}", "--centre", "soest", "--trunk", "x", "--sip", "a;b"],
            "weder ein Rechnername noch eine Adresse",
        ),
        (["check", "{new}"], "noch nichts geschrieben"),
    ],
)
def test_what_is_missing_or_wrong_is_one_sentence_and_nothing_is_written(run, exchange, tmp_path, words, said):
    new = tmp_path / "new"
    status, told = run(*(word.format(new=new) for word in words))
    assert status == 1
    assert said in told.splitlines()[-1]
    assert "Traceback" not in told
    assert list(new.glob("*.conf")) == []
