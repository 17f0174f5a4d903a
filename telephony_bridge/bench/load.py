"""How long a report of an exchange takes, measured from outside, as an exchange's connector does: a new connection for each message."""

import http.client
import json
import math
import os
import platform
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit


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


def ring(url: str, call_id: str, to: str) -> Sent:
    """A citizen calls `to`."""
    caller = f"0171392{sum(call_id.encode()) % 100:04d}"
    return Sent(
        call_id,
        "newCall",
        *post(url, {"event": "newCall", "callId": call_id, "from": caller, "to": to, "direction": "in"}),
    )


def hang_up(url: str, call_id: str) -> Sent:
    """And gives up."""
    return Sent(call_id, "hangup", *post(url, {"event": "hangup", "callId": call_id, "cause": "cancel"}))


def send_calls(
    url: str, numbers: Sequence[str], calls: int, *, per_second: float, rings_for: float = 2.0
) -> list[Sent]:
    """Post calls at a steady pace, whatever the answers take: each to one of `numbers` in turn, hung up `rings_for` seconds later."""
    steps = [(n / per_second, ring, n) for n in range(calls)] + [
        (n / per_second + rings_for, hang_up, n) for n in range(calls)
    ]
    began, futures = time.monotonic(), []
    with ThreadPoolExecutor(max_workers=32) as pool:
        for due, act, number in sorted(steps, key=lambda step: step[0]):
            if (left := began + due - time.monotonic()) > 0:
                time.sleep(left)
            call_id = f"bench-{began:.0f}-{number}"
            more = (numbers[number % len(numbers)],) if act is ring else ()
            futures.append(pool.submit(act, url, call_id, *more))
    return [future.result() for future in futures]


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
