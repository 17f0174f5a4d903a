"""The command line: one door, exit statuses, errors as a sentence; and the first use of an empty RUFVERBUND_HOME."""

import importlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import psutil
import pytest

from config.cli import ENTRIES
from tenants.prepare import LOGINS

Run = Callable[..., subprocess.CompletedProcess[str]]


def rufverbund(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the program as a newcomer does: without any settings but those given."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("RUFVERBUND_", "DATABASE_", "DJANGO_"))}
    command = [sys.executable, "-m", "config.cli", *arguments]
    return subprocess.run(
        command, env=inherited | environment, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cli") / "home"


@pytest.fixture(scope="module")
def run(home: Path) -> Iterator[Run]:
    """rufverbund(...) in a RUFVERBUND_HOME of its own, which the first command that needs it fills."""
    yield lambda *arguments, **environment: rufverbund(*arguments, RUFVERBUND_HOME=str(home), **environment)
    assert [p for p in psutil.process_iter(["cmdline"]) if str(home) in " ".join(p.info["cmdline"] or [])] == []


def test_the_overview_names_every_command_and_touches_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    done = rufverbund("--help", RUFVERBUND_HOME=str(home))
    assert done.returncode == 0
    assert set(ENTRIES) <= set(re.findall(r"^  ([\w-]+) ", done.stdout, re.MULTILINE))
    assert not home.exists()


@pytest.mark.parametrize("name", sorted(ENTRIES))
def test_every_command_is_where_the_table_says(name: str) -> None:
    module, _, attribute = ENTRIES[name].target.partition(":")
    assert isinstance(getattr(importlib.import_module(module), attribute), click.Command)


def test_help_of_a_command_needs_no_database(tmp_path: Path) -> None:
    done = rufverbund("migrate", "--help", RUFVERBUND_HOME=str(tmp_path))
    assert done.returncode == 0
    assert "--json" in done.stdout
    assert not (tmp_path / "postgres").exists()


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["migrate", "--nonsense"], ["municipality", "add", "x"], ["db", "prepare"]]
)
def test_wrong_usage_is_status_2(run: Run, arguments: list[str]) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_a_refusal_is_status_1_and_one_sentence(run: Run) -> None:
    done = run("cti", "token", "--centre", "nowhere")
    assert done.returncode == 1
    assert done.stdout == ""
    last = done.stderr.strip().splitlines()[-1]
    assert re.fullmatch(r"Fehler: .*„nowhere“.*", last)
    assert "Traceback" not in done.stderr


def test_the_database_is_made_by_the_first_command_and_found_by_the_next(run: Run) -> None:
    first = run("municipality", "list", "--json")
    assert (first.returncode, json.loads(first.stdout)) == (0, [])
    second = run("migrate", "--json")
    assert second.returncode == 0
    assert json.loads(second.stdout)["changed"] is False


def test_a_database_that_does_not_answer_is_one_sentence(tmp_path: Path) -> None:
    secrets = {f"RUFVERBUND_{name}": "x" * 40 for name in ("SECRET_KEY", "DATABASE_SECRET", "OWNER_SECRET")}
    url = f"postgresql:///rufverbund?host={tmp_path}"
    done = rufverbund("municipality", "list", DATABASE_URL=url, RUFVERBUND_HOME=str(tmp_path), **secrets)
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].startswith("Fehler: Die Datenbank antwortet nicht")
    assert "Traceback" not in done.stderr


def test_missing_settings_are_one_sentence(tmp_path: Path) -> None:
    done = rufverbund("municipality", "list", DATABASE_URL="postgresql:///x", RUFVERBUND_HOME=str(tmp_path))
    assert done.returncode == 1
    assert "RUFVERBUND_SECRET_KEY" in done.stderr
    assert "Traceback" not in done.stderr


def test_check_names_each_component_and_what_to_do(run: Run) -> None:
    done = run("check", "--json")
    findings = json.loads(done.stdout)
    assert {f["status"] for f in findings} <= {"ok", "warning"}, findings
    assert done.returncode == 0
    components = {f["component"] for f in findings}
    assert components == {"state", "configuration", "database", "migrations", "search", "telephony", "mail"}
    assert all(f["todo"] for f in findings if f["status"] == "warning")


def test_check_says_what_is_wrong(tmp_path: Path) -> None:
    done = rufverbund("check", "--json", DATABASE_URL="postgresql:///x", RUFVERBUND_HOME=str(tmp_path))
    assert done.returncode == 1
    assert [f["component"] for f in json.loads(done.stdout) if f["status"] == "error"] == ["configuration"]


def test_db_prepare_prints_sql_without_passwords(tmp_path: Path) -> None:
    secrets = {f"RUFVERBUND_{name}": "x" * 40 for name in ("SECRET_KEY", "DATABASE_SECRET", "OWNER_SECRET")}
    url = "postgresql://db.example/rufverbund"
    done = rufverbund("db", "prepare", DATABASE_URL=url, RUFVERBUND_HOME=str(tmp_path), **secrets)
    assert done.returncode == 0, done.stderr
    assert "ALTER DATABASE rufverbund OWNER TO owner" in done.stdout
    found = re.findall(r"^ALTER ROLE (\w+) LOGIN .*PASSWORD 'SCRAM-SHA-256\$", done.stdout, re.MULTILINE)
    assert sorted(found) == sorted(LOGINS)
    assert "x" * 40 not in done.stdout


def test_the_demo_refuses_to_listen_to_others(run: Run) -> None:
    done = run("serve", "--host", "0.0.0.0", "--port", "18999", RUFVERBUND_DEMO="1")  # noqa: S104
    assert done.returncode == 1
    assert "nur auf diesem Rechner" in done.stderr


def test_djangos_commands_are_behind_manage(run: Run) -> None:
    done = run("manage", "showmigrations", "tenants", "--plan")
    assert done.returncode == 0, done.stderr
    assert "[X]  tenants.0001_initial" in done.stdout
