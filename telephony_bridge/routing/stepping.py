"""What comes of an event: see core.py."""

from dataclasses import dataclass

from telephony_bridge.routing.calls import Command, Routed


@dataclass(frozen=True, slots=True)
class Step:
    """A call after what has happened. `done` is False for what an agent wanted and cannot have."""

    call: Routed
    commands: tuple[Command, ...] = ()
    done: bool = True
