"""Which ASGI server carries `serve` best (docs/adr/0013): python scripts/measure_servers.py [--streams N] [--calls N] [SERVER ...].

On a scratch installation with the demo's data it opens N event streams of agents, then reports calls to the webhook, one every 100 ms, and
fetches the desk's page and searches beside it. Prints a JSON line per server: milliseconds (p50, p95) of a webhook request, from sending it to the
event on the median and on the last stream, of a page and of /healthz; memory, threads and CPU seconds of the server. Loopback only.
"""

import argparse
import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil

PORT = 18677
APPLICATION = "config.asgi:application"
LOGGED_IN_PER_PERSON = 5  # streams
GRANIAN = [
    "granian",
    "--interface",
    "asginl",
    "--host",
    "127.0.0.1",
    "--port",
    str(PORT),
    "--no-ws",
    "--log-level",
    "warning",
]
UVICORN = [
    "uvicorn",
    "--host",
    "127.0.0.1",
    "--port",
    str(PORT),
    "--lifespan",
    "off",
    "--log-level",
    "warning",
    "--no-access-log",
    "--timeout-graceful-shutdown",
    "2",
]
SERVERS = {
    "uvicorn, uvloop, httptools": [*UVICORN, "--loop", "uvloop", "--http", "httptools"],
    "uvicorn, asyncio, h11": [*UVICORN, "--loop", "asyncio", "--http", "h11"],
    "granian, uvloop": [*GRANIAN, "--loop", "uvloop"],
    "granian, asyncio": [*GRANIAN, "--loop", "asyncio"],
}


def spread(values: list[float]) -> dict[str, float]:
    """p50 and p95 in milliseconds of seconds."""
    ordered = sorted(values)
    return {
        "p50": round(statistics.median(ordered) * 1000, 1),
        "p95": round(ordered[int(len(ordered) * 0.95)] * 1000, 1),
    }


def agents(streams: int) -> list[str]:
    """Session keys of signed-in agents of the demo's centre, one for each stream."""
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
    from django.conf import settings
    from django.test import Client

    from accounts import sessions
    from accounts.models import Membership, Person
    from tenants import scope
    from tenants.models import ServiceCentre

    keys: list[str] = []
    with scope.front():
        centre = ServiceCentre.objects.get(slug="soest")
        for number in range(-(-streams // LOGGED_IN_PER_PERSON)):
            person = Person.objects.create_user(f"agent{number}@bench.example", None, name=f"Agent {number}")
            TOTP.activate(person, generate_totp_secret())
            Membership.objects.create(
                person=person, role="agent", centre=centre, person_name=person.name, person_email=person.email
            )
            for _ in range(LOGGED_IN_PER_PERSON):
                client = Client(headers={"host": "desk.localhost"})
                client.force_login(person)
                sessions.bind(session := client.session, "desk.localhost")
                session.save()
                keys.append(client.cookies[settings.SESSION_COOKIE_NAME].value)
    return keys[:streams]


class Stream:
    """One open event stream: when each call's event came."""

    def __init__(self) -> None:
        self.seen: dict[str, float] = {}
        self.open = asyncio.Event()

    async def listen(self, key: str) -> None:
        """Until cancelled."""
        reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
        head = f"GET /events HTTP/1.1\r\nHost: desk.localhost:{PORT}\r\nCookie: rufverbund_session={key}\r\n\r\n"
        writer.write(head.encode())
        status = await reader.readline()
        if b" 200 " not in status:
            raise RuntimeError(f"stream refused: {status!r}")
        async for line in reader:
            if line.startswith(b"data:"):
                self.open.set()
                event = json.loads(line[5:])
                if event.get("op") == "new":
                    self.seen.setdefault(event["id"], time.perf_counter())


async def load(url: str, keys: list[str], calls: int, process: psutil.Process) -> dict[str, Any]:
    """Everything that is measured of one server."""
    streams = [Stream() for _ in keys]
    listening = [asyncio.create_task(stream.listen(key)) for stream, key in zip(streams, keys, strict=True)]
    await asyncio.wait_for(asyncio.gather(*(stream.open.wait() for stream in streams)), 60)
    await asyncio.sleep(2)
    idle = process.memory_info().rss
    began, cpu = time.perf_counter(), sum(process.cpu_times()[:2])
    sent: list[float] = []
    took: dict[str, list[float]] = {"webhook": [], "page": [], "healthz": []}
    async with httpx.AsyncClient(timeout=10) as client:
        for number in range(calls):
            body = {
                "event": "newCall",
                "direction": "in",
                "callId": f"m{os.getpid()}-{url[-8:]}-{number}-{began}",
                "from": "02921555123",
                "to": "029211030",
            }
            sent.append(time.perf_counter())
            answer = await client.post(url, data=body)
            took["webhook"].append(time.perf_counter() - sent[-1])
            answer.raise_for_status()
            await timed(client, took["healthz"], "localhost", "/healthz")
            if number % 5 == 0:
                await timed(client, took["page"], "desk.localhost", "/", cookies={"rufverbund_session": keys[0]})
            await asyncio.sleep(max(0.0, 0.1 - (time.perf_counter() - sent[-1])))
    await asyncio.sleep(2)
    arrivals = [sorted(stream.seen.values()) for stream in streams]
    complete = [times for times in arrivals if len(times) == calls]
    median = [statistics.median(times[n] for times in complete) - sent[n] for n in range(calls)]
    last = [max(times[n] for times in complete) - sent[n] for n in range(calls)]
    figures = {name: spread(values) for name, values in took.items()}
    figures |= {"to_median_stream": spread(median), "to_last_stream": spread(last)}
    result = figures | {
        "streams_complete": len(complete),
        "rss_mb": round(process.memory_info().rss / 1e6),
        "rss_mb_with_idle_streams": round(idle / 1e6),
        "threads": process.num_threads(),
        "cpu_s": round(sum(process.cpu_times()[:2]) - cpu, 2),
        "wall_s": round(time.perf_counter() - began, 1),
    }
    for task in listening:
        task.cancel()
    await asyncio.gather(*listening, return_exceptions=True)
    return result


async def timed(client: httpx.AsyncClient, into: list[float], host: str, path: str, **more: Any) -> None:
    """One GET, its seconds added to `into`."""
    began = time.perf_counter()
    answer = await client.get(f"http://127.0.0.1:{PORT}{path}", headers={"host": f"{host}:{PORT}"}, **more)
    into.append(time.perf_counter() - began)
    answer.raise_for_status()


@contextmanager
def serving(command: list[str]) -> Iterator[psutil.Process]:
    """The server as a process; yields the one that holds the streams (granian works in a child)."""
    with subprocess.Popen([str(Path(sys.executable).with_name(command[0])), *command[1:], APPLICATION]) as server:
        try:
            for _ in range(200):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", PORT)) == 0:
                        break
                time.sleep(0.1)
            time.sleep(1)
            process = psutil.Process(server.pid)
            yield max([process, *process.children(recursive=True)], key=lambda p: p.memory_info().rss)
        finally:
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:  # open streams
                server.kill()


def main() -> None:
    """Scratch installation, then one server after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("servers", nargs="*", default=list(SERVERS))
    parser.add_argument("--streams", type=int, default=200)
    parser.add_argument("--calls", type=int, default=200)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"RUFVERBUND_HOME": f"{folder}/home", "RUFVERBUND_DEMO": "1", "RUFVERBUND_LOG_LEVEL": "WARNING"}
        os.environ.pop("DATABASE_URL", None)
        from config import installation

        with installation.ready():
            from config import static
            from onboarding import demo
            from telephony_bridge.actions import give_token
            from tenants import scope
            from tenants.audit import SYSTEM
            from tenants.models import ServiceCentre

            static.collect()
            demo.ensure()
            with scope.operator():
                centre = ServiceCentre.objects.get(slug="soest")
            url = f"http://127.0.0.1:{PORT}/api/v1/cti/{give_token(centre=centre, acting_user=SYSTEM)}"
            keys = agents(chosen.streams)
            for name in chosen.servers:
                with serving(SERVERS[name]) as process:
                    print(
                        json.dumps({"server": name, **asyncio.run(load(url, keys, chosen.calls, process))}), flush=True
                    )


if __name__ == "__main__":
    main()
