"""What the desk has seen of a call against the exchange's own record. Values in, differences out; the record is right.

Each difference is a dict for JSON: `kind`, and what `desk` and `record` say: names, seconds, or nothing where there is nothing to say.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

Difference = dict[str, str | float | bool | None]
TOLERANCE = timedelta(seconds=2)


class Kind(StrEnum):
    """How the two can differ."""

    MISSING = "missing"  # the desk does not have the call
    UNSEEN = "unseen"  # the exchange does not have it
    ANSWERED = "answered"  # an agent talked with the caller by one of them only
    AGENT = "agent"  # somebody else talked with the caller last
    DURATION = "duration"  # from the first ring to the end


@dataclass(frozen=True, slots=True)
class Side:
    """A call as one of the two has it. `agent_id` None: nobody, or nobody knows who; `ended` None: not yet."""

    began: datetime
    ended: datetime | None
    is_answered: bool
    agent_id: int | None
    agent: str = ""

    @property
    def length(self) -> float | None:
        """In seconds, to a tenth."""
        return round((self.ended - self.began).total_seconds(), 1) if self.ended else None


def differences(desk: Side | None, record: Side) -> list[Difference]:
    """In what the desk is wrong about a call that is over."""
    if desk is None:
        return [{"kind": str(Kind.MISSING)}]
    found: list[Difference] = []
    if desk.is_answered != record.is_answered:
        found.append({"kind": str(Kind.ANSWERED), "desk": desk.is_answered, "record": record.is_answered})
    elif desk.agent_id != record.agent_id and record.is_answered:
        found.append({"kind": str(Kind.AGENT), "desk": desk.agent, "record": record.agent})
    lengths = [side.ended - side.began for side in (desk, record) if side.ended]
    if len(lengths) < 2 or abs(lengths[0] - lengths[1]) > TOLERANCE:
        found.append({"kind": str(Kind.DURATION), "desk": desk.length, "record": record.length})
    return found
