"""An exchange that reports its calls to the webhook like a connector does: in order, and again when the platform was away."""

import heapq
import http.client
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any, Protocol
from urllib.parse import urlsplit

import structlog

from telephony_bridge.simulation.citizens import PlannedCall, Town, plan

log = structlog.get_logger(__name__)
LONGEST_GAP = 20.0  # seconds: somebody who looks at the demo never waits longer for the next call


class Team(Protocol):
    """Colleagues that the simulation plays, and what it can hear on the line."""

    def someone_answered(self, call_id: str) -> bool:
        """Whether a person has taken the call at a desk."""

    def pick_up(self, centre_id: int) -> str:
        """The extension of a colleague who is free, "" when there is none."""

    def wrap_up(self, call: PlannedCall) -> None:
        """The colleague's own wrap-up of a call that has ended."""

    def beat(self) -> None:
        """Keep the colleagues present."""


class Line:
    """Posts messages to the webhook of one centre; keeps each until it is accepted or `patience` seconds are over."""

    def __init__(self, url: str, token: str, stop: threading.Event, patience: float = 60.0) -> None:
        parts = urlsplit(url)
        self.host, self.port = parts.hostname or "127.0.0.1", parts.port or 80
        self.path, self.stop, self.patience = f"/api/v1/cti/{token}", stop, patience

    def post(self, message: dict[str, Any]) -> bool:
        """True when the platform has stored it."""
        until, pause = time.monotonic() + self.patience, 0.5
        while True:
            try:
                status = self._send(json.dumps(message).encode())
            except (OSError, http.client.HTTPException):
                status = 0
            if status == 200:
                return True
            if status not in {0, 500, 502, 503} or time.monotonic() > until:
                log.error("simulation.refused", status=status, call=message["callId"])
                return False
            log.warning("simulation.platform_away", status=status, next_try_s=pause)
            if self.stop.wait(pause):
                return False
            pause = min(pause * 2, 8.0)

    def _send(self, body: bytes) -> int:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=10)
        try:
            connection.request("POST", self.path, body, {"Content-Type": "application/json"})
            return connection.getresponse().status
        finally:
            connection.close()


@dataclass
class Exchange:
    """Runs planned calls against the clock: `lines` by centre, calls per minute, at most `limit` calls (None: until stopped)."""

    towns: list[Town]
    lines: dict[int, Line]
    team: Team
    rng: Random
    rate: float
    stop: threading.Event
    run_id: str
    limit: int | None = None
    clock: Callable[[], str] = lambda: ""
    made: int = 0
    open: dict[str, PlannedCall] = field(default_factory=dict)
    _due: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _order: "count[int]" = field(default_factory=count)

    def run(self) -> None:
        """Until all calls are over or `stop` is set; then whoever still waits hangs up."""
        self._after(1.0, self._arrive)
        self._after(0.0, self._beat)
        while not self.stop.is_set() and (self.open or self.limit is None or self.made < self.limit):
            if not self.stop.wait(max(0.0, self._due[0][0] - time.monotonic())):
                heapq.heappop(self._due)[2]()
        for call in list(self.open.values()):
            self.lines[call.centre_id].patience = 0.0
            self._hang_up(call, "cancel")

    def _after(self, seconds: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._due, (time.monotonic() + seconds, next(self._order), act))

    def _beat(self) -> None:
        self.team.beat()
        self._after(12.0, self._beat)

    def _arrive(self) -> None:
        """A new call, and the next one after it."""
        self.made += 1
        call = plan(self.rng, self.towns, f"sim-{self.run_id}-{self.made}")
        if self.limit is None or self.made < self.limit:
            self._after(min(LONGEST_GAP, self.rng.expovariate(self.rate / 60)), self._arrive)
        if not self._say(call, "newCall", direction="in"):
            return
        self.open[call.call_id] = call
        log.info("simulation.new_call", clock=self.clock(), municipality=call.town, caller=call.from_, called=call.to)
        if call.answer_after is not None:
            self._after(call.answer_after, lambda: self._answer(call))
        else:
            self._after(call.patience, lambda: self._lose_patience(call))

    def _answer(self, call: PlannedCall) -> None:
        """A colleague picks up, unless a person at a desk was faster or nobody is free."""
        user = "" if self.team.someone_answered(call.call_id) else self.team.pick_up(call.centre_id)
        if not user:
            self._after(max(0.0, call.patience - (call.answer_after or 0.0)), lambda: self._lose_patience(call))
            return
        self._say(call, "answer", user=user, answeringNumber=user)
        log.info("simulation.answered", clock=self.clock(), municipality=call.town, user=user)
        self._after(call.talk, lambda: self._finish(call))

    def _finish(self, call: PlannedCall) -> None:
        self._hang_up(call, "normalClearing")
        self._after(self.rng.uniform(8, 25), lambda: self.team.wrap_up(call))

    def _lose_patience(self, call: PlannedCall) -> None:
        """Nobody answered: the citizen hangs up. Somebody did: they speak for a while."""
        if self.team.someone_answered(call.call_id):
            self._after(call.talk, lambda: self._hang_up(call, "normalClearing"))
        else:
            self._hang_up(call, "cancel")

    def _hang_up(self, call: PlannedCall, cause: str) -> None:
        if self.open.pop(call.call_id, None):
            self._say(call, "hangup", cause=cause)
            log.info("simulation.hung_up", clock=self.clock(), municipality=call.town, cause=cause)

    def _say(self, call: PlannedCall, event: str, **more: Any) -> bool:
        message = {"event": event, "callId": call.call_id, "from": call.from_, "to": call.to, **more}
        return self.lines[call.centre_id].post(message)
