"""How long a report of an exchange takes, measured from outside, as an exchange's connector does: a new connection for each message."""

import http.client
import json
import math
import os
import platform
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

SPREAD = 0.35  # seconds between two calls: what a busy centre with a hundred agents sees at its peak
RINGS_FOR = 1.2  # seconds until the caller hangs up, so that few calls stand on the page at a time


@dataclass(frozen=True, slots=True)
class Sent:
    """A message: of which call, when it was sent (Unix seconds), how long until the answer, and its status."""

    call_id: str
    event: str
    at: float
    took_ms: float
    status: int


def post(url: str, message: dict[str, str]) -> tuple[float, float, int]:
    """(when sent, milliseconds until the whole answer, status)."""
    parts, body = urlsplit(url), json.dumps(message).encode()
    at, began = time.time(), time.perf_counter()
    connection = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port or 80, timeout=10)
    try:
        connection.request("POST", parts.path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        return at, (time.perf_counter() - began) * 1000, answer.status
    finally:
        connection.close()


def send_calls(
    url: str, numbers: Sequence[str], calls: int, *, run: str, sleep: Callable[[float], object] = time.sleep
) -> list[Sent]:
    """Post `calls` calls to the webhook `url`, one every SPREAD seconds, to the `numbers` in turn, each hung up RINGS_FOR later."""
    sent: list[Sent] = []
    ending: list[tuple[float, str]] = []
    began = time.monotonic()
    for number in range(calls):
        _wait_until(began + number * SPREAD, sleep)
        call_id = f"bench-{run}-{number}"
        message = {
            "event": "newCall",
            "callId": call_id,
            "from": f"0171392{number % 100:04d}",
            "to": numbers[number % len(numbers)],
        }
        sent.append(Sent(call_id, "newCall", *post(url, message)))
        ending.append((time.monotonic() + RINGS_FOR, call_id))
        while ending and ending[0][0] < time.monotonic() + SPREAD / 2:
            sent.append(_hang_up(url, ending.pop(0)[1]))
    for due, call_id in ending:
        _wait_until(due, sleep)
        sent.append(_hang_up(url, call_id))
    return sent


def _hang_up(url: str, call_id: str) -> Sent:
    return Sent(call_id, "hangup", *post(url, {"event": "hangup", "callId": call_id, "cause": "cancel"}))


def _wait_until(moment: float, sleep: Callable[[float], object]) -> None:
    if (left := moment - time.monotonic()) > 0:
        sleep(left)


def spread_of(values: Iterable[float]) -> dict[str, float | int]:
    """count, p50_ms, p95_ms, max_ms of milliseconds; empty values give a count of 0 alone."""
    ordered = sorted(values)
    if not ordered:
        return {"count": 0}

    def at(share: float) -> float:
        return round(ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)], 1)

    return {"count": len(ordered), "p50_ms": at(0.5), "p95_ms": at(0.95), "max_ms": round(ordered[-1], 1)}


def machine() -> dict[str, str | int]:
    """On what it was measured."""
    return {
        "system": platform.system(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "cores": os.cpu_count() or 0,
    }
