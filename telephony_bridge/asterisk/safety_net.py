"""The safety net's members, kept in step with the desk; and calls that began there, taken over.

Who is present at a telephone is a member of the queue `fallback`, who has a break is a paused one, who has gone is none. The queue keeps its members
itself when we are away, and over its own restarts.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from telephony_bridge.asterisk.ami import Ami, AmiError, GoneError, ManagerAccess

log = structlog.get_logger(__name__)
QUEUE = "fallback"
AGAIN_EVERY = 30.0  # seconds between two comparisons, should somebody else have changed something
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0  # seconds between two tries to connect


async def members(ami: Ami) -> dict[str, bool]:
    """Who is in the queue, by the telephone's name, and whether paused."""
    told = await ami("QueueStatus", Queue=QUEUE)
    return {
        event["Location"].removeprefix("PJSIP/"): event.get("Paused") == "1"
        for event in told.events
        if event.get("Event") == "QueueMember" and event.get("Location", "").startswith("PJSIP/")
    }


async def keep_members(ami: Ami, wanted: Mapping[str, bool]) -> list[str]:
    """Bring the queue to what is wanted: telephone -> whether on break. What was changed, as `+agent1`, `-agent2`, `paused agent3`, `ready agent3`.

    One that Asterisk does not take hinders no other; it is named as `!agent4`. Raises GoneError, AmiError.
    """
    there = await members(ami)
    done = [await _tried(ami, f"-{name}", "QueueRemove", name) for name in sorted(there.keys() - wanted.keys())]
    for name, paused in sorted(wanted.items()):
        if name not in there:
            done.append(
                await _tried(
                    ami, f"+{name}", "QueueAdd", name, Paused=_bool(value=paused), StateInterface=f"PJSIP/{name}"
                )
            )
        elif there[name] is not paused:
            word = "paused" if paused else "ready"
            done.append(await _tried(ami, f"{word} {name}", "QueuePause", name, Paused=_bool(value=paused)))
    return done


async def _tried(ami: Ami, word: str, action: str, name: str, **fields: str) -> str:
    try:
        await ami(action, Queue=QUEUE, Interface=f"PJSIP/{name}", **fields)
    except GoneError:
        raise
    except AmiError as error:
        log.warning("safety_net.refused", action=action, telephone=name, reason=str(error))
        return f"!{name}"
    return word


def _bool(*, value: bool) -> str:
    return "true" if value else "false"


class SafetyNet:
    """Keeps the members as they are wanted, over every interruption.

    net = SafetyNet(access); task = asyncio.create_task(net.run())
    net.want({"agent1": False, "agent2": True})
    """

    def __init__(self, access: ManagerAccess) -> None:
        self.access = access
        self.wanted: dict[str, bool] | None = None  # unknown yet: the queue is left as it is
        self.news = asyncio.Event()
        self.in_step = asyncio.Event()

    def want(self, wanted: Mapping[str, bool]) -> None:
        """Who is to be in the queue from now on: telephone -> whether on break."""
        if self.wanted != dict(wanted):
            self.wanted = dict(wanted)
            self.in_step.clear()
            self.news.set()

    async def run(self) -> None:
        """Until cancelled."""
        pause = FIRST_PAUSE
        while True:
            try:
                async with Ami.connected(self.access, listen=False) as ami:
                    pause = FIRST_PAUSE
                    await self._follow(ami)
            except (OSError, AmiError, TimeoutError, ValueError) as error:
                log.warning("safety_net.away", reason=type(error).__name__)
            self.in_step.clear()
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _follow(self, ami: Ami) -> None:
        while True:
            self.news.clear()
            wanted = self.wanted
            if wanted is not None:
                changed = await keep_members(ami, wanted)
                if changed:
                    log.info("safety_net.changed", members=changed)
                if self.wanted == wanted:
                    self.in_step.set()
            news = asyncio.create_task(self.news.wait())
            ended = asyncio.create_task(ami.ended.wait())
            await asyncio.wait({news, ended}, timeout=AGAIN_EVERY, return_when=asyncio.FIRST_COMPLETED)
            news.cancel()
            ended.cancel()
            if ami.ended.is_set():
                raise GoneError("connection closed")


@dataclass(frozen=True, slots=True)
class Leg:
    """A channel: its name, as AMI wants it, and its id, as ARI does."""

    name: str
    id: str


async def adopt(ami: Ami, caller: Leg, agent: Leg) -> None:
    """Take both legs of a call out of the safety net into our application, at once; audio pauses until they are in a bridge of ours.

    They arrive there as ("adopted", "caller", id of the agent's leg) and ("adopted", "agent", id of the caller). Until then, and should nobody take
    them, the caller is under a lease. Raises AmiError where one of them is gone.
    """
    await ami("Setvar", Channel=caller.name, Variable="ADOPTED_WITH", Value=agent.id)
    await ami("Setvar", Channel=agent.name, Variable="ADOPTED_WITH", Value=caller.id)
    await ami("Setvar", Channel=caller.name, Variable="SHARED(AGENT)", Value=agent.name)
    await ami(
        "Redirect", Channel=caller.name, Context="adopt", Exten="caller", Priority=1,
        ExtraChannel=agent.name, ExtraContext="adopt", ExtraExten="agent", ExtraPriority=1,
    )  # fmt: skip


async def fetch(ami: Ami, caller: Leg) -> None:
    """Take somebody who waits in the safety net's queue into our own. Raises AmiError where the caller is gone."""
    await ami("Redirect", Channel=caller.name, Context="adopt", Exten="waiting", Priority=1)


async def waiting(ami: Ami) -> list[Leg]:
    """Callers who are in the safety net's queue, with nobody, the first one first."""
    told = await ami("CoreShowChannels")
    legs = [event for event in told.events if event.get("Event") == "CoreShowChannel"]
    alone = [event for event in legs if event.get("Application") == "Queue" and not event.get("BridgeId")]
    return [_leg(event) for event in sorted(alone, key=lambda event: event.get("Duration", ""), reverse=True)]


async def talks(ami: Ami) -> list[tuple[Leg, Leg]]:
    """The calls that run in the safety net now: (caller, agent) of each. A caller who is in the queue but with nobody is none of them."""
    told = await ami("CoreShowChannels")
    legs = [event for event in told.events if event.get("Event") == "CoreShowChannel"]
    callers = {e["BridgeId"]: e for e in legs if e.get("Application") == "Queue" and e.get("BridgeId")}
    return [
        (_leg(callers[e["BridgeId"]]), _leg(e))
        for e in legs
        if e.get("BridgeId") in callers and e is not callers[e["BridgeId"]]
    ]


def _leg(event: Mapping[str, str]) -> Leg:
    return Leg(event["Channel"], event["Uniqueid"])
