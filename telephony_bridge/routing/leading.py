"""What whoever leads a team does with callers. In the exchange's loop."""

from telephony_bridge.routing import calls as c
from telephony_bridge.routing.calls import State
from telephony_bridge.routing.exchange import Exchange


def put_first(exchange: Exchange, call: str) -> bool:
    """The caller is the next one; False where nobody waits, or nothing can be done now."""
    return exchange.connected.is_set() and exchange.pool.put_first(call)


def pull(exchange: Exchange, call: str, telephone: str) -> bool:
    """A telephone rings for the caller, whether or not its owner takes calls; False where that cannot be now."""
    can_be = exchange.connected.is_set() and bool(telephone) and call in exchange.lines
    if not can_be or not exchange.pool.give(call, telephone):
        return False
    exchange.lines[call].events.put_nowait(c.AgentFound(telephone))
    return True


def take_over(exchange: Exchange, call: str, telephone: str, name: str) -> bool:
    """A telephone rings, and its owner has the caller of a talk by answering; False where that cannot be now. `name` is shown there."""
    line = exchange.lines.get(call) if exchange.connected.is_set() else None
    can_be = line and line.call.state is State.TALKING and not line.call.leader
    if not line or not can_be or not telephone or not exchange.pool.reserve(telephone):
        return False
    line.events.put_nowait(c.TakeOver(telephone, name))
    return True
