"""`rufverbund manage bench_team`: the agents of a measurement's installation, who say when they are there and wrap up at once."""

import json
import queue
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.core.management.base import BaseCommand
from django.db import connections, transaction
from django.db.models import Max

from accounts.models import Person
from telephony_bridge import actions
from telephony_bridge.messages import Event
from telephony_bridge.models import Call, CtiEvent
from telephony_bridge.record_models import CallRecord
from tenants import scope
from tenants.models import ServiceCentre

BEAT = 15.0  # seconds
HANDS = 8  # who wrap up at the same time
STEP = 0.02  # seconds between two looks at what is to be wrapped up


class Command(BaseCommand):
    """Reads a request a line from standard input and answers each with a line of JSON; ends with its input.

    `ready N`: the first N agents take calls, the others are on a break. `figures KEY`: what the database has of calls with higher keys.
    """

    help = "Spielt die Mitarbeitenden einer Messung: liest Anweisungen zeilenweise."

    def handle(self, *args: Any, **options: Any) -> None:
        """Between requests, whoever has a wrap-up closes it."""
        lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=_read, args=(lines,), daemon=True).start()
        with scope.telephony():
            self.centre = ServiceCentre.objects.get(slug="messung")
        with scope.front():
            self.people = list(Person.objects.exclude(phone_user="").order_by("pk"))
        self.beat_at, self.closing, self.hands = 0.0, set[int](), ThreadPoolExecutor(HANDS)
        self.by_key = {person.pk: person for person in self.people}
        while (line := _next(lines)) != "":
            if line:
                self.stdout.write(json.dumps(self.answer(*line.split())))
                self.stdout.flush()
            self.wrap_up()
            self.be_there()
        self.hands.shutdown()
        connections.close_all()

    def answer(self, word: str, number: str) -> dict[str, Any]:
        """To a request."""
        return self.be_ready(int(number)) if word == "ready" else figures(int(number))

    def be_ready(self, count: int) -> dict[str, Any]:
        """As each would say on the own desk."""
        for place, person in enumerate(self.people):
            with scope.desk(person.pk), transaction.atomic():
                actions.set_presence(self.centre, "ready" if place < count else "break", acting_user=person)
        return {"ready": count}

    def be_there(self) -> None:
        """As an open page says."""
        if time.monotonic() >= self.beat_at:
            self.beat_at = time.monotonic() + BEAT
            with scope.telephony():
                actions.heartbeats([(person.pk, self.centre.pk) for person in self.people])

    def wrap_up(self) -> None:
        """Each for themselves, since each waits until what the bridge is storing is stored."""
        with scope.telephony():
            done = Call.objects.filter(centre=self.centre, state="wrap-up", agent_id__in=self.by_key)
            for call in done.exclude(pk__in=self.closing):
                self.closing.add(call.pk)
                self.hands.submit(self.close, call)

    def close(self, call: Call) -> None:
        """With the least that the desk wants to know."""
        person = self.by_key[int(call.agent_id or 0)]
        try:
            with scope.desk(person.pk), transaction.atomic():
                actions.close_call(call, acting_user=person, outcome="answered")
        finally:
            self.closing.discard(call.pk)


def _read(lines: "queue.Queue[str]") -> None:
    for line in sys.stdin:
        lines.put(line)
    lines.put("")


def _next(lines: "queue.Queue[str]") -> str | None:
    """A request; "" is the end, None that there is none now."""
    try:
        return lines.get(timeout=STEP)
    except queue.Empty:
        return None


def figures(after: int) -> dict[str, Any]:
    """Of calls with a key above `after`: how many there are, have ended, were answered, have a finished record that was made of the exchange's own log;
    and how many milliseconds after their arrival at the bridge they were stored."""
    with scope.telephony():
        calls = Call.objects.filter(pk__gt=after)
        stored = CtiEvent.objects.filter(call__pk__gt=after, event=Event.NEW_CALL).order_by("pk")
        return {
            "last": calls.aggregate(last=Max("pk"))["last"] or after,
            "calls": calls.count(),
            "ended": calls.filter(state="ended").count(),
            "answered": calls.exclude(answered_at=None).count(),
            "records": CallRecord.objects.filter(linked__in=calls.values("external_id")).exclude(end="open").count(),
            "stored_ms": list(stored.values_list("took_ms", flat=True)),
        }
