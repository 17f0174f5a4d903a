"""Whether a report is of a call of its own, or of a leg that passes another one on (telephony scope)."""

from typing import NamedTuple

from telephony_bridge.messages import CtiMessage, Direction, Event
from telephony_bridge.models import Call, CtiEvent, Source
from telephony_bridge.named import agents_named
from telephony_bridge.numbers import to_e164

# Results of events (CtiEvent.result) that make no call of their own.
OUTGOING = "outgoing"  # a call that a member of staff makes: no card, no row
INTERNAL = "internal"  # one telephone of the centre calls another
LEG = "leg"  # of the call that the row names
PASSED = "passed"  # of a call whose caller has gone on: who passed it on hung up
ASIDE = (LEG, INTERNAL, OUTGOING)


class Part(NamedTuple):
    """What a report is instead of a call of its own: `result`, and the call it belongs to, locked; None where that is none or not known.

    `of` is the exchange's id of the call where the report names it; `is_direct` whether the caller is on the leg.
    """

    result: str
    call: Call | None = None
    of: str = ""
    is_direct: bool = False


def part_of(source: Source, message: CtiMessage) -> Part | None:
    """For a report that may begin a leg: a new call, or any that names the call it belongs to. None: a call of its own."""
    if message.direction is Direction.OUT:
        if message.event is Event.NEW_CALL:
            _alone(source)
        return Part(OUTGOING)
    if message.part_of and message.part_of != message.call_id:
        return _named(source, message)
    return _guessed(source, message) if message.event is Event.NEW_CALL else None


def known_part(source: Source, message: CtiMessage) -> Part | None:
    """For a report of a call that has no row: what an earlier one of the same call was. Connectors may leave out what they said before."""
    _alone(source)
    rows = CtiEvent.objects.filter(source=source, external_id=message.call_id, result__in=ASIDE)
    found = dict(rows.order_by("-pk").values_list("result", "call_id"))
    result = next((result for result in ASIDE if result in found), None)
    return None if result is None else Part(result, _locked(found[result]))


def was_over(source: Source, message: CtiMessage) -> bool:
    """Whether a leg's end was reported before the call that it belongs to."""
    ends = CtiEvent.objects.filter(source=source, external_id=message.call_id, event=Event.HANGUP)
    return ends.filter(result=LEG, call=None).exists()


def _named(source: Source, message: CtiMessage) -> Part:
    """The exchange says which call is passed on; perhaps itself a leg of another."""
    if message.event is Event.NEW_CALL:
        _alone(source)
    call = Call.objects.select_for_update().filter(source=source, external_id=message.part_of).first()
    if call is None:
        legs = CtiEvent.objects.filter(source=source, external_id=message.part_of, result=LEG, call__isnull=False)
        call = _locked(legs.order_by("-pk").values_list("call_id", flat=True).first())
    is_direct = not agents_named(source.centre_id, [message.from_])
    return Part(LEG, call, message.part_of, is_direct)


def _guessed(source: Source, message: CtiMessage) -> Part | None:
    """A new call that names no other: from an agent's telephone it is a consultation, or an internal call. From the number of a caller who is
    talking, to or diverted by an agent's telephone, it is the transfer; from a telephone exchange with one number for all it may be another
    citizen, so the number alone says nothing."""
    agents = agents_named(source.centre_id, [message.from_, message.to, *message.diversion])
    if not agents:
        return None
    _alone(source)
    talking = Call.objects.select_for_update().filter(source=source).order_by("-answered_at", "-pk")
    if agent := agents.get(message.from_):
        if known := known_part(source, message):
            return known
        call = talking.filter(agent_id=agent.person_id, state="talking").first()
        return Part(LEG if call else INTERNAL, call)
    number = to_e164(message.from_)
    states = ["talking", "wrap-up"] if any(text in agents for text in message.diversion) else ["talking"]
    call = (
        talking.exclude(external_id=message.call_id).filter(from_number=number, state__in=states).first()
        if number
        else None
    )
    return Part(LEG, call, is_direct=True) if call else None


def _alone(source: Source) -> None:
    """Wait for others of this source that are here, until they have committed: that a leg is one, and its answer, may come at once, and the
    answer would make a call of its own. Before locks on calls. Reports of calls that are known, and new calls of citizens, never come here."""
    Source.objects.select_for_update(of=("self",), no_key=True).filter(pk=source.pk).values_list("pk").first()


def _locked(key: int | None) -> Call | None:
    return Call.objects.select_for_update().filter(pk=key).first() if key else None
