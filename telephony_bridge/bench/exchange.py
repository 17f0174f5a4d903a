"""A real Asterisk of its own beside a measurement's installation, with a telephone for each agent, and bridges that serve it."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import IO, Any, cast

from telephony_bridge.asterisk.configuration import Ports, Station
from telephony_bridge.asterisk.lab import ADDRESS_OF_PHONES, Lab
from telephony_bridge.bench.stage import Stage, command, environment
from telephony_bridge.routing.spool import Spool
from tenants.errors import Refusal

PATIENCE = 60.0  # seconds
LOOK_EVERY = 0.05
Process = subprocess.Popen[bytes]


class Team:
    """The agents, in a process of their own inside the installation (bench_team)."""

    def __init__(self, stage: Stage) -> None:
        self.process = subprocess.Popen(
            command("manage", "bench_team"),
            env=environment(stage.home),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def ready(self, count: int) -> None:
        """So many take calls from now on, the others do not."""
        self._ask("ready", count)

    def figures(self, after: int = 0) -> dict[str, Any]:
        """What the database has of calls with keys above `after`; `last` is the highest one."""
        return self._ask("figures", after)

    def _ask(self, word: str, number: int) -> dict[str, Any]:
        requests, answers = cast("IO[str]", self.process.stdin), cast("IO[str]", self.process.stdout)
        try:
            requests.write(f"{word} {number}\n")
            requests.flush()
            found: dict[str, Any] = json.loads(answers.readline())
        except (OSError, ValueError) as error:
            raise Refusal("Die Mitarbeitenden der Messung antworten nicht.") from error
        return found

    def stop(self) -> None:
        """They go home."""
        cast("IO[str]", self.process.stdin).close()
        end(self.process)
        cast("IO[str]", self.process.stdout).close()


@dataclass
class Exchange:
    """An Asterisk that runs. `bridge` starts processes that serve it; all of them end with the block."""

    stage: Stage
    lab: Lab
    team: Team
    bridges: list[Process] = field(default_factory=list)

    def bridge(self, name: str = "first") -> Process:
        """One more; it has a spool of its own, and stands by while another is active."""
        more = self.lab.environment("messung") | {"RUFVERBUND_SPOOL": str(self.spool(name))}
        told = (self.lab.folder / f"bridge-{name}.log").open("ab")
        with told:
            process = subprocess.Popen(
                command("bridge"), env=environment(self.stage.home) | more, stdout=told, stderr=told
            )
        self.bridges.append(process)
        return process

    def serves(self, name: str = "first") -> datetime:
        """When that bridge became active, by its own spool; waits for it. Raises Refusal when it does not."""
        folder = self.spool(name)
        found: list[datetime] = []

        def is_active() -> bool:
            records = Spool(folder).read(0) if (folder / "id").exists() else []
            found.extend(record.at for record in records if record.what == "resynchronised")
            return bool(found)

        comes_true(is_active, refusal="Die Brücke der Messung bedient die Telefonanlage nicht.")
        return found[0]

    def spool(self, name: str) -> Path:
        """Where that bridge writes first."""
        return self.lab.folder / f"spool-{name}"


def comes_true(holds: Callable[[], bool], *, refusal: str = "", within: float = PATIENCE) -> bool:
    """Wait for something; whether it came, or Refusal where one is given."""
    until = time.monotonic() + within
    while not holds():
        if time.monotonic() > until:
            if refusal:
                raise Refusal(refusal)
            return False
        time.sleep(LOOK_EVERY)
    return True


@contextmanager
def running(stage: Stage, name: str, agents: int) -> Iterator[Exchange]:
    """An Asterisk, one bridge that serves it, and the agents, for the length of a block. Nobody takes calls yet."""
    lab = Lab(stage.home / name, Ports.free())
    at = f"{ADDRESS_OF_PHONES}:{lab.ports.phones}"
    lab.configure(replace(lab.wanted(), stations=[_station(number, at) for number in range(agents)]))
    lab.start()
    exchange = Exchange(stage, lab, Team(stage))
    try:
        exchange.bridge()
        exchange.serves()
        exchange.team.ready(0)
        yield exchange
    finally:
        for process in exchange.bridges:
            end(process)
        exchange.team.stop()
        lab.stop()


def _station(number: int, at: str) -> Station:
    user = f"agent{number}"
    return Station(user, f"Platz {number}", str(1001 + number), contact=f"{user}@{at}")


def end(process: "subprocess.Popen[Any]") -> None:
    """With patience; one that does not want to is killed."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def memory(process: Process) -> float:
    """Megabytes of a process's own share (PSS)."""
    rollup = Path(f"/proc/{process.pid}/smaps_rollup").read_text(encoding="ascii")
    found: Mapping[str, str] = dict(line.split(":", 1) for line in rollup.splitlines() if ":" in line.split(" ", 1)[0])
    return int(found["Pss"].split()[0]) / 1024


def processor_seconds(process_id: int) -> float:
    """What a process has had of the processor so far."""
    fields = Path(f"/proc/{process_id}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
