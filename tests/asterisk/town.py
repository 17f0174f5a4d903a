"""A centre with its database, its agents and a bridge, for scenes with the real Asterisk and the real PostgreSQL."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from django.db import connections, transaction

from telephony_bridge import actions
from telephony_bridge.asterisk.ami import ManagerAccess
from telephony_bridge.asterisk.lab import Lab
from telephony_bridge.link import Besides, Link
from telephony_bridge.models import Call, Presence
from telephony_bridge.routing.ari import Access
from telephony_bridge.routing.spool import Spool
from tenants import scope
from tenants.models import ServiceCentre
from tests import database, environment
from tests.asterisk.sip import PATIENCE

T = TypeVar("T")
TELEPHONES = {"agent": "agent1", "agent2": "agent2"}


@dataclass
class Town:
    """Stadt Soest's centre. `people` are by the local part of their address; "agent" sits at the telephone agent1, "agent2" at agent2."""

    access: Access
    folder: Path
    manager: ManagerAccess | None = None
    cel: Path | None = None
    sounds: Path | None = None
    people: dict[str, Any] = field(default_factory=dict)
    centre: Any = None
    failed: list[BaseException] = field(default_factory=list)
    threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(4))

    async def ask(self, work: Callable[[], T]) -> T:
        """Something of the database, in a thread of its own."""

        def done() -> T:
            try:
                return work()
            finally:
                connections.close_all()

        return await asyncio.get_running_loop().run_in_executor(self.threads, done)

    def prepare(self) -> None:
        """Who sits where."""
        from accounts.models import Person

        with scope.front(), transaction.atomic():
            self.centre = ServiceCentre.objects.get(slug="soest")
            for who in TELEPHONES:
                self.people[who] = Person.objects.get(email=f"{who}@example.org")
        with scope.owner(), transaction.atomic():
            for who, telephone in TELEPHONES.items():
                Person.objects.filter(pk=self.people[who].pk).update(phone_user=telephone)
        connections.close_all()  # perhaps nothing else is asked in this thread

    def supervisor(self) -> Any:
        """Who leads the team."""
        from accounts.models import Person

        with scope.front(), transaction.atomic():
            return Person.objects.get(email="supervisor@example.org")

    def is_now(self, who: str, state: str) -> None:
        """As the agent says on the desk."""
        person = self.people[who]
        with scope.desk(person.pk), transaction.atomic():
            actions.set_presence(self.centre, state, acting_user=person)

    def presence(self, who: str) -> tuple[str, str]:
        """State and reason."""
        with scope.telephony():
            found = Presence.objects.get(person_id=self.people[who].pk, centre=self.centre)
            return str(found.state), found.reason

    def calls(self) -> list[Call]:
        """All that there are, the oldest first."""
        with scope.telephony():
            return list(Call.objects.select_related("municipality").order_by("pk"))

    def wants(self, who: str, verb: str, number: str = "", label: str = "") -> None:
        """What an agent does on the desk with the only open call."""
        person = self.people[who]
        with scope.desk(person.pk), transaction.atomic():
            call = Call.objects.exclude(state="ended").get()
            actions.command_exchange(call, verb, acting_user=person, number=number, label=label)

    async def comes_true(self, holds: Callable[[], Awaitable[bool]]) -> None:
        """Wait until something that has to be asked for is so."""
        end = asyncio.get_running_loop().time() + PATIENCE
        while not await holds():
            assert asyncio.get_running_loop().time() < end
            await asyncio.sleep(0.05)

    async def call_is(self, **wanted: Any) -> Call:
        """Wait until the newest call is so."""
        end = asyncio.get_running_loop().time() + PATIENCE
        while True:
            calls = await self.ask(self.calls)
            now = {name: getattr(calls[-1], name) for name in wanted} if calls else {}
            if now == wanted:
                return calls[-1]
            assert asyncio.get_running_loop().time() < end, (now, wanted)
            await asyncio.sleep(0.05)

    async def agent_is(self, who: str, state: str, reason: str | None = None) -> None:
        """Wait until somebody's presence is so."""
        end = asyncio.get_running_loop().time() + PATIENCE
        while (now := await self.ask(lambda: self.presence(who)))[0] != state or (
            reason is not None and now[1] != reason
        ):
            assert asyncio.get_running_loop().time() < end, (now, state, reason)
            await asyncio.sleep(0.05)

    def link(self, name: str = "spool") -> Link:
        """A bridge that is not started."""
        besides = Besides(self.manager, self.cel, self.sounds)
        return Link(self.centre.pk, self.access, Spool(self.folder / name), self.failed.append, besides)

    @contextmanager
    def linked(self, name: str = "spool") -> Iterator[Link]:
        """A bridge that runs."""
        link = self.link(name)
        link.start()
        try:
            yield link
        finally:
            link.stop()

    async def active(self, link: Link) -> None:
        """Wait until it serves the exchange."""
        end = asyncio.get_running_loop().time() + PATIENCE
        while not (link.exchange and link.exchange.connected.is_set()):
            assert asyncio.get_running_loop().time() < end
            await asyncio.sleep(0.02)


@contextmanager
def town(asterisk: Lab, folder: Path) -> Iterator[Town]:
    """On a clone of the template with a login per scope."""
    name = f"{environment.DATABASE}_town"
    with database.cloned(name):
        default = connections.settings["default"]
        connections.settings["default"] = {**default, "NAME": name, "TENANCY": "login"}
        access = Access("127.0.0.1", asterisk.ports.http, "bridge", asterisk.secret())
        manager = ManagerAccess("127.0.0.1", asterisk.ports.manager, "bridge", asterisk.secret())
        made = Town(access, folder, manager, asterisk.cel)
        try:
            made.threads.submit(made.prepare).result()
            yield made
        finally:
            made.threads.shutdown()
            connections.settings["default"] = default
